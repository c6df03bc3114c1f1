"""The chroma proxy: the colour of a segment as a small film that any player shows and any grading program can change.

We write FFV1 in Matroska, yuv444p10le, in the film's matrix and range. A proxy from another program may have any size,
codec, depth, subsampling, range and matrix, or be RGB; it is converted to the same values when it is read.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.atomic_files import publish
from pipeline.color.chroma_siting import place_at_luma
from pipeline.color.colorimetry import (
    CENTERED_CODECS,
    Floats,
    chroma_scale,
    chroma_to_plane,
    chroma_to_rgb,
    luma_coefficients,
    luma_to_unit,
    resolve_color,
    unit_to_luma,
)
from pipeline.errors import SourceError
from pipeline.media import FilmInfo, Plane
from pipeline.read_monitor import reading
from pipeline.regular_file import refuse_special_file
from pipeline.source.color_tags import MATRICES
from pipeline.source.luma_planes import describe_pixels
from pipeline.source.open_media import open_media, set_up_decoder
from pipeline.source.unnamed_metadata import ask_filters

_DEPTH = 10
_TICK = Fraction(1, 1000)
_FULL_RANGE = 2
_LEAST_SAMPLES_OF_THREADS = 1 << 17
"""Of a picture; threads take longer to share a smaller one than one of them takes to decode it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ProxyFrame:
    """The colour of one frame, in the film's matrix; three (h, w) float32 planes."""

    luma: Floats
    """0..1; for people who look at the proxy, rendering makes no use of it."""
    cb: Floats
    """-0.5..0.5."""
    cr: Floats
    """-0.5..0.5."""


def write_proxy(path: Path, frames: Iterable[tuple[int, ProxyFrame]], *, film: FilmInfo) -> None:
    """Publishes (pts, frame) pairs as a proxy, whole or not at all; equal input gives equal bytes.

    The pts count the film's time base and increase; Matroska rounds them to 1 ms and moves a start below 0
    to 0. All frames have the size of the first. Raises OutputError where the file cannot be written.
    """
    with (
        publish(path) as partial,
        av.open(str(partial), "w", format="matroska", options={"fflags": "+bitexact"}) as container,
    ):
        stream: VideoStream | None = None
        tick = 0
        for pts, picture in frames:
            milliseconds = round(pts * film.time_base * 1000)
            if stream is None:
                stream = container.add_stream("ffv1", rate=film.rate_from_header or Fraction(25))
                _set_up(stream.codec_context, film=film, shape=picture.luma.shape)
                tick = milliseconds
            else:
                tick = max(tick + 1, milliseconds)  # two within one millisecond stay two
            frame = _frame(picture, range=film.color.range)
            frame.pts, frame.time_base = tick, _TICK
            container.mux(stream.encode(frame))
        if stream is None:
            raise ValueError(f"a proxy needs at least one frame: {path}")
        container.mux(stream.encode(None))


def read_proxy(
    path: Path, *, film: FilmInfo, frame_count: int, data: bytes | None = None
) -> Generator[ProxyFrame, None, None]:
    """The frames of a proxy, ours or foreign, in presentation order and in the film's matrix.

    With `data`, that is the file, and `path` what it is called.

    Tags of matrix and range are believed; without them the film's matrix and limited range are taken. Raises
    SourceError where the file cannot be decoded, has no colour, or holds more or fewer than `frame_count`
    frames; the error comes after the frames that are good.
    """
    if data is None:
        refuse_special_file(path)
    matrix = resolve_color(film).matrix
    found, site = 0, ""
    try:
        with (
            reading(path, film.limits) as tracker,
            open_media(path, data=data) as container,
        ):
            if not container.streams.video:
                raise SourceError(
                    f"colour proxy {path}: no video in it; a film of {frame_count} frames is needed"
                )
            stream = container.streams.video[0]
            is_large = stream.width * stream.height >= _LEAST_SAMPLES_OF_THREADS
            stream.thread_type = "AUTO" if is_large else "NONE"
            if not is_large:
                stream.codec_context.thread_count = 1
            set_up_decoder(stream.codec_context, most_pixels=film.limits.pixels)
            for frame in container.decode(stream):
                found += 1
                site = site or _site(stream, frame)
                tracker.frame(frame.pts)
                if found <= frame_count:
                    picture = _read(frame, matrix=matrix, site=site, path=path)
                    tracker.idle()
                    yield picture
                    tracker.busy()
    except (av.error.FFmpegError, OSError) as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(f"colour proxy {path}: cannot be decoded after {found} frames: {reason}") from error
    if found != frame_count:
        raise SourceError(f"colour proxy {path}: holds {found} frames, the film's part has {frame_count}")


