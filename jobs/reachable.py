"""A work folder that goes away while it is worked in, with its disk or its share: a fault to be told, not a bug."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import KinochromeError, OutputError


@contextlib.contextmanager
def reachable(folder: Path) -> Iterator[None]:
    """For the length of the block, a file of `folder` that cannot be used is an OutputError that names it.

    Where the folder itself is gone, every error is one that says so, once. Blocks may lie in each other.
    """
    try:
        yield
    except KinochromeError as error:
        if folder.is_dir() or _gone(folder) in str(error):
            raise
        raise OutputError(f"{error}; {_gone(folder)}") from error
    except OSError as error:
        if error.filename is None or folder not in Path(os.fsdecode(error.filename)).parents:
            raise
        told = f"cannot use {os.fsdecode(error.filename)}: {error.strerror}"
        raise OutputError(told if folder.is_dir() else f"{told}; {_gone(folder)}") from error


def _gone(folder: Path) -> str:
    return f"the work folder {folder} is gone; the same command goes on once it is back"
