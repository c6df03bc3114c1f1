"""Reads and writes the directories (IFDs) of TIFF 6.0, BigTIFF and Exif.

Values are kept as bytes in little-endian order, so that a copy is exact whatever the tag means.
"""

import io
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Union

import numpy as np

_ITEM_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of an item by its type: BYTE, ASCII, SHORT, LONG, RATIONAL, …"""
_RATIONALS = (5, 10)
_NUMBER_FORMAT = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_FOLDERS = (0x8769, 0x8825, 0xA005)
"""Tags that point to a directory of their own: Exif, GPS, interoperability."""
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_MOST_PAGES = 10_000

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
TILE_WIDTH, ORIENTATION, SAMPLES, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 322, 274, 277, 282, 283, 296
EXTRA_SAMPLES, SAMPLE_FORMAT, XMP, ICC_PROFILE, PHOTOSHOP_LAYERS = 338, 339, 700, 34675, 37724
"""Numbers of tags in TIFF 6.0, its technical notes and Exif; SAMPLES is SamplesPerPixel, SUBFILE NewSubfileType."""


@dataclass(frozen=True)
class TagValue:
    """The value of a tag: the number of its type in the TIFF specification, and its items as little-endian bytes."""

    kind: int
    data: bytes

    @property
    def numbers(self) -> tuple[int, ...]:
        """The items of a tag of unsigned integers; empty for any other type."""
        if self.kind not in _NUMBER_FORMAT:
            return ()
        count = len(self.data) // _ITEM_BYTES[self.kind]
        return struct.unpack(f"<{count}{_NUMBER_FORMAT[self.kind]}", self.data)

    @property
    def ratio(self) -> float:
        """The first item of a tag of unsigned rationals; 0 for any other type."""
        if self.kind != _RATIONAL or len(self.data) < 8:
            return 0.0
        over, under = struct.unpack("<II", self.data[:8])
        return over / under if under else 0.0

    @classmethod
    def short(cls, number: int) -> "TagValue":
        """A tag of one unsigned integer of 16 bits."""
        return cls(_SHORT, struct.pack("<H", number))

    @classmethod
    def rational(cls, value: float) -> "TagValue":
        """A tag of one unsigned rational, `value` rounded to 1/1000."""
        return cls(_RATIONAL, struct.pack("<II", round(value * 1000), 1000))


class Ifd(dict[int, Union[TagValue, "Ifd"]]):
    """An image file directory: values by tag number; Exif, GPS and interoperability are directories within it."""

    def number(self, tag: int, default: int) -> int:
        """The first item of a tag of unsigned integers, `default` where there is none."""
        value = self.get(tag)
        return value.numbers[0] if isinstance(value, TagValue) and value.numbers else default

    def ratio(self, tag: int) -> float:
        """The first item of a tag of unsigned rationals, 0 where there is none."""
        value = self.get(tag)
        return value.ratio if isinstance(value, TagValue) else 0.0


def read_pages(file: BinaryIO) -> list[Ifd]:
    """The directories of a TIFF or BigTIFF stream in their order, one for each page.

    A tag whose value lies outside the stream or is of an unknown type is left out. Raises ValueError where the stream
    is no TIFF or a directory cannot be read.
    """
    return _Reader(file).pages()


def read_exif(data: bytes) -> Ifd | None:
    """The first directory of an Exif block, without its thumbnail; None where it cannot be read."""
    try:
        return _Reader(io.BytesIO(data)).pages(limit=1)[0]
    except ValueError:
        return None


def pack_exif(ifd: Ifd) -> bytes:
    """A TIFF stream that holds this directory and no picture."""
    return struct.pack("<2sHI", b"II", 42, 8) + pack_ifd(ifd, 8)


def pack_ifd(ifd: Ifd, offset: int) -> bytes:
    """The bytes of a directory as little-endian classic TIFF, to be stored at byte `offset` (even) of its stream."""
    head = struct.pack("<H", len(ifd))
    body = b""
    body_start = offset + 2 + 12 * len(ifd) + 4
    for tag, value in sorted(ifd.items()):
        place = body_start + len(body)
        if isinstance(value, Ifd):
            head += struct.pack("<HHII", tag, _LONG, 1, place)
            body += pack_ifd(value, place)
        else:
            count = len(value.data) // _ITEM_BYTES[value.kind]
            is_inside = len(value.data) <= 4
            field = value.data.ljust(4, b"\0") if is_inside else struct.pack("<I", place)
            head += struct.pack("<HHI", tag, value.kind, count) + field
            body += b"" if is_inside else value.data
        body += b"\0" * (len(body) % 2)
    return head + struct.pack("<I", 0) + body


class _Reader:
    """Walks the directories of one stream."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, io.SEEK_END)
        file.seek(0)
        mark = file.read(4)
        self._order = "<" if mark[:2] == b"II" else ">"
        self._is_big = mark in {b"II+\0", b"MM\0+"}
        if not self._is_big and mark not in {b"II*\0", b"MM\0*"}:
            raise ValueError("not a TIFF stream")

    def pages(self, *, limit: int = _MOST_PAGES) -> list[Ifd]:
        """The chain of directories; a chain that leads back to an earlier one ends there."""
        (place,) = self._unpack(8, "Q") if self._is_big else self._unpack(4, "I")
        pages: list[Ifd] = []
        seen: set[int] = set()
        while place and place not in seen and len(pages) < limit:
            seen.add(place)
            page, place = self._directory(place, depth=0)
            pages.append(page)
        if not pages:
            raise ValueError("no directory in the TIFF stream")
        return pages

    def _directory(self, place: int, *, depth: int) -> tuple[Ifd, int]:
        count_format, entry_format, next_format = ("Q", "HHQ8s", "Q") if self._is_big else ("H", "HHI4s", "I")
        (count,) = self._unpack(place, count_format)
        place += struct.calcsize("=" + count_format)
        entry_bytes = struct.calcsize("=" + entry_format)
        ifd = Ifd()
        for index in range(min(count, 65535)):
            tag, kind, items, field = self._unpack(place + index * entry_bytes, entry_format)
            value = self._value(kind, items, field)
            if value is None:
                continue
            if tag not in _FOLDERS:
                ifd[tag] = value
            elif value.numbers and depth < 2:
                try:
                    ifd[tag] = self._directory(value.numbers[0], depth=depth + 1)[0]
                except ValueError:  # a broken Exif pointer costs its directory, not the picture
                    continue
        (following,) = self._unpack(place + count * entry_bytes, next_format)
        return ifd, following

    def _value(self, kind: int, items: int, field: bytes) -> TagValue | None:
        size = _ITEM_BYTES.get(kind, 0) * items
        if size > len(field):
            (place,) = struct.unpack(self._order + ("Q" if self._is_big else "I"), field)
            if place + size > self._size:
                return None
            self._file.seek(place)
            field = self._file.read(size)
        if not 0 < size <= len(field):
            return None
        data = field[:size]
        swap = 4 if kind in _RATIONALS else _ITEM_BYTES[kind]
        if self._order == ">" and swap > 1:
            data = np.frombuffer(data, f">u{swap}").astype(f"<u{swap}").tobytes()
        return TagValue(kind, data)

    def _unpack(self, place: int, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize("=" + layout)
        self._file.seek(place)
        data = self._file.read(size)
        if len(data) < size:
            raise ValueError("a TIFF directory lies outside its stream")
        return struct.unpack(self._order + layout, data)
