"""What an input or an output is: a film file, numbered stills, one still, or a folder of stills.

`target_of` finds out once, by the name and by what is there; its answer is a value that travels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Literal

from pipeline.still_pattern import Pattern, is_pattern_name, parse_pattern, stills_in

Kind = Literal["film", "numbered", "still", "folder"]
"""`numbered` is a film as numbered stills; `still` one picture by itself, `folder` many of them."""

StillFormat = Literal["png", "jpeg", "tiff"]

STILL_FORMATS: Mapping[str, StillFormat] = MappingProxyType(
    {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".tif": "tiff", ".tiff": "tiff"}
)
"""The formats of single stills that are written, by suffix."""
RAW_SUFFIXES = frozenset({".h264", ".264", ".avc", ".h265", ".265", ".hevc", ".h266", ".266", ".vvc"})
"""Names of coded pictures without a container, which have no times."""
READ_STILLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "PNG": (".png",),
        "JPEG": (".jpg", ".jpeg", ".jpe"),
        "TIFF": (".tif", ".tiff"),
        "JPEG 2000": (".j2c", ".j2k", ".jp2", ".jpc", ".jpf", ".jpx"),
        "WebP": (".webp",),
        "AVIF": (".avif",),
        "GIF": (".gif",),
        "BMP": (".bmp", ".dib"),
        "DPX": (".dpx",),
        "OpenEXR": (".exr",),
    }
)
"""The kinds of single stills that are read, and the suffixes of each."""
_REFUSED_STILLS = (".heic", ".heif", ".hif")
"""Known as stills, so that they are refused as what they are."""
STILL_SUFFIXES = frozenset({*chain.from_iterable(READ_STILLS.values()), *_REFUSED_STILLS})
"""Names by which single stills are known; what is written in another format is in STILL_FORMATS."""
# fmt: off
FILM_SUFFIXES = frozenset({
    ".3gp", ".asf", ".avi", ".dv", ".flv", ".m2ts", ".m2v", ".m4v", ".mkv", ".mov", ".mp4",
    ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m",
})
# fmt: on
"""Names by which a folder's films are known; one that is named by itself may have any. What can be written is in
`pipeline.output.container_table`."""

_GIF_PICTURE, _GIF_EXTENSION = b"\x2c", b"\x21"


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
    def title(self) -> str:
        """What to call it before people: its name, that of numbered stills with their folder's."""
        return f"{self.path.parent.name}/{self.path.name}" if self.is_numbered else self.path.name

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
    suffix = path.suffix.lower()
    is_still = suffix in STILL_SUFFIXES and not (suffix == ".gif" and _is_moving_gif(path))
    return Target(path, "still" if is_still else "film")


def kind_by_name(path: Path) -> Literal["film", "still"] | None:
    """A film or a still by its suffix; None for anything else. A GIF is looked into: one that moves is a film."""
    if target_of(path).kind == "still":
        return "still"
    return "film" if path.suffix.lower() in {*FILM_SUFFIXES, *STILL_SUFFIXES} else None


def foreign_files(output: Target) -> list[str]:
    """Names in the folder of a pattern that are none of its stills, and so would be lost with it; sorted.

    None where the folder is not there. Raises OSError where it cannot be read.
    """
    pattern = output.pattern
    if not pattern.folder.is_dir():
        return []
    own = {pattern.path(number).name for number in stills_in(output.path)}
    return sorted({entry.name for entry in pattern.folder.iterdir()} - own)


def _is(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except OSError:
        return False


def _is_moving_gif(path: Path) -> bool:
    """Whether a file holds a GIF of more than one picture (GIF89a, 1990); False where it cannot be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(13)
            if head[:6] not in (b"GIF87a", b"GIF89a") or len(head) < 13:
                return False
            _skip_table(file, head[10])
            return _count_pictures(file, enough=2) > 1
    except OSError:
        return False


def _count_pictures(file: BinaryIO, *, enough: int) -> int:
    count = 0
    while count < enough and (kind := file.read(1)):
        if kind == _GIF_PICTURE:
            descriptor = file.read(9)
            if len(descriptor) < 9:
                break
            _skip_table(file, descriptor[8])
            file.seek(1, 1)
            count += 1
        elif kind == _GIF_EXTENSION:
            file.seek(1, 1)
        else:
            break
        _skip_blocks(file)
    return count


def _skip_table(file: BinaryIO, flags: int) -> None:
    if flags & 128:
        file.seek(3 << ((flags & 7) + 1), 1)


def _skip_blocks(file: BinaryIO) -> None:
    while size := file.read(1):
        if size == b"\0":
            return
        file.seek(size[0], 1)
