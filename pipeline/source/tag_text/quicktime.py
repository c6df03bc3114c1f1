"""Boxes of MOV and MP4, and texts in the encodings of the Macintosh, which their language tells.

FFmpeg takes every such text for one in Western letters (Mac Roman).
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

_LARGEST_HEADER_BYTES = 256 << 20
"""Of an MP4: ten hours take some megabytes."""
FIRST_ISO_LANGUAGE = 0x400
"""Languages below are numbers of the Macintosh; texts in the others are UTF-8."""
SHIFT_JIS = 3
"""Apple's number of the type of an item whose text is Japanese."""
_LATIN2, _CYRILLIC = "mac-latin2", "mac-cyrillic"
MAC_CODINGS: Mapping[int, str] = {
    10: "windows-1255",
    11: "shift-jis",
    12: "mac-arabic",
    14: "mac-greek",
    15: "mac-iceland",
    17: "mac-turkish",
    18: "mac-croatian",
    19: "big5",
    22: "tis-620",
    23: "euc-kr",
    30: "mac-iceland",
    31: "mac-farsi",
    33: "gb18030",
    37: "mac-romanian",
    40: "mac-croatian",
    **dict.fromkeys((24, 25, 26, 27, 28, 38, 39), _LATIN2),
    **dict.fromkeys((32, 42, 43, 44, 45, 46), _CYRILLIC),
}
"""Python's name of the encoding of a language that is not written in Mac Roman, by Apple's number of the language."""


class MacText(NamedTuple):
    """A text of a file in an encoding of the Macintosh other than Mac Roman."""

    data: bytes
    coding: str
    """Python's name."""

    def is_meant_by(self, value: str) -> bool:
        """Whether FFmpeg gave `value` for it: Mac Roman in UTF-8, cut where that has over twice the bytes."""
        read = self.data.decode("mac-roman").encode()
        return read[: 2 * len(self.data)].startswith(value.encode(errors="surrogateescape")) and value != ""


def mac_texts(path: Path) -> tuple[MacText, ...]:
    """The texts of the film and its tracks that are in an encoding of the Macintosh other than Mac Roman."""
    with path.open("rb") as file:
        header = list(boxes(box_of_file(file, b"moov")))
    inside = [content for name, content in header if name == b"trak"]
    lists = [content for name, content in header if name == b"udta"]
    lists += [content for track in inside for name, content in boxes(track) if name == b"udta"]
    found = [text for one in lists for name, content in boxes(one) for text in _texts(name, content)]
    found += [MacText(data, "shift-jis") for one in lists for data in _in_shift_jis(one)]
    return tuple(found)


def _in_shift_jis(user_data: bytes) -> Iterator[bytes]:
    """Texts of a list of iTunes that are said to be Japanese (S/JIS)."""
    meta = next((content for name, content in boxes(user_data) if name == b"meta"), b"")
    for _, item in boxes(items_of(meta)):
        data = next((content for name, content in boxes(item) if name == b"data"), b"")
        if data[:4] == SHIFT_JIS.to_bytes(4) and _fits(data[8:], "shift-jis"):
            yield data[8:]


def items_of(meta: bytes) -> bytes:
    """What is in the list of items (`ilst`) of a `meta` box, which QuickTime writes without a version."""
    inside = boxes(meta if meta[4:8] == b"hdlr" else meta[4:])
    return next((content for name, content in inside if name == b"ilst"), b"")


def _texts(name: bytes, content: bytes) -> Iterator[MacText]:
    """The texts of one entry, which may be there in several languages."""
    at = 0
    while name[:1] == b"\xa9" and at + 4 <= len(content):
        size, language = struct.unpack(">HH", content[at : at + 4])
        data = content[at + 4 : at + 4 + size].rstrip(b"\0")
        coding = MAC_CODINGS.get(language) if language < FIRST_ISO_LANGUAGE else None
        if coding is not None and not data.isascii() and _fits(data, coding):
            yield MacText(data, coding)
        at += 4 + size


def _fits(data: bytes, coding: str) -> bool:
    try:
        data.decode(coding)
    except UnicodeDecodeError:
        return False
    return True


def box_of_file(file: BinaryIO, wanted: bytes) -> bytes:
    """What is in the first box of that name; nothing where there is none, or it is too large to be a header."""
    at, end = 0, file.seek(0, 2)
    while at + 16 <= end:
        file.seek(at)
        size, name, large = struct.unpack(">I4sQ", file.read(16))
        head = 16 if size == 1 else 8
        size = large if size == 1 else size or end - at
        if name == wanted:
            file.seek(at + head)
            return file.read(size - head) if size <= _LARGEST_HEADER_BYTES else b""
        if size < head:
            return b""
        at += size
    return b""


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the boxes that follow each other in a header."""
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        if size < 8:
            return
        yield name, data[at + 8 : at + size]
        at += size
