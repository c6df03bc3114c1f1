"""Follows the places of a key frame through its whole shot, forward and backward, as far as somebody asks.

On the way every so many frames a copy is kept, so that the next segment of the shot need not start at the key frame
again. Memory does not grow with the film, and little with the shot.
"""

from collections.abc import Callable, Iterator

from pipeline.colorize.optical_flow import Flow, Luma
from pipeline.guidance.hints.travel import Carried, carry, start

_KEPT_EVERY = 64
"""Frames; also the longest stretch whose links are held at once."""

ReadGuides = Callable[[int, int], Iterator[Luma]]
"""The small lumas (H, W) of the frames from the first number to before the second."""


class KeyTravel:
    """The way of one key frame's places through its shot."""

    def __init__(
        self, number: int, shape: tuple[int, int], *, span: range, read: ReadGuides, tolerance: float
    ) -> None:
        """`number` is the key frame's, `shape` (h, w) that of its whole frame; `span` are the frames of its shot,
        `tolerance` is `Flow`'s."""
        self._number, self._shape, self._span = number, shape, span
        self._read, self._tolerance = read, tolerance
        self._kept = {number: start(shape)}

    def through(self, frames: range, wanted: frozenset[int]) -> dict[int, Carried]:
        """The key frame's places in those frames of `frames` (of the shot, one after the other) that are wanted."""
        found: dict[int, Carried] = {}
        if frames.stop - 1 > self._number:
            found |= self._forward(frames, wanted)
        if frames.start < self._number:
            found |= self._backward(frames, wanted)
        if self._number in wanted and self._number in frames:
            found[self._number] = self._kept[self._number]
        return found

    def _forward(self, frames: range, wanted: frozenset[int]) -> dict[int, Carried]:
        first = max(
            number for number in self._kept if self._number <= number <= max(frames.start, self._number)
        )
        here, found, flow = self._kept[first], {}, self._flow()
        for number, luma in enumerate(self._read(first, frames.stop), start=first):
            flow.push(luma)
            if number > first:
                here = carry(here, flow.to_previous.pop())
                flow.to_next.pop()
                self._keep(number, here)
            if number in wanted and number in frames:
                found[number] = here
        return found

    def _backward(self, frames: range, wanted: frozenset[int]) -> dict[int, Carried]:
        last = min(
            number for number in self._kept if min(frames.stop - 1, self._number) <= number <= self._number
        )
        here = self._kept[last]
        found = {last: here} if last in wanted and last in frames else {}
        while last > frames.start:
            start = max(frames.start, last - _KEPT_EVERY)
            flow = self._flow()
            for luma in self._read(start, last + 1):
                flow.push(luma)
            for number, link in zip(range(last - 1, start - 1, -1), reversed(flow.to_next), strict=True):
                here = carry(here, link)
                self._keep(number, here)
                if number in wanted and number in frames:
                    found[number] = here
            last = start
        return found

    def _flow(self) -> Flow:
        return Flow(self._shape, tolerance=self._tolerance)

    def _keep(self, number: int, here: Carried) -> None:
        if (number - self._span.start) % _KEPT_EVERY == 0:
            self._kept[number] = here
