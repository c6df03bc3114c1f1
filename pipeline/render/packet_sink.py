"""The video-only stream between encoding, joining and muxing: a segment on disk, or the whole film in a pipe.

The format is NUT, which holds any time base, or fragmented MOV for codecs that NUT cannot name (ProRes). NUT cannot
hold a time below zero, and fragmented MOV starts at zero. So an offset may be subtracted from all times; it is written
into the file's comment tag.
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
"""Begins the comment tag; the offset in ticks follows."""


def intermediate_format(codec: str) -> IntermediateFormat:
    """The intermediate format that can hold a codec, by FFmpeg's name of the codec or of one of its encoders."""
    return "nut" if codec in _nut_codecs() else "mov"


def time_offset(container_format: IntermediateFormat, *, time_base: Fraction, pts: int, dts: int) -> int:
    """Ticks to subtract from all times of a stream, so that the format can hold them.

    `pts` and `dts` are those of the first packet. For NUT the offset is a whole number of seconds, 0 unless the film
    starts below zero; for MOV it is the first dts.
    """
    if container_format == "mov":
        return dts
    second = time_base.denominator  # this many ticks are `time_base.numerator` whole seconds
    return min(0, pts // second * second)


class PacketSink:
    """Writes the packets of one video stream, whatever its times, to a file or a pipe that the caller closes."""

    def __init__(
        self,
        file: IO[bytes],
        *,
        container_format: IntermediateFormat,
        time_base: Fraction,
        source: str | VideoStream,
    ) -> None:
        """`source` is FFmpeg's name of the encoder that makes the packets, or the stream that they are copied from."""
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
        """The stream that is written; its codec context is the encoder's, not opened, where `source` names one."""
        self._offset: int | None = None

    def __enter__(self) -> "PacketSink":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # an error of the block is the one to report, not one of closing
        with contextlib.nullcontext() if kind is None else contextlib.suppress(av.error.FFmpegError, OSError):
            self._container.close()

    def write(self, packet: "Packet[VideoStream]") -> None:
        """Writes the next packet in coding order, pts and dts in ticks of the sink's time base; consumes the packet."""
        assert packet.pts is not None and packet.dts is not None
        if self._offset is None:
            self._offset = time_offset(
                self._format, time_base=self._time_base, pts=packet.pts, dts=packet.dts
            )
            if self._offset:
                self._container.metadata["comment"] = f"{_COMMENT}{self._offset}"
        packet.pts -= self._offset
        packet.dts -= self._offset
        packet.time_base = self._time_base
        packet.stream = self.stream
        self._container.mux(packet)


def open_segment(path: Path) -> InputContainer:
    """Opens a rendered segment for reading. Raises OutputError where it is missing or holds no video."""
    try:
        container = open_media(path)
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(f"cannot read the segment {path}: {error.strerror}") from error
    if not container.streams.video:
        container.close()
        raise OutputError(f"cannot read the segment {path}: no video in it")
    return container


def film_ticks(container: InputContainer, seconds: Fraction, *, time_base: Fraction) -> int | None:
    """A time in an intermediate file, in ticks of the film's `time_base`; None where it is no whole number of them."""
    comment = container.metadata.get("comment", "")
    offset = int(comment.removeprefix(_COMMENT)) if comment.startswith(_COMMENT) else 0
    exact = seconds / time_base + offset
    return int(exact) if exact.denominator == 1 else None


@functools.cache
def _nut_codecs() -> frozenset[str]:
    with av.open(os.devnull, "w", format="nut") as container:
        return frozenset(container.supported_codecs)
