"""EBML (RFC 8794), as far as headers need it: elements in, elements out.

The EBML libraries at hand have tables of elements that are older than RFC 9559 and do not know its languages.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

CRC, VOID = 0xBF, 0xEC
_LONGEST_ID, _LONGEST_SIZE = 4, 8


class EbmlError(ValueError):
    """Bytes that are no EBML."""


@dataclass(frozen=True)
class Element:
    """An element in memory."""

    id: int
    """With its marker bit, as the standards write it: 0x1254C367."""
    payload: bytes

    @property
    def children(self) -> list["Element"]:
        """The elements inside a master element, without CRC and padding. Raises EbmlError."""
        return [child for child in parse(self.payload) if child.id not in (CRC, VOID)]

    def all(self, id: int) -> list["Element"]:
        """The children of that kind."""
        return [child for child in self.children if child.id == id]

    def first(self, id: int) -> "Element | None":
        """The first child of that kind."""
        return next(iter(self.all(id)), None)

    def number(self, id: int, default: int) -> int:
        """The value of an unsigned child."""
        found = self.first(id)
        return default if found is None else int.from_bytes(found.payload)

    def real(self, id: int) -> float:
        """The value of a child that is a floating-point number; 0 where there is none, or it has no possible length."""
        found = self.first(id)
        kind = {4: ">f", 8: ">d"}.get(len(found.payload)) if found else None
        return 0.0 if found is None or kind is None else float(struct.unpack(kind, found.payload)[0])

    def text(self, id: int) -> str | None:
        """The value of a child that is text; it ends at the first zero."""
        found = self.first(id)
        return None if found is None else found.payload.split(b"\0")[0].decode(errors="replace")

    def coded(self) -> bytes:
        """The element as it stands in a file."""
        return _coded_id(self.id) + coded_size(len(self.payload)) + self.payload


def master(id: int, children: Iterable[Element], *, crc: bool = False) -> Element:
    """A master element of these children, with their checksum in front where asked for."""
    payload = b"".join(child.coded() for child in children)
    if crc:
        payload = Element(CRC, zlib.crc32(payload).to_bytes(4, "little")).coded() + payload
    return Element(id, payload)


def unsigned(id: int, value: int) -> Element:
    """An element that holds an unsigned integer."""
    return Element(id, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def replaced(element: Element, ids: Sequence[int], new: Iterable[Element]) -> Element:
    """The master element without its children of the kinds `ids`, with new ones at its end and its checksum renewed."""
    has_crc = element.payload.startswith(b"\xbf\x84")
    kept = [child for child in element.children if child.id not in ids]
    return master(element.id, [*kept, *new], crc=has_crc)


def parse(data: bytes) -> Iterator[Element]:
    """The elements that follow each other in `data`. Raises EbmlError."""
    place = 0
    while place < len(data):
        id, place = _read_id(data, place)
        size, place = _read_size(data, place)
        if size is None or place + size > len(data):
            raise EbmlError(f"element {id:#x} is longer than what holds it")
        yield Element(id, data[place : place + size])
        place += size


@dataclass(frozen=True)
class Place:
    """Where an element lies in a file: its first byte, the first of its payload, and the one after its last."""

    id: int
    start: int
    payload: int
    end: int | None
    """None where the element does not say its size."""


def places(file: BinaryIO, start: int, end: int) -> Iterator[Place]:
    """The elements between two places of a file, of which only ids and sizes are read.

    An element that does not say its size is entered, as if its children stood beside it. Ends at what is no EBML.
    """
    while start < end:
        file.seek(start)
        head = file.read(_LONGEST_ID + _LONGEST_SIZE)
        try:
            id, place = _read_id(head, 0)
            size, place = _read_size(head, place)
        except EbmlError:
            return
        payload = start + place
        stop = None if size is None else payload + size
        yield Place(id, start, payload, stop)
        start = payload if stop is None else stop


def coded_size(size: int, *, width: int | None = None) -> bytes:
    """A size, in so many bytes or as few as hold it."""
    if width is None:
        width = next(width for width in range(1, 9) if size < (1 << 7 * width) - 1)
    return (size | 1 << 7 * width).to_bytes(width)


def void(length: int) -> bytes:
    """An element of padding that is so long, at least 2 bytes."""
    if length < 2:
        raise ValueError(f"no padding is {length} bytes long")
    width = 1 if length < 100 else 8
    return bytes([VOID]) + coded_size(length - 1 - width, width=width) + bytes(length - 1 - width)


def _coded_id(id: int) -> bytes:
    return id.to_bytes((id.bit_length() + 7) // 8)


def _read_id(data: bytes, place: int) -> tuple[int, int]:
    if place >= len(data):
        raise EbmlError("cut short")
    width = 9 - data[place].bit_length()
    if width > _LONGEST_ID or place + width > len(data):
        raise EbmlError("no element begins here")
    return int.from_bytes(data[place : place + width]), place + width


def _read_size(data: bytes, place: int) -> tuple[int | None, int]:
    if place >= len(data):
        raise EbmlError("cut short")
    width = 9 - data[place].bit_length()
    if width > _LONGEST_SIZE or place + width > len(data):
        raise EbmlError("no size here")
    most = (1 << 7 * width) - 1
    value = int.from_bytes(data[place : place + width]) & most
    return (None if value == most else value), place + width
