"""The colour of one segment, frame by frame: predicted and steadied, or the source's own."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import numpy as np
import numpy.typing as npt

from jobs.looks import Looks
from jobs.wanted import Film
from pipeline.color import Floats, ab_to_chroma, luma_coefficients, resolve_color
from pipeline.decode import FrameReader
from pipeline.media import ColorDescription, Segment
from pipeline.passthrough import own_colors
from pipeline.predict import Predictor
from pipeline.prefetch import ahead
from pipeline.proxy import ProxyFrame
from pipeline.steady import Steadier, SteadySettings

DECODE_AHEAD_FRAMES = 16
"""Frames that are decoded before they are needed."""
_AT_ONCE_FRAMES = 16

Count = Callable[[], None]


def predict_colors(
    reader: FrameReader,
    segment: Segment,
    *,
    film: Film,
    looks: Looks,
    predictor: Predictor,
    settings: SteadySettings,
    on_frame: Count,
    on_digest: Callable[[bytes], None],
) -> Iterator[ProxyFrame]:
    """The colour of the segment's frames, out of these and the frames around them that it may see.

    `on_digest` is told the digest of every luma that is looked at, in order. What `looks` has kept changes nothing in
    the result. Raises DeviceError.
    """
    color, layout = resolve_color(film.info), looks.layout(segment)
    steadier = Steadier(layout.whole.output, settings=settings)
    lumas: list[npt.NDArray[np.float32]] = []
    numbers: list[int] = []

    def shown() -> Iterator[npt.NDArray[np.float32]]:
        """The frames that the network has to see, whose numbers go to `numbers`."""
        waiting: dict[int, npt.NDArray[np.float32]] = {}
        for number, look in enumerate(looks.at(reader, segment)):
            on_digest(look.digest)
            lumas.append(look.luma)
            waiting[number] = look.lightness
            chosen = steadier.push(look.guide, known=look.links)
            look.links = steadier.last_links
            if chosen:
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
    return _proxy_frames(np.stack(lumas[kept]), steadied[kept], color=color)


def own_colors_of(
    reader: FrameReader, segment: Segment, *, film: Film, looks: Looks, grey: bool, on_frame: Count
) -> Generator[ProxyFrame, None, None]:
    """The segment's frames as the source has them, without its colour where `grey`."""
    height, width = looks.layout(segment).whole.output
    for frame in reader.read(segment.start, segment.end, chroma=not grey):
        yield own_colors(frame, film=film.info, height=height, width=width)
        on_frame()


def _proxy_frames(luma: Floats, ab: Floats, *, color: ColorDescription) -> Iterator[ProxyFrame]:
    """Luma (N, h, w) and ab (N, 2, h, w) as frames of a proxy; a few at a time, for what lies between is large."""
    kr, kb = luma_coefficients(color.matrix)
    for start in range(0, len(luma), _AT_ONCE_FRAMES):
        part = slice(start, start + _AT_ONCE_FRAMES)
        cb, cr = ab_to_chroma(
            luma[part], ab[part], kr=kr, kb=kb, primaries=color.primaries, transfer=color.transfer
        )
        for planes in zip(luma[part], cb, cr, strict=True):
            yield ProxyFrame(luma=planes[0], cb=planes[1], cr=planes[2])
