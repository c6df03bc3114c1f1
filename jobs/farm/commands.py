"""A film as lists of shell commands, one a line: for xargs, GNU parallel, `cuecmd`, or any tool that takes lines.

Three files, in the order of their names: `NAME.1-plan`, `NAME.2-shots`, `NAME.3-mux`. The lines of a file need no
order among themselves; a file is begun when every line of the one before has ended well. A line is complete
by itself, has no line break in it, and gives the same words in every POSIX shell.
"""

import re
import shlex
from pathlib import Path

from jobs.farm.film_job import FarmJob
from pipeline.errors import SettingsError

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SPECIAL = re.compile(r"[\x00-\x1f\x7f\\%']")


def command_paths(path: Path) -> tuple[Path, Path, Path]:
    """The files that an export to `path` writes: its name with the stage before the suffix, in order."""
    names = (f"{path.stem}.{stage}{path.suffix}" for stage in ("1-plan", "2-shots", "3-mux"))
    plan, shots, mux = (path.with_name(name) for name in names)
    return plan, shots, mux


def command_lists(farm: FarmJob) -> tuple[str, str, str]:
    """The text of each list. Raises SettingsError where a word cannot be said in one line."""
    shots = "".join(_line(farm.command("shots", shots=found)) for found in farm.ranges())
    return _line(farm.command("plan")), shots, _line(farm.command("mux"))


def _line(words: list[str]) -> str:
    return " ".join(_quoted(word) for word in words) + "\n"


def _quoted(word: str) -> str:
    """The word in quotes; one with line breaks or other control characters is spelled out for printf."""
    if not _CONTROL.search(word):
        return shlex.quote(word)
    if word.endswith("\n"):  # the shell would drop it
        raise SettingsError(f"export: {word!r} ends with a line break; a name without would work")
    spelled = _SPECIAL.sub(lambda found: f"\\{ord(found[0]):03o}" if found[0] != "%" else "%%", word)
    return f"\"$(printf -- '{spelled}')\""
