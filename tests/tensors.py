"""Tensors and header of a weights file or checkpoint, as the project's own reader gives them."""

from pathlib import Path
from typing import Any

from torch import Tensor

from models.tensor_file import open_tensors


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All tensors (on the CPU), and the header that `write_tensors` was given."""
    with open_tensors(path) as file:
        return file.read(), file.header
