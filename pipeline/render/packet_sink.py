"""The video-only stream between encoding, joining and muxing: a segment on disk, or the whole film in a pipe.

The format is NUT, which holds any time base, or fragmented MOV for codecs that NUT cannot name (ProRes). NUT cannot
hold a time below zero, and fragmented MOV starts at zero. So an offset may be subtracted from the times; the comment
of the file says how much.
"""

import contextlib
import functools
import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from pipeline.errors import OutputError
from pipeline.source.open_media import open_media

IntermediateFormat = Literal["nut", "mov"]

_OPTIONS: dict[IntermediateFormat, dict[str, str]] = {
    "nut": {"avoid_negative_ts": "disabled", "fflags": "bitexact"},
    "mov": {
        "avoid_negative_ts": "disabled",
        "fflags": "bitexact",
        "movflags": "empty_moov+frag_keyframe+default_base_moof",
        "use_editlist": "0",
    },
}
_COMMENT = "times are short by "


def intermediate_format(codec: str) -> IntermediateFormat:
    """The format for a codec, by FFmpeg's name of the codec or of one of its encoders."""
    return "nut" if codec in _nut_codecs() else "mov"


def taken_off(container_format: IntermediateFormat, *, time_base: Fraction, pts: int, dts: int) -> int:
    """Ticks to take off the times of a stream whose first packet has these, so that the format can hold it.

    For NUT whole seconds, and 0 but for films that start below zero; for MOV the first dts.
    """
    if container_format == "mov":
        return dts
    second = time_base.denominator  # this many ticks are `time_base.numerator` whole seconds
    return min(0, pts // second * second)


class PacketSink:
    """Writes packets of one video stream, with any times, to a file or a pipe that the caller closes."""

    def __init__(
        self,
        file: IO[bytes],
        *,
        container_format: IntermediateFormat,
        time_base: Fraction,
        source: str | VideoStream,
    ) -> None:
        """`source` is the name of the encoder that will give the packets, or the stream they come from."""
        self._format = container_format
        self._time_base = time_base
        options = dict(_OPTIONS[container_format])
        if container_format == "mov":
            options["video_track_timescale"] = str(time_base.denominator)
        self._container: OutputContainer = av.open(file, "w", format=container_format, options=options)
        if isinstance(source, str):
            stream = self._container.add_stream(source)
            assert isinstance(stream, VideoStream)
        else:
            stream = self._container.add_stream_from_template(source)
        stream.time_base = time_base
        self.stream = stream
        """The stream, with the codec context of the encoder if one was named."""
        self._off: int | None = None

    def __enter__(self) -> "PacketSink":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # after an error, that error is the one to tell
        with contextlib.nullcontext() if kind is None else contextlib.suppress(av.error.FFmpegError, OSError):
            self._container.close()

    def write(self, packet: "Packet[VideoStream]") -> None:
        """Writes a packet (in coding order, pts and dts in units of the sink's time base); it is changed."""
        assert packet.pts is not None and packet.dts is not None
        if self._off is None:
            self._off = taken_off(self._format, time_base=self._time_base, pts=packet.pts, dts=packet.dts)
            if self._off:
                self._container.metadata["comment"] = f"{_COMMENT}{self._off}"
        packet.pts -= self._off
        packet.dts -= self._off
        packet.time_base = self._time_base
        packet.stream = self.stream
        self._container.mux(packet)


def open_segment(path: Path) -> InputContainer:
    """Opens a segment for reading; OutputError if it is missing or not a segment."""
    try:
        container = open_media(path)
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(f"cannot read the segment {path}: {error.strerror}") from error
    if not container.streams.video:
        container.close()
        raise OutputError(f"cannot read the segment {path}: no video in it")
    return container


def ticks(container: InputContainer, seconds: Fraction, *, time_base: Fraction) -> int | None:
    """A time of an intermediate in the film's own ticks; None if it is not a whole number of them."""
    comment = container.metadata.get("comment", "")
    off = int(comment.removeprefix(_COMMENT)) if comment.startswith(_COMMENT) else 0
    exact = seconds / time_base + off
    return int(exact) if exact.denominator == 1 else None


@functools.cache
def _nut_codecs() -> frozenset[str]:
    with av.open(os.devnull, "w", format="nut") as container:
        return frozenset(container.supported_codecs)
