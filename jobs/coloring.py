"""The colour of one segment, frame by frame: predicted and steadied, or the source's own."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import cv2
import numpy as np
import numpy.typing as npt

from jobs.wanted import Film
from pipeline.color import ab_to_chroma, lightness, luma_coefficients, luma_to_unit, resolve_color
from pipeline.decode import FrameReader
from pipeline.interlace import seen_luma
from pipeline.media import Plane, Segment
from pipeline.passthrough import own_colors
from pipeline.predict import NetFrame, NetSize, Predictor, net_frame, shrink
from pipeline.prefetch import ahead
from pipeline.proxy import ProxyFrame
from pipeline.steady import Steadier, SteadySettings

DECODE_AHEAD_FRAMES = 16
"""Frames that are decoded before they are needed."""
_STEADY_LINES = 112

Count = Callable[[], None]


def predict_colors(
    reader: FrameReader,
    segment: Segment,
    *,
    film: Film,
    predictor: Predictor,
    settings: SteadySettings,
    on_frame: Count,
    on_luma: Callable[[Plane], None],
) -> Iterator[ProxyFrame]:
    """The colour of the segment's frames, out of these and the frames around them that it may see.

    `on_luma` is told the luma of every frame that is looked at, in order. Nothing is kept from one segment to the
    next. Raises DeviceError.
    """
    info, color = film.info, resolve_color(film.info)
    layout = _layout(film, segment, predictor.short_side)
    steadier = Steadier(layout.whole.output, settings=settings)
    lumas: list[npt.NDArray[np.float32]] = []
    numbers: list[int] = []

    def shown() -> Iterator[npt.NDArray[np.float32]]:
        """The frames that the network has to see, whose numbers go to `numbers`."""
        waiting: dict[int, npt.NDArray[np.float32]] = {}
        for number, frame in enumerate(reader.read(segment.lead_start, segment.lead_end)):
            on_luma(frame.luma)
            small = shrink(seen_luma(frame), layout.whole)
            net = luma_to_unit(small, depth=info.pixel_format.depth, range=info.color.range)
            lumas.append(shrink(net, NetSize(*layout.whole.output)))
            waiting[number] = lightness(layout.picture(net), transfer=color.transfer)
            if chosen := steadier.push(_guide(net)):
                numbers.extend(chosen)
                yield from map(waiting.__getitem__, chosen)
                waiting.clear()
        chosen = steadier.finish()
        numbers.extend(chosen)
        yield from map(waiting.__getitem__, chosen)

    predicted: list[npt.NDArray[np.float32]] = []
    done = segment.start
    with closing(ahead(shown(), depth=DECODE_AHEAD_FRAMES)) as pictures:
        for ab in predictor.predict(pictures):
            predicted.append(layout.framed(ab))
            seen = segment.lead_start + numbers[len(predicted) - 1] + 1
            for _ in range(done, min(seen, segment.end)):
                on_frame()
            done = max(done, seen)
    steadied = steadier.spread(np.stack(predicted))
    kept = slice(segment.start - segment.lead_start, segment.end - segment.lead_start)
    luma = np.stack(lumas[kept])
    kr, kb = luma_coefficients(color.matrix)
    cb, cr = ab_to_chroma(
        luma, steadied[kept], kr=kr, kb=kb, primaries=color.primaries, transfer=color.transfer
    )
    return (ProxyFrame(luma=y, cb=b, cr=r) for y, b, r in zip(luma, cb, cr, strict=True))


def own_colors_of(
    reader: FrameReader, segment: Segment, *, film: Film, short_side: int, grey: bool, on_frame: Count
) -> Generator[ProxyFrame, None, None]:
    """The segment's frames as the source has them, without its colour where `grey`."""
    height, width = _layout(film, segment, short_side).whole.output
    for frame in reader.read(segment.start, segment.end, chroma=not grey):
        yield own_colors(frame, film=film.info, height=height, width=width)
        on_frame()


def _layout(film: Film, segment: Segment, short_side: int) -> NetFrame:
    return net_frame(film.info, film.plan.shots[segment.shot].picture, short_side=short_side)


def _guide(net_luma: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The small luma (h, w) uint8 that the optical flow looks at, from luma 0..1 at the network's size."""
    scale = min(1.0, _STEADY_LINES / min(net_luma.shape))
    small = cv2.resize(net_luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return (small * 255 + 0.5).astype(np.uint8)
