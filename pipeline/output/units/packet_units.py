"""A stream cut into units that are the same in every container, each with a hash and a time.

A unit is a packet where containers keep packets. Samples of sound without compression, and some other streams, are cut
anew by every container: there a unit is a block of bytes. What muxers are known to change is left out: ADTS headers,
start codes and parameter sets of H.264 and HEVC, the gaps between MP4's texts.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import av
import av.error
import numpy as np
import numpy.typing as npt
import xxhash

_BLOCK_BYTES = 4096
_REGROUPED = ("pcm_", "adpcm_", "eac3", "hdmv_pgs_subtitle", "gsm", "truehd")
_NAL_CODECS = {"h264": frozenset({7, 8, 9, 13}), "hevc": frozenset({32, 33, 34, 35})}
"""Types of NAL units that containers keep elsewhere or leave out: parameter sets and delimiters."""
_NANOSECONDS = 1_000_000_000
_BYTES = {"alaw": 1, "mulaw": 1}


class Unit(NamedTuple):
    """A piece of a stream."""

    digest: int
    """XXH3-64 of what no container changes."""
    time_ns: int | None
    """When it begins; None where that is not known."""
    samples: npt.NDArray[np.int32] | None = None
    """Of sound that was converted: (samples, channels) of 24 bits."""


class Units(Protocol):
    """Cuts one stream."""

    def take(self, packet: Any) -> Iterator[Unit]:
        """The units that are complete with this packet."""

    def rest(self) -> Iterator[Unit]:
        """The last ones, when there is no packet left."""


def units_of(stream: Any, codec: str) -> Units:
    """How a stream that is copied is cut; `codec` is FFmpeg's name."""
    if codec.startswith(_REGROUPED):
        return _Blocks(_byte_rate(stream, codec))
    if "attached_pic" in str(stream.disposition):
        return _Packets(_whole, timed=False)
    if codec in _NAL_CODECS:
        return _Packets(_Nals(codec, stream.codec_context.extradata))
    return _Packets(
        {"aac": _without_adts, "mov_text": _shown_text, "av1": _without_delimiter}.get(codec, _whole)
    )


def text_units(coding: str | None = None, unshown_pts: frozenset[int] = frozenset()) -> Units:
    """How subtitles are cut that are converted: the bare text of each, without styles and blanks.

    `coding` is Python's name of their encoding, None for UTF-8; texts at `unshown_pts` do not count.
    """
    return _Packets(lambda packet: None if packet.pts in unshown_pts else _bare_text(recoded(packet, coding)))


def text_of(packet: Any, codec: str) -> bytes:
    """The text that a packet of subtitles holds, with its styles."""
    data = bytes(packet)
    return data[2 : 2 + int.from_bytes(data[:2])] if codec == "mov_text" else data


def recoded(packet: Any, coding: str | None) -> Any:
    """A packet of text in UTF-8; `coding` is as `text_units` has it."""
    if coding is None:
        return packet
    copy = av.Packet(bytes(packet).decode(coding).encode())
    copy.stream, copy.time_base = packet.stream, packet.time_base
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    return copy


def time_ns(packet: Any) -> int | None:
    """When a packet is shown."""
    base = packet.time_base
    if packet.pts is None or base is None:
        return None
    return int(packet.pts * base.numerator * _NANOSECONDS // base.denominator)


class _Packets:
    """A unit for each packet; `payload` gives what counts of it, None where nothing does."""

    def __init__(self, payload: Callable[[Any], Any], *, timed: bool = True) -> None:
        self._payload = payload
        self._timed = timed

    def take(self, packet: Any) -> Iterator[Unit]:
        payload = self._payload(packet)
        if payload is not None:
            yield Unit(xxhash.xxh3_64_intdigest(payload), time_ns(packet) if self._timed else None)

    def rest(self) -> Iterator[Unit]:
        return iter(())


class _Blocks:
    """A unit for each block of bytes, wherever packets begin."""

    def __init__(self, byte_rate: int | None) -> None:
        self._byte_rate = byte_rate
        self._block = xxhash.xxh3_64()
        self._filled = 0
        self._begins: int | None = None

    def take(self, packet: Any) -> Iterator[Unit]:
        data, at, begins = memoryview(packet), 0, time_ns(packet)
        while at < len(data):
            if self._filled == 0:
                self._begins = self._time(begins, at)
            part = data[at : at + _BLOCK_BYTES - self._filled]
            self._block.update(part)
            self._filled += len(part)
            at += len(part)
            if self._filled == _BLOCK_BYTES:
                yield from self.rest()

    def rest(self) -> Iterator[Unit]:
        if self._filled:
            yield Unit(self._block.intdigest(), self._begins)
        self._block.reset()
        self._filled = 0

    def _time(self, begins: int | None, at: int) -> int | None:
        if begins is None or at == 0:
            return begins
        return begins + at * _NANOSECONDS // self._byte_rate if self._byte_rate else None


def _byte_rate(stream: Any, codec: str) -> int | None:
    """Bytes per second of sound without compression."""
    if not codec.startswith("pcm_"):
        return None
    bits = re.search(r"\d+", codec)
    width = int(bits[0]) // 8 if bits else _BYTES.get(codec.removeprefix("pcm_"), 0)
    return int(stream.codec_context.sample_rate * stream.codec_context.channels * width)


def _whole(packet: Any) -> Any:
    return packet


def _without_adts(packet: Any) -> Any:
    """The frame behind an ADTS header, which only transport streams and bare AAC have."""
    data = bytes(packet)
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        return data
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return data[7 if data[1] & 1 else 9 :] if length == len(data) else data


def _shown_text(packet: Any) -> Any:
    """MP4 fills the time between texts with empty ones."""
    return packet if packet.size > 2 and bytes(packet)[:2] != b"\0\0" else None


def _without_delimiter(packet: Any) -> Any:
    return bytes(packet).removeprefix(b"\x12\0")


class _Nals:
    """NAL units without what goes before each: a start code, or its length."""

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self._hevc = codec == "hevc"
        self._left_out = _NAL_CODECS[codec]
        at = 21 if self._hevc else 4
        is_prefixed = extradata is not None and len(extradata) > at and extradata[0] == 1
        self._length_bytes = (extradata[at] & 3) + 1 if extradata is not None and is_prefixed else 0

    def __call__(self, packet: Any) -> Any:
        data = bytes(packet)
        nals = self._prefixed(data) if self._length_bytes else re.split(b"\0\0\1", data)
        kept = []
        for nal in nals:
            bare = nal.rstrip(b"\0")
            if bare and (bare[0] >> 1 & 0x3F if self._hevc else bare[0] & 0x1F) not in self._left_out:
                kept.append(bare)
        return b"\0\0\1".join(kept)

    def _prefixed(self, data: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(data):
            start = at + self._length_bytes
            at = start + int.from_bytes(data[at:start])
            yield data[start:at]


_STYLES = re.compile(r"\{[^}]*\}|<[^>]*>|\\[Nnh]|\s|&[a-z]+;")


def _bare_text(packet: Any) -> Any:
    try:
        subtitles = packet.decode()
    except av.error.FFmpegError:  # nor does FFmpeg convert it
        return None
    texts = [subtitle.ass.split(b",", 8)[-1].decode(errors="replace") for subtitle in subtitles]
    bare = _STYLES.sub("", "".join(texts))
    return bare.encode() or None