def _site(stream: VideoStream, frame: VideoFrame) -> str:
    """Where the chroma of a proxy lies, as its tag says, else as its codec is used to have it."""
    site, _ = ask_filters(stream, frame)
    usual = "center" if stream.codec_context.name in CENTERED_CODECS else "left"
    return usual if site == "unspecified" else site


def _set_up(context: VideoCodecContext, *, film: FilmInfo, shape: tuple[int, ...]) -> None:
    height, width = shape
    color = resolve_color(film)
    context.width, context.height, context.pix_fmt = width, height, "yuv444p10le"
    context.time_base = _TICK
    context.flags |= Flags.bitexact
    context.thread_count = 1
    context.options = {
        "level": "3",
        "slicecrc": "1",
        "g": "1",
        "colorspace": color.matrix,
        "color_primaries": color.primaries,
        "color_trc": color.transfer,
        "color_range": "pc" if color.range == "full" else "tv",
    }


def _frame(picture: ProxyFrame, *, range: Literal["limited", "full"]) -> VideoFrame:
    height, width = picture.luma.shape
    frame = VideoFrame(width, height, "yuv444p10le")
    planes = (
        unit_to_luma(picture.luma, depth=_DEPTH, range=range),
        chroma_to_plane(picture.cb.copy(), depth=_DEPTH, range=range),
        chroma_to_plane(picture.cr.copy(), depth=_DEPTH, range=range),
    )
    for index, plane in enumerate(planes):
        _samples(frame, index, np.dtype(np.uint16))[:] = plane
    return frame


def _samples(frame: VideoFrame, index: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A view of one plane's samples."""
    plane = frame.planes[index]
    buffer: Any = plane  # has the buffer protocol, which its type does not say
    rows = np.frombuffer(buffer, dtype).reshape(plane.height, plane.line_size // dtype.itemsize)
    return rows[:, : plane.width]


def _read(frame: VideoFrame, *, matrix: str, site: str, path: Path) -> ProxyFrame:
    if frame.is_corrupt:
        raise SourceError(f"colour proxy {path}: the frame at pts {frame.pts} is damaged")
    if frame.format.is_rgb or frame.format.has_palette:
        return ProxyFrame(**_from_rgb(_rgb(frame), matrix))
    if len(frame.format.components) < 3:
        raise SourceError(f"colour proxy {path}: has no colour, its pixel format is {frame.format.name}")
    planes = _from_planes(frame, site=site)
    own = MATRICES.get(int(frame.colorspace), matrix)
    if luma_coefficients(own) != luma_coefficients(matrix):
        kr, kb = luma_coefficients(own)
        rgb = chroma_to_rgb(planes["luma"], planes["cb"], planes["cr"], kr=kr, kb=kb)
        planes = _from_rgb(rgb, matrix)
    return ProxyFrame(**planes)


def _from_planes(frame: VideoFrame, *, site: str) -> dict[str, Floats]:
    depth, name = frame.format.components[0].bits, frame.format.name
    if not name.startswith("yuv") or name.endswith("be") or not frame.format.is_planar or depth > 16:
        frame = frame.reformat(format="yuv444p16le" if depth > 8 else "yuv444p")
        depth = 16 if depth > 8 else 8
    is_full = name.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE
    range: Literal["limited", "full"] = "full" if is_full else "limited"
    dtype = np.dtype(np.uint8) if depth == 8 else np.dtype("<u2")
    luma: Plane = _samples(frame, 0, dtype)
    chroma = describe_pixels(frame.format.name).chroma
    centre, span = chroma_scale(depth, range)
    planes = {"luma": luma_to_unit(luma, depth=depth, range=range)}
    for index, key in ((1, "cb"), (2, "cr")):
        plane = _samples(frame, index, dtype).astype(np.float32)
        plane -= np.float32(centre)
        plane *= np.float32(1 / span)
        planes[key] = place_at_luma(
            plane, shape=luma.shape[:2], site=site, chroma=chroma, interlaced=bool(frame.interlaced_frame)
        )
    return planes


def _rgb(frame: VideoFrame) -> Floats:
    """(h, w, 3) in 0..1."""
    is_deep = max(part.bits for part in frame.format.components) > 8
    pixels = frame.to_ndarray(format="rgb48le" if is_deep else "rgb24")
    return np.multiply(pixels, np.float32(1 / (65535 if is_deep else 255)), dtype=np.float32)


def _from_rgb(rgb: Floats, matrix: str) -> dict[str, Floats]:
    kr, kb = luma_coefficients(matrix)
    luma: Floats = rgb @ np.array([kr, 1 - kr - kb, kb], np.float32)
    return {
        "luma": luma,
        "cb": (rgb[..., 2] - luma) * np.float32(0.5 / (1 - kb)),
        "cr": (rgb[..., 0] - luma) * np.float32(0.5 / (1 - kr)),
    }
