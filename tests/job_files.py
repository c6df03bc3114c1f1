"""Job files that tests write, and the lines of the faults in them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.settings.job_file import load_job
from pipeline.errors import SettingsError

Write = Callable[..., Path]
"""Writes the text of a job file; see `write` in `tests/jobs/settings/conftest.py`."""


def faults(path: Path, **arguments: list[str]) -> list[str]:
    """The lines of the error that loading must end with, without the folder."""
    with pytest.raises(SettingsError) as caught:
        load_job(path, overrides=arguments.get("overrides", []))
    return str(caught.value).replace(f"{path.parent}/", "").splitlines()
