"""Encodes colour frames into a video-only file: exact times, the film's own luma, the same bytes in every run."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import av
import av.error
import av.filter
import numpy as np
from av.video.plane import VideoPlane

from pipeline.atomic_files import publish
from pipeline.errors import OutputError
from pipeline.media import CHROMA_SHIFTS, ColorDescription, ColorFrame, FilmInfo, Plane
from pipeline.render.encoder import (
    coded_size,
    ffmpeg_message,
    open_encoder,
    output_format,
)
from pipeline.render.packet_sink import PacketSink, intermediate_format
from pipeline.render.settings import EncodeSettings, codec_of

_FILTER_TRANSFERS = {"gamma22": "bt470m", "gamma28": "bt470bg"}
"""Transfer functions whose name in FFmpeg's filters is not that of its encoders."""


class FrameWriter:
    """Writes the frames of one segment to a file, which appears, whole, when the `with` block ends without an error.

    Every segment begins with a keyframe and refers to no other, so that segments can be joined by packets.
    Raises SettingsError where the encoder refuses the settings or does not know an option, OutputError where
    the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        film: FilmInfo,
        settings: EncodeSettings,
        width: int,
        height: int,
        color: ColorDescription,
    ) -> None:
        """Opens nothing yet; `width` and `height` are those of the frames, `color` their tags."""
        self._path = path
        self._film = film
        self._settings = settings
        self._size = (width, height)
        self._coded = coded_size(film, settings, width=width, height=height)
        self._color = color
        self._stack = contextlib.ExitStack()
        self._flaggers: dict[str, av.filter.Graph] = {}
        self._last_pts: int | None = None
        self.pixel_format = output_format(film, settings)
        """The format in which frames must come."""
        self.frame_count = 0
        """Frames written so far."""

    def __enter__(self) -> "FrameWriter":
        with contextlib.ExitStack() as stack:
            partial = stack.enter_context(publish(self._path))
            file = stack.enter_context(partial.open("wb"))
            self._sink = stack.enter_context(
                PacketSink(
                    file,
                    container_format=intermediate_format(codec_of(self._settings.codec)),
                    time_base=self._film.time_base,
                    source=self._settings.codec,
                )
            )
            self._context = self._sink.stream.codec_context
            open_encoder(
                self._context,
                film=self._film,
                settings=self._settings,
                size=self._coded,
                pixel_format=self.pixel_format,
                color=self._color,
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._encode(None)

    def write(self, frame: ColorFrame, *, times: Sequence[int] = ()) -> None:
        """Codes one frame, once at its own pts or once at each pts of `times`; no sample of it changes.

        Raises ValueError for a pts that does not come after the one before, and for planes of another size or sample
        type than the writer was made for.
        """
        filled = self._filled(frame)
        for pts in times or (frame.pts,):
            if self._last_pts is not None and pts <= self._last_pts:
                raise ValueError(f"{self._path}: frame at pts {pts} comes after the one at {self._last_pts}")
            self._last_pts = filled.pts = pts
            self._encode(self._flagged(filled, frame))
            self.frame_count += 1

    def _encode(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._context.encode(frame):
                self._sink.write(packet)
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):
                raise
            raise OutputError(
                f"{self._settings.codec} cannot code {self._path}: {ffmpeg_message(error)}"
            ) from error

    def _filled(self, frame: ColorFrame) -> av.VideoFrame:
        """Copies the planes into an FFmpeg frame; repeats last column and line where the codec needs a larger size."""
        out = av.VideoFrame(*self._coded, self.pixel_format.name)
        right, down = CHROMA_SHIFTS[self.pixel_format.chroma]
        width, height = self._size
        chroma = (-(-height >> down), -(-width >> right))
        dtype = np.uint8 if self.pixel_format.depth == 8 else np.uint16
        for target, samples, shape in zip(
            out.planes, (frame.luma, frame.cb, frame.cr), ((height, width), chroma, chroma), strict=True
        ):
            if samples.shape != shape or samples.dtype != dtype:
                found = f"{samples.shape} {samples.dtype}"
                raise ValueError(f"{self._path}: a plane is {found}, expected {shape} {np.dtype(dtype)}")
            _store(samples, target)
        out.time_base = self._film.time_base
        return out

    def _flagged(self, out: av.VideoFrame, frame: ColorFrame) -> av.VideoFrame:
        """The same picture with field flags and chroma site, which PyAV can only set with a filter."""
        mode = "prog" if not frame.is_interlaced else "tff" if frame.is_top_field_first else "bff"
        if mode not in self._flaggers:
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=out.width, height=out.height, format=out.format, time_base=self._film.time_base
            )
            flags = graph.add("setparams", _frame_tags(self._color, field_mode=mode))
            graph.link_nodes(source, flags, graph.add("buffersink")).configure()
            self._flaggers[mode] = graph
        graph = self._flaggers[mode]
        graph.vpush(out)
        return graph.vpull()


def _frame_tags(color: ColorDescription, *, field_mode: str) -> str:
    values = {
        "field_mode": field_mode,
        "range": color.range,
        "colorspace": color.matrix,
        "color_primaries": color.primaries,
        "color_trc": _FILTER_TRANSFERS.get(color.transfer, color.transfer),
        "chroma_location": color.chroma_site,
    }
    return ":".join(f"{name}={value}" for name, value in values.items() if value != "unspecified")


def _store(samples: Plane, target: VideoPlane) -> None:
    """Copies samples (h, w) into an FFmpeg plane, whose lines may be longer; repeats the last column and line."""
    height, width = samples.shape
    lines = np.frombuffer(cast(Any, target), samples.dtype).reshape(-1, target.line_size // samples.itemsize)
    picture = lines[: target.height, : target.width]
    picture[:height, :width] = samples
    picture[:height, width:] = samples[:, -1:]
    picture[height:] = picture[height - 1]
