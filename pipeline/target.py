"""What an input or an output is: a film file, numbered stills, one still, or a folder of stills.

`target_of` finds out once, by the name and by what is there; its answer is a value that travels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pipeline.still_pattern import Pattern, is_pattern_name, parse_pattern

Kind = Literal["film", "numbered", "still", "folder"]
"""`numbered` is a film as numbered stills; `still` one picture by itself, `folder` many of them."""

StillFormat = Literal["png", "jpeg", "tiff"]

STILL_FORMATS: Mapping[str, StillFormat] = MappingProxyType(
    {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".tif": "tiff", ".tiff": "tiff"}
)
"""The formats of single stills, by suffix."""
# fmt: off
FILM_SUFFIXES = frozenset({
    ".3gp", ".asf", ".avi", ".dv", ".flv", ".m2ts", ".m2v", ".m4v", ".mkv", ".mov", ".mp4",
    ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m",
})
# fmt: on
"""Names by which a folder's films are known; one that is named by itself may have any. What can be written is in
`pipeline.output.container_table`."""


@dataclass(frozen=True)
class Target:
    """A path, and what it names."""

    path: Path
    kind: Kind

    def __str__(self) -> str:
        """The path, as messages name it."""
        return str(self.path)

    @property
    def is_numbered(self) -> bool:
        """Whether it is a film as numbered stills, well or badly spelled."""
        return self.kind == "numbered"

    @property
    def is_of_stills(self) -> bool:
        """Whether it is a still or a folder of stills, and so no film."""
        return self.kind in ("still", "folder")

    @property
    def pattern(self) -> Pattern:
        """Of numbered stills. Raises SettingsError where it is badly spelled."""
        return parse_pattern(self.path)

    @property
    def home(self) -> Path:
        """What a job publishes as a whole: the folder of numbered stills, else the path itself."""
        return self.path.parent if self.is_numbered else self.path


def target_of(path: Path) -> Target:
    """What a path names; a file that is there under the name of a pattern is just a file.

    What cannot even be looked at, for its name is too long, goes by its name.
    """
    if is_pattern_name(path) and not _is(path.is_file):
        return Target(path, "numbered")
    if _is(path.is_dir):
        return Target(path, "folder")
    return Target(path, "still" if path.suffix.lower() in STILL_FORMATS else "film")


def _is(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except OSError:
        return False
