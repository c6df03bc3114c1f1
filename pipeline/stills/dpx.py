"""Reads DPX headers and writes DPX files (SMPTE ST 268-1): RGB of 8, 10, 12 or 16 bits with a source's header."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.media import Plane

DEPTHS = (8, 10, 12, 16)
"""Bits of a sample that can be written."""
HEAD_BYTES = 2048
"""Of generic, film and television header together."""
_ORIENTATION_AT = 768
_EXIF_ORIENTATIONS = (1, 2, 4, 3, 5, 6, 8, 7)
"""What Exif calls the directions of samples and lines that a header counts from 0."""
_TIMECODE_AT = 1920
_RATES_AT = (1724, 1940)
"""Offsets of the frames per second, in film header and television header."""
_UNDEFINED = 0xFFFFFFFF
_NUMBERS = (
    *((offset, "I") for offset in (4, 16, 20, 24, 28, 32, 660, 772, 776)),
    *((768, "H"), (770, "H")),
    *((offset, "I") for offset in (*range(1408, 1424, 4), *range(1424, 1432, 4), 1628, 1632)),
    *((offset, "H") for offset in range(1620, 1628, 2)),
    *((offset, "I") for offset in (*range(1712, 1736, 4), *range(1920, 1928, 4), *range(1932, 1972, 4))),
)
"""Offset and `struct` type of each number of more than a byte in the header; floats count as integers of four bytes."""


def read_dpx_head(path: Path) -> bytes:
    """The 2,048 bytes of the header of a DPX file, its numbers turned to big-endian order. Raises OSError."""
    with path.open("rb") as file:
        head = bytearray(file.read(HEAD_BYTES).ljust(HEAD_BYTES, b"\xff"))
    if head[:4] == b"XPDS":
        for offset, kind in _NUMBERS:
            struct.pack_into(f">{kind}", head, offset, *struct.unpack_from(f"<{kind}", head, offset))
        head[:4] = b"SDPX"
    return bytes(head)


def dpx_orientation(head: bytes) -> int:
    """How the picture lies, as Exif counts it, in a header as `read_dpx_head` gives it; 1 (upright) where undefined."""
    return _EXIF_ORIENTATIONS[_directions(head)]


def _directions(head: bytes) -> int:
    (number,) = struct.unpack_from(">H", head, _ORIENTATION_AT)
    return int(number) if number < len(_EXIF_ORIENTATIONS) else 0


def dpx_timecode(head: bytes) -> str | None:
    """The timecode HH:MM:SS:FF in a header as `read_dpx_head` gives it; None where it is undefined or not valid."""
    (value,) = struct.unpack_from(">I", head, _TIMECODE_AT)
    text = f"{value:08x}"
    if value == _UNDEFINED or not text.isdecimal():
        return None
    hours, minutes, seconds, frame = (text[at : at + 2] for at in range(0, 8, 2))
    return f"{hours}:{minutes}:{seconds}:{frame}" if int(minutes) < 60 and int(seconds) < 60 else None


def new_dpx_head(*, timecode: str | None, sample_aspect: tuple[int, int], rate: float) -> bytes:
    """A header for a picture whose source is no DPX; all other fields are undefined.

    `timecode` is HH:MM:SS:FF, `sample_aspect` (horizontal, vertical), `rate` frames per second.
    """
    head = bytearray(b"\xff" * HEAD_BYTES)
    for start, end in ((36, 660), (780 + 24 + 16, 1408), (1432, 1620), (1636, 1920), (1972, 2048)):
        head[start:end] = bytes(end - start)
    struct.pack_into(">4I", head, 1408, 0, 0, _UNDEFINED, _UNDEFINED)
    struct.pack_into(">II", head, 1628, *sample_aspect)
    for offset in (1712, 1716, 1720, 1728):
        struct.pack_into(">I", head, offset, _UNDEFINED)
    if timecode is not None:
        struct.pack_into(">I", head, _TIMECODE_AT, int("".join(filter(str.isdigit, timecode)), 16))
    return with_rate(bytes(head), rate)


def with_rate(head: bytes, rate: float) -> bytes:
    """The header with `rate`, frames per second, in film header and television header."""
    new = bytearray(head)
    for offset in _RATES_AT:
        struct.pack_into(">f", new, offset, rate)
    return bytes(new)


def write_dpx(target: Path, rgb: Plane, *, depth: int, head: bytes, name: str, statement: str) -> None:
    """Writes R'G'B' (H, W, 3) of `depth` bits as a DPX of one element.

    `head`, as `read_dpx_head` or `new_dpx_head` gives it, supplies all fields that do not describe the layout of the
    pixels: scanner, film edge code, timecode, aspect, texts, and how the picture lies. `name` is the file name that the
    header states; `statement` becomes the creator where `head` names none. Raises OSError.
    """
    data = _PACK[depth](rgb).tobytes()
    new = bytearray(head)
    new[:4] = b"SDPX"
    struct.pack_into(">I8sIIIII", new, 4, HEAD_BYTES, b"V2.0", HEAD_BYTES + len(data), 1, 1664, 384, 0)
    new[36:136] = name.encode(errors="replace")[:99].ljust(100, b"\0")
    if not new[160:260].strip(b"\0\xff"):
        new[160:260] = statement.encode(errors="replace")[:99].ljust(100, b"\0")
    struct.pack_into(">I", new, 660, _UNDEFINED)  # not encrypted
    height, width = rgb.shape[:2]
    struct.pack_into(">HHII", new, _ORIENTATION_AT, _directions(head), 1, width, height)
    transfer, colorimetric = new[801], new[802]
    packing = 1 if depth in (10, 12) else 0
    element = struct.pack(
        ">IIfIfBBBBHHIII",
        *(0, 0, 0.0, 2**depth - 1, _density(new)),
        *(50, transfer, colorimetric, depth),
        *(packing, 0, HEAD_BYTES, 0, 0),
    )
    new[780 : 780 + len(element)] = element
    target.write_bytes(bytes(new) + data)


def _density(head: bytearray) -> float:
    """The reference high quantity that a header states; 0 where it is undefined."""
    (value,) = struct.unpack_from(">f", head, 796)
    return float(value) if np.isfinite(value) else 0.0


def _three_in_a_word(rgb: Plane) -> npt.NDArray[np.uint32]:
    """10 bits: three samples in 32, red in the highest bits, the two lowest bits empty (method A)."""
    red, green, blue = (rgb[..., index].astype(np.uint32) for index in range(3))
    return (red << 22 | green << 12 | blue << 2).astype(">u4")


def _at_the_top(rgb: Plane) -> npt.NDArray[np.uint8]:
    """12 bits: each sample in 16, the four lowest bits empty (method A)."""
    return _whole_words((rgb.astype(np.uint16) << 4).astype(">u2"))


def _whole_words(rgb: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The bytes of the lines (H, bytes), each filled up to a multiple of 32 bits."""
    lines = np.ascontiguousarray(rgb).reshape(rgb.shape[0], -1).view(np.uint8)
    return np.pad(lines, ((0, 0), (0, -lines.shape[1] % 4)))


_PACK: dict[int, Callable[[Plane], npt.NDArray[Any]]] = {
    8: lambda rgb: _whole_words(rgb.astype(np.uint8)),
    10: _three_in_a_word,
    12: _at_the_top,
    16: lambda rgb: _whole_words(rgb.astype(">u2")),
}
