"""Finds the points of a frame in the frames before and after it by optical flow, with a trust for each point."""

from dataclasses import dataclass
from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Luma = npt.NDArray[np.uint8]

_FLOW_STEPS = 8
_FLOW_SLACK = (0.15, 0.05)
"""Squared error that a flow may have there and back: ab samples, plus a share of the flow's square."""
_STANDING = (1.5, 2.0)
"""A point stands still while its squared difference of luma is below the moved one's: times, plus."""
_GRAIN_SHARE = 0.5
"""Of the squared luma tolerance: the most that is taken for grain."""
_EXPOSURE_ROUNDS = 2
_GAIN_LIMITS = (0.5, 2.0)


@dataclass(frozen=True, eq=False)
class Link:
    """Where the points of a frame lie in the frame before (or after) it."""

    across: Floats
    """(h, w) column in the other frame, in samples of ab."""
    down: Floats
    """(h, w) line in the other frame."""
    trust: Floats
    """(h, w) 0..1."""

    def warp(self, values: Floats, *, border: int = cv2.BORDER_CONSTANT) -> Floats:
        """Warps values (h, w) or (h, w, n) of the other frame to this one; 0 where they come from outside."""
        return _at(values, self.across, self.down, border=border)


class Links(NamedTuple):
    """Between a frame and the one before it."""

    to_previous: Link
    to_next: Link
    """From the frame before to this one."""


class Flow:
    """The links between the frames of a shot, which are pushed one by one."""

    def __init__(self, shape: tuple[int, int], *, tolerance: float) -> None:
        """Links have `shape` (h, w). `tolerance`: difference of luma (of 255, exposure matched) at which trust has
        fallen to 37 %."""
        self._size, self._tolerance = (shape[1], shape[0]), tolerance
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._dis.setFinestScale(1)
        self._dis.setGradientDescentIterations(_FLOW_STEPS)
        columns, lines = (np.arange(side, dtype=np.float32) for side in self._size)
        self._grid = np.stack(np.meshgrid(columns, lines), axis=-1)
        self._last: tuple[Luma, Floats] | None = None
        self.to_previous: list[Link] = []
        """From every frame but the first to the one before it."""
        self.to_next: list[Link] = []
        """From every frame but the last to the one after it."""

    @property
    def last_links(self) -> Links | None:
        """Those of the frame that came last; None if it was the first."""
        return Links(self.to_previous[-1], self.to_next[-1]) if self.to_previous else None

    def push(self, luma: Luma, *, known: Links | None = None) -> None:
        """Takes the next frame: (H, W) uint8, all of one size; 112 lines are enough. `known` links are not
        computed again."""
        small = _resize(luma.astype(np.float32), self._size)
        if self._last is not None:
            links = known or self._find_links(*self._last, luma, small)
            self.to_previous.append(links.to_previous)
            self.to_next.append(links.to_next)
        self._last = luma, small

    def _find_links(self, luma_before: Luma, before: Floats, luma: Luma, small: Floats) -> Links:
        back, forth = self._find(luma, luma_before), self._find(luma_before, luma)
        return Links(self._link(small, before, back, forth), self._link(before, small, forth, back))

    def _find(self, here: Luma, there: Luma) -> Floats:
        scale = np.array([self._size[0] / here.shape[1], self._size[1] / here.shape[0]], np.float32)
        found = cast(Floats, self._dis.calc(here, there, cast(Floats, None)))
        return _resize(found, self._size) * scale

    def _link(self, here: Floats, there: Floats, flow: Floats, reverse: Floats) -> Link:
        grid, tolerance = self._grid, self._tolerance
        place = grid + flow
        across, down = np.ascontiguousarray(place[..., 0]), np.ascontiguousarray(place[..., 1])
        returned = _at(reverse, across, down)
        size = _square(flow) + _square(returned)
        returned += flow
        trust_flow = np.exp(-_square(returned) / (_FLOW_SLACK[0] + _FLOW_SLACK[1] * size))
        moved = _at(there, across, down)
        gain, offset = _exposure(moved, here)
        difference_moved = _local_square(moved * gain + offset - here)
        difference_still = _local_square(there * gain + offset - here)
        # The flow of what stands still is made of grain: use it where it is clearly better.
        stands = difference_still <= difference_moved * _STANDING[0] + _STANDING[1]
        difference = np.where(stands, difference_still, difference_moved)
        # What half of the picture differs by is grain, no sign that a point was lost.
        difference -= min(float(np.median(difference)), tolerance**2 * _GRAIN_SHARE)
        np.maximum(difference, 0, out=difference)
        trust = np.where(stands, 1, trust_flow)
        trust *= np.exp(difference * np.float32(-1 / tolerance**2))
        return Link(np.where(stands, grid[..., 0], across), np.where(stands, grid[..., 1], down), trust)


def _exposure(source: Floats, target: Floats) -> tuple[np.float32, np.float32]:
    """Gain and offset that bring one picture's exposure to the other's, whatever moves in it."""
    x, y = source.ravel(), target.ravel()
    gain, offset = np.float32(1), np.float32(np.median(y[::4] - x[::4]))
    for _ in range(_EXPOSURE_ROUNDS):
        off = np.abs(x * gain + offset - y)
        inside = off <= max(2 * float(off.mean()), 1.0)
        x_in, y_in = x[inside], y[inside]
        mean_x, mean_y = x_in.mean(), y_in.mean()
        x_in, y_in = x_in - mean_x, y_in - mean_y
        spread = float(x_in @ x_in)
        if spread > 4.0 * len(x_in):
            gain = np.float32(np.clip(float(x_in @ y_in) / spread, *_GAIN_LIMITS))
        offset = np.float32(mean_y - gain * mean_x)
    return gain, offset


def _at(picture: Floats, across: Floats, down: Floats, *, border: int = cv2.BORDER_REPLICATE) -> Floats:
    """The picture's values at those columns and lines, between its samples too."""
    return cast(Floats, cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=border, borderValue=0))


def _resize(picture: Floats, size: tuple[int, int]) -> Floats:
    return cast(Floats, cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _square(vectors: Floats) -> Floats:
    x, y = vectors[..., 0], vectors[..., 1]
    return x * x + y * y


def _local_square(difference: Floats) -> Floats:
    return cast(Floats, cv2.blur(difference * difference, (3, 3)))
