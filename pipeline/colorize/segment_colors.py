"""Makes the colour of one segment frame by frame: predicted and smoothed over time, or the source's own."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.chroma_siting import place_at_luma
from pipeline.color.colorimetry import (
    Floats,
    ab_to_chroma,
    chroma_scale,
    luma_coefficients,
    luma_to_unit,
    resolve_color,
)
from pipeline.color.planes import resize_plane
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.network_view import NetworkView
from pipeline.colorize.predict import Network
from pipeline.colorize.temporal import SteadySettings, TemporalFilter
from pipeline.media import FilmInfo, Frame, Segment
from pipeline.prefetch import ahead
from pipeline.progress import FrameDone
from pipeline.source.frame_reader import FrameReader

DECODE_AHEAD_FRAMES = 16
"""Frames that are decoded before they are needed."""
_AT_ONCE_FRAMES = 16


class SegmentColors(NamedTuple):
    """The predicted colours of a segment's own frames, without its overlap."""

    luma: Floats
    """(N, h, w), 0..1, at the size of ab."""
    ab: Floats
    """(N, 2, h, w), CIE units, at the network's output size."""


def predict_colors(
    reader: FrameReader,
    segment: Segment,
    *,
    view: NetworkView,
    network: Network,
    settings: SteadySettings,
    on_frame: FrameDone | None = None,
    on_digest: Callable[[bytes], None] | None = None,
) -> SegmentColors:
    """The colours of the segment's frames, predicted from these and the overlap around them.

    `on_frame` is called once for each of its frames, `on_digest` with the digest of every luma that is read, in order.
    Frames that `view` has kept do not change the result. Raises DeviceError.
    """
    layout = view.layout(segment)
    temporal_filter = TemporalFilter(layout.whole.output, settings=settings, seams=view.seams(segment))
    lumas: list[npt.NDArray[np.float32]] = []
    numbers: list[int] = []

    def frames_to_predict() -> Iterator[npt.NDArray[np.float32]]:
        """The lightness of the frames to predict; their numbers go to `numbers`."""
        waiting: dict[int, npt.NDArray[np.float32]] = {}
        for number, frame in enumerate(view.frames(reader, segment)):
            if on_digest is not None:
                on_digest(frame.digest)
            lumas.append(frame.luma)
            waiting[number] = frame.lightness
            chosen = temporal_filter.push(frame.guide, known=frame.links)
            frame.links = temporal_filter.last_links
            if chosen:
                numbers.extend(chosen)
                yield from map(waiting.__getitem__, chosen)
                waiting.clear()
        chosen = temporal_filter.finish()
        numbers.extend(chosen)
        yield from map(waiting.__getitem__, chosen)

    predicted: list[npt.NDArray[np.float32]] = []
    done = segment.start
    with closing(ahead(frames_to_predict(), depth=DECODE_AHEAD_FRAMES)) as pictures:
        for ab in network.predict(pictures):
            predicted.append(layout.framed(ab))
            seen = segment.lead_start + numbers[len(predicted) - 1] + 1
            for _ in range(done, min(seen, segment.end)):
                if on_frame is not None:
                    on_frame()
            done = max(done, seen)
    steadied = temporal_filter.spread(np.stack(predicted))
    own = slice(segment.start - segment.lead_start, segment.end - segment.lead_start)
    return SegmentColors(luma=np.stack(lumas[own]), ab=steadied[own])


def as_proxy_frames(colors: SegmentColors, *, film: FilmInfo) -> Iterator[ProxyFrame]:
    """The colours as frames of the film's proxy, computed a few at a time to save memory."""
    color = resolve_color(film)
    kr, kb = luma_coefficients(color.matrix)
    for start in range(0, len(colors.luma), _AT_ONCE_FRAMES):
        luma, ab = (planes[start : start + _AT_ONCE_FRAMES] for planes in colors)
        cb, cr = ab_to_chroma(luma, ab, kr=kr, kb=kb, primaries=color.primaries, transfer=color.transfer)
        for planes in zip(luma, cb, cr, strict=True):
            yield ProxyFrame(luma=planes[0], cb=planes[1], cr=planes[2])


def own_colors_of(
    reader: FrameReader, segment: Segment, *, view: NetworkView, grey: bool, on_frame: FrameDone
) -> Generator[ProxyFrame, None, None]:
    """The segment's frames as the source has them, without its colour where `grey`."""
    height, width = view.layout(segment).whole.output
    for frame in reader.read(segment.start, segment.end, chroma=not grey):
        yield own_colors(frame, film=view.film, height=height, width=width)
        on_frame()


def own_colors(frame: Frame, *, film: FilmInfo, height: int, width: int) -> ProxyFrame:
    """A frame with its own colour, if it has any, as a proxy of that size shows it."""
    depth, range = film.pixel_format.depth, film.color.range
    luma = luma_to_unit(resize_plane(frame.luma, (width, height)), depth=depth, range=range)
    if frame.chroma is None:
        return ProxyFrame(luma=luma, cb=np.zeros_like(luma), cr=np.zeros_like(luma))
    centre, span = chroma_scale(depth, range)
    cb, cr = (
        _placed(plane.astype(np.float32) - np.float32(centre), film=film, interlaced=frame.is_interlaced)
        for plane in frame.chroma
    )
    cb, cr = (
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) * np.float32(1 / span)
        for plane in (cb, cr)
    )
    return ProxyFrame(luma=luma, cb=cb, cr=cr)


def _placed(plane: Floats, *, film: FilmInfo, interlaced: bool) -> Floats:
    """Chroma of a whole picture, for every sample of luma."""
    chroma, shape = film.pixel_format.chroma, (film.height, film.width)
    if chroma == "rgb":
        return plane
    site = resolve_color(film).chroma_site
    return place_at_luma(plane, shape=shape, site=site, chroma=chroma, interlaced=interlaced)
