"""Checks whether a film file is as long as its container says; a copy that was broken off is not.

Demuxers read such a file up to the break and take that for its end.
"""

import os
from pathlib import Path
from typing import BinaryIO

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"sidx", b"styp", b"uuid", b"pnot"}
)


def missing_bytes(path: Path) -> int:
    """Bytes that are missing at the end of an MP4, MOV, Matroska, WebM, AVI or WAV file; 0 where all are there.

    0 too for other containers, and for files that were never finished and so do not say where they end.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        if head[:4] == b"RIFF":
            expected = _riff_end(file, size)
        elif head[:4] == _EBML.to_bytes(4):
            expected = _segment_end(file)
        elif head[4:8] in _BOXES:
            expected = _boxes_end(file, size)
        else:
            return 0
    return max(expected - size, 0)


def _riff_end(file: BinaryIO, size: int) -> int:
    """End of the last of the RIFF chunks, of which a large AVI has several."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(8)
        if head[:4] != b"RIFF":
            return size
        length = int.from_bytes(head[4:], "little")
        at += 8 + length + length % 2
    return at - 1 if at == size + 1 else at  # the last byte of padding may be left out


def _segment_end(file: BinaryIO) -> int:
    """End of the Matroska segment; 0 where its length is left open."""
    if _number(file, keep_marker=True) != _EBML:
        return 0
    head = _number(file)
    if head is None:
        return 0
    file.seek(head, os.SEEK_CUR)
    if _number(file, keep_marker=True) != _SEGMENT:
        return 0
    length = _number(file)
    return 0 if length is None else file.tell() + length


def _number(file: BinaryIO, *, keep_marker: bool = False) -> int | None:
    """An EBML number, or an id, which keeps its marker; None where it is unknown or cut off."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    data = first + file.read(more)
    if len(data) != 1 + more:
        return None
    value = int.from_bytes(data)
    if keep_marker:
        return value
    value &= (1 << 7 * (1 + more)) - 1
    return None if value == (1 << 7 * (1 + more)) - 1 else value


def _boxes_end(file: BinaryIO, size: int) -> int:
    """End of the last box of an ISO file; `size` where something else stands among the boxes."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4])
        if head[4:8] not in _BOXES and not head[4:8].isalnum():
            return size
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length == 0:
            return size  # to the end of the file
        if length < 8:
            return size
        at += length
    return at if at >= size else size
