"""A folder that lies beside the code, in a checkout as in an installation."""

from pathlib import Path

CONFIGS = Path(__file__).parents[1] / "configs"
"""Examples of settings, recipes of trainings in `train/`, and the manual of all keys, `README.md`."""
