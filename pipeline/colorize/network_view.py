"""Shrinks a film's luma to the sizes at which the network and the optical flow work.

Two segments that meet inside a shot share some frames. The results for these are kept from the first segment for the
second: they come out the same, and the film need not be decoded again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.colorimetry import lightness, luma_to_unit, resolve_color
from pipeline.colorize.net_frame import NetFrame, NetSize, net_frame, shrink
from pipeline.colorize.optical_flow import Links
from pipeline.colorize.temporal import Seams
from pipeline.fields import seen_luma
from pipeline.media import FilmInfo, Frame, Plane, Segment
from pipeline.plan.plan import Plan
from pipeline.source.frame_reader import FrameReader

_STEADY_LINES = 112
_MOST_KEPT = 64
"""Frames; so many have less than 40 MB at the default size."""

Floats = npt.NDArray[np.float32]
Digest = Callable[[Plane], bytes]


@dataclass(kw_only=True, eq=False)
class FrameView:
    """The small pictures of a frame."""

    luma: Floats
    """(h, w), 0..1, at the size of the predicted ab."""
    lightness: Floats
    """(H, W) of the picture inside its borders, 0..100: the input of the network."""
    guide: npt.NDArray[np.uint8]
    """The small luma for the optical flow."""
    digest: bytes
    """Of the whole luma, where one is taken."""
    links: Links | None = None
    """To the frame before and back, once they are found."""


class NetworkView:
    """Makes a film's frames small, segment by segment; used from one thread at a time."""

    def __init__(self, film: FilmInfo, *, plan: Plan, short_side: int, digest: Digest | None = None) -> None:
        """`short_side` is the network's, in samples; `digest` is taken of the luma of every frame."""
        self.film = film
        self._plan, self._short_side, self._digest = plan, short_side, digest
        self.transfer = resolve_color(film).transfer
        self._kept: dict[int, FrameView] = {}

    def layout(self, segment: Segment) -> NetFrame:
        """The sizes and borders with which the network gets the segment's frames."""
        return self.layout_of(segment.shot)

    def layout_of(self, shot: int) -> NetFrame:
        """The sizes and borders with which the network gets the frames of a shot."""
        return net_frame(self.film, self._plan.shots[shot].picture, short_side=self._short_side)

    def seams(self, segment: Segment) -> Seams:
        """Where segments of the shot meet, at this one and its neighbours, counted from its first frame read."""
        reach = max(segment.start - segment.lead_start, segment.lead_end - segment.end)
        near = self._plan.segments[max(0, segment.index - 2) : segment.index + 3]
        starts = [one.start for one in near if one.shot == segment.shot]
        first = self._plan.shots[segment.shot].start
        return Seams(tuple(start - segment.lead_start for start in starts if start > first), reach)

    def part(self, reader: FrameReader, shot: int, start: int, end: int) -> Iterator[FrameView]:
        """The frames `start` to `end` of a shot, in order; nothing is kept of them. Raises as `frames`."""
        layout = self.layout_of(shot)
        return (self._view(frame, layout) for frame in reader.read(start, end))

    def frames(self, reader: FrameReader, segment: Segment) -> Iterator[FrameView]:
        """The segment's frames and those of its overlap, in order. Raises SourceError as `FrameReader.read`."""
        layout, number = self.layout(segment), segment.lead_start
        kept, self._kept = self._kept, {}
        shared = self._shared(segment)
        while number < segment.lead_end and number in kept:
            yield self._keep(number, kept.pop(number), shared)
            number += 1
        for frame in reader.read(number, segment.lead_end):
            yield self._keep(number, self._view(frame, layout), shared)
            number += 1

    def _shared(self, segment: Segment) -> range:
        """The frames of this segment that the next one needs too."""
        after = self._plan.segments[segment.index + 1 : segment.index + 2]
        if not after or after[0].shot != segment.shot:
            return range(0)
        first = after[0].lead_start
        return range(first, min(segment.lead_end, first + _MOST_KEPT))

    def _keep(self, number: int, view: FrameView, shared: range) -> FrameView:
        if number in shared:
            self._kept[number] = view
        return view

    def _view(self, frame: Frame, layout: NetFrame) -> FrameView:
        small = shrink(seen_luma(frame), layout.whole)
        net = luma_to_unit(small, depth=self.film.pixel_format.depth, range=self.film.color.range)
        return FrameView(
            luma=shrink(net, NetSize(*layout.whole.output)),
            lightness=lightness(layout.picture(net), transfer=self.transfer),
            guide=_guide(net),
            digest=self._digest(frame.luma) if self._digest else b"",
        )


def _guide(net_luma: Floats) -> npt.NDArray[np.uint8]:
    """(h, w) uint8 from luma 0..1 at the network's size."""
    scale = min(1.0, _STEADY_LINES / min(net_luma.shape))
    small = cv2.resize(net_luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return (small * 255 + 0.5).astype(np.uint8)
