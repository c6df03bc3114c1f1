"""The edges that a player hides, told to FFmpeg by the stream in the pipe: a `clap` box in its MOV header.

FFmpeg's command line has no option for them, but carries on what its input says: to Matroska as PixelCrop, to MP4
and MOV as `clap` (ISO/IEC 14496-12, 12.1.4). PyAV's MOV muxer does not take FFV1, which FFmpeg reads from MOV: so such
a stream is written under the name of another codec, and renamed in the header.
"""

from collections.abc import Sequence
from typing import IO

from pipeline.media import Crop, FilmInfo
from pipeline.output.join import CodedVideo

_WAY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
"""To the description of the only track."""
_RENAMED = {"ffv1": b"FFV1"}
STAND_IN = "qtrle"
"""The encoder under whose name a codec is written that the muxer does not take; it codes nothing."""
_HEAD_BYTES = 8
_BEFORE_ENTRIES = 8
"""Of `stsd`: version, flags, number of entries."""


def needs_stand_in(codec: str) -> bool:
    """Whether a stream of the codec is written as `STAND_IN`, and renamed."""
    return codec in _RENAMED


def coded_crop(film: FilmInfo, coded: CodedVideo) -> Crop | None:
    """The film's crop in pictures as they are coded, whose last column and line may be repeated.

    None without a crop, and where the pictures were made smaller, or show two side by side.
    """
    crop, right, down = film.crop, coded.width - film.width, coded.height - film.height
    if crop is None or not (0 <= right < 4 and 0 <= down < 4):
        return None
    return Crop(left=crop.left, right=crop.right + right, top=crop.top, bottom=crop.bottom + down)


class CleanAperturePipe:
    """Passes the bytes of a fragmented MOV of one video track on to a pipe, with the crop in its header."""

    def __init__(self, pipe: IO[bytes], *, crop: Crop, coded: CodedVideo) -> None:
        self._pipe = pipe
        self._name: bytes | None = None
        """Of the codec, where the muxer was given another one."""
        self._boxes = _clap(crop, coded.width, coded.height)
        if coded.codec in _RENAMED:
            self._name = _RENAMED[coded.codec]
            self._boxes = _box(b"glbl", coded.extradata) + self._boxes
        self._head: bytes | None = b""
        """What was written before the header is complete; None once it has been passed on."""

    def write(self, data: bytes) -> int:
        """As a file's."""
        if self._head is None:
            return self._pipe.write(data)
        self._head += bytes(data)
        end = _end_of(self._head, _WAY[0])
        if end is not None:
            self._pipe.write(self._described(self._head[:end], _WAY) + self._head[end:])
            self._head = None
        return len(data)

    def _described(self, data: bytes, way: Sequence[bytes]) -> bytes:
        """The boxes of `data`, with more in the sample description that `way` leads to."""
        made, at = b"", 0
        while at < len(data):
            size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
            body = data[at + _HEAD_BYTES : at + size]
            if kind == way[0] and len(way) > 1:
                body = self._described(body, way[1:])
            elif kind == way[0]:
                entry = body[_BEFORE_ENTRIES:]
                name = self._name or entry[4:8]
                body = body[:_BEFORE_ENTRIES] + _box(name, entry[_HEAD_BYTES:] + self._boxes)
            made += _box(kind, body)
            at += size
        return made


def _clap(crop: Crop, width: int, height: int) -> bytes:
    """Size of what is shown, and how far its middle lies from the picture's: each as a fraction."""
    shown = (width - crop.left - crop.right, 1, height - crop.top - crop.bottom, 1)
    middle = (crop.left - crop.right, 2, crop.top - crop.bottom, 2)
    return _box(b"clap", b"".join(number.to_bytes(4, signed=True) for number in (*shown, *middle)))


def _end_of(data: bytes, kind: bytes) -> int | None:
    """Where the first box of that kind ends; None while it is not complete."""
    at = 0
    while at + _HEAD_BYTES <= len(data):
        size = int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] == kind:
            return at + size if at + size <= len(data) else None
        at += size
    return None


def _box(kind: bytes, body: bytes) -> bytes:
    return (_HEAD_BYTES + len(body)).to_bytes(4) + kind + body
