"""The header of an OpenEXR file: its attributes, kept as bytes, and what they say of the picture."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import SourceError
from pipeline.shortlist import first_few

MAGIC = 20000630
_MOST_HEADER_BYTES = 16 << 20
_SINGLE_SCANLINE_OR_TILED = 0x200
_LONG_NAMES = 0x400
_TYPES = {1: "half", 2: "float"}
_CHANNELS = ({"Y"}, {"R", "G", "B"})


@dataclass(frozen=True, kw_only=True)
class ExrHeader:
    """A single picture of grey or RGB, its data window being all that is shown."""

    width: int
    height: int
    what: str
    """Type of the samples and channels, for people."""
    attributes: tuple[tuple[str, str, bytes], ...]
    """(name, type, value as in the file) of everything, in order."""


def read_exr_header(path: Path) -> ExrHeader:
    """The header of a file.

    Raises SourceError for deep or several pictures, other channels than Y or R, G, B, samples of integers, pictures
    that are larger or smaller than what is shown; ValueError or struct.error where it is no OpenEXR file.
    """
    with path.open("rb") as file:
        magic, version = struct.unpack("<II", file.read(8))
        if magic != MAGIC:
            raise ValueError("its first bytes are not those of an OpenEXR")
        if version & ~(0xFF | _SINGLE_SCANLINE_OR_TILED | _LONG_NAMES):
            raise SourceError(
                f"{path}: an OpenEXR of several or of deep pictures; one flat picture would work"
            )
        attributes = _attributes(file)
    values = {name: value for name, _, value in attributes}
    channels = _channels(values.get("channels", b""))
    names, types = set(channels), {_TYPES.get(kind) for kind in channels.values()}
    if names not in _CHANNELS or None in types or len(types) != 1:
        found = first_few(sorted(names)) or "none"
        raise SourceError(
            f"{path}: an OpenEXR with the channels {found}; Y alone or R, G and B, all half or all float, would work"
        )
    data, display = (struct.unpack("<4i", values[name]) for name in ("dataWindow", "displayWindow"))
    if data != display:
        raise SourceError(
            f"{path}: its data window {data} is not its display window {display}; crop or fill it to what is shown"
        )
    return ExrHeader(
        width=data[2] - data[0] + 1,
        height=data[3] - data[1] + 1,
        what=f"OpenEXR, {types.pop()}, {'grey' if len(names) == 1 else 'RGB'}",
        attributes=tuple(attributes),
    )


def _attributes(file: BinaryIO) -> list[tuple[str, str, bytes]]:
    """All attributes; the file then stands behind the header."""
    found: list[tuple[str, str, bytes]] = []
    left = _MOST_HEADER_BYTES
    while name := _text(file):
        kind = _text(file)
        (size,) = struct.unpack("<i", file.read(4))
        left -= max(size, 0) + 16
        if size < 0 or left < 0:
            raise ValueError("an attribute of its header has no possible size")
        value = file.read(size)
        if len(value) != size:
            raise ValueError("its header is cut off")
        found.append((name, kind, value))
    for wanted in ("channels", "dataWindow", "displayWindow"):
        if all(name != wanted for name, _, _ in found):
            raise ValueError(f"its header has no {wanted}")
    return found


def _text(file: BinaryIO) -> str:
    """A name of up to 255 bytes that ends with a zero."""
    found = bytearray()
    while (byte := file.read(1)) != b"\0":
        if not byte or len(found) == 255:
            raise ValueError("a name in its header does not end")
        found += byte
    return found.decode("latin-1")


def _channels(value: bytes) -> dict[str, int]:
    """The type of each channel by its name."""
    found = {}
    while value and value[0]:
        name, _, rest = value.partition(b"\0")
        kind, across, down = struct.unpack_from("<i4xii", rest)
        found[name.decode("latin-1")] = kind if (across, down) == (1, 1) else 0
        value = rest[16:]
    return found
