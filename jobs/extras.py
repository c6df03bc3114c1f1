"""Packages that only some verbs need; the extras `train` and `cluster` install them."""

import importlib.util
import shlex
import sys
from importlib.metadata import distributions

from pipeline.errors import SettingsError


def require(module: str, *, extra: str, by: str) -> None:
    """Raises SettingsError, with the command that installs `extra` for this Python, where `module` is missing."""
    if importlib.util.find_spec(module) is None:
        name = module.replace("_", "-")
        raise SettingsError(f"{by} needs the package {name}; this installs it: {install_command(extra)}")


def install_command(extra: str) -> str:
    """A command for a shell that adds an extra to the installation that runs; environments of uv have no pip."""
    python = shlex.quote(sys.executable)
    if not any(distributions(name="pip")):
        return f"uv pip install --python {python} 'kinochrome[{extra}]'"
    return f"{python} -m pip install 'kinochrome[{extra}]'"
