"""What a developer needs to know of a bug, in a file."""

import contextlib
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from jobs.version import VERSION


def describe_bug(error: Exception, arguments: Sequence[str] | None = None) -> str:
    """Writes the report into the current or the temporary folder; returns the line that names error and file."""
    report = _write_report(error, sys.argv[1:] if arguments is None else arguments)
    return f"this is a bug ({type(error).__name__}: {first_line(error)}); {report}"


def first_line(error: Exception) -> str:
    """Of its message, 200 characters at most."""
    return str(error).partition("\n")[0][:200]


def _write_report(error: Exception, arguments: Sequence[str]) -> str:
    name = f"kinochrome-bug-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    packages = sorted(f"{found.name} {found.version}" for found in distributions() if found.name)
    text = "\n".join(
        (
            f"kinochrome {VERSION}, Python {platform.python_version()}, {platform.platform()}",
            f"arguments: {list(arguments)!r}",
            "",
            "".join(traceback.format_exception(error)),
            *packages,
            "",
        )
    )
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
            return f"please send us the report {folder / name}"
    traceback.print_exception(error)
    return "no folder can take a report, so it is above"
