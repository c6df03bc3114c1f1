"""Colour that stays with the things in the picture: ab of one shot, made steady along the optical flow.

Two recursive averages run over the shot, one forward and one backward. Each carries the sum of the colours
that a point had and the number of frames in that sum, warps both along the flow to the next frame and trusts
them there as far as flow and luma agree. The two are added, so nothing lags and both ends of the shot are
as steady as its middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.errors import SettingsError

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
_KEPT_COLORFULNESS = 0.97
_MAX_GAIN = 1.15


@dataclass(frozen=True, kw_only=True)
class SteadySettings:
    """How hard colours are held over time."""

    strength: float = 0.9
    """Share of its sum that a point keeps from frame to frame, 0 to 0.98; 0 leaves every frame as it is."""
    luma_tolerance: float = 8.0
    """Difference of luma (of 255, exposure matched) at which that share has fallen to 37 %."""

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 0.98:
            raise SettingsError(f"steady.strength: {self.strength} is not in 0 to 0.98")
        if not self.luma_tolerance > 0:
            raise SettingsError(f"steady.luma_tolerance: {self.luma_tolerance} is not above 0")


@dataclass(frozen=True, eq=False)
class _Link:
    """How a frame's points are found in the frame before (or after) it."""

    across: Floats
    """(h, w) column in the other frame, in samples of ab."""
    down: Floats
    """(h, w) line in the other frame."""
    trust: Floats
    """(h, w) 0..1."""


def steady(luma: Luma, ab: Floats, *, settings: SteadySettings) -> Floats:
    """The colours of one shot without their flicker: (N, 2, h, w) float32, like `ab`.

    luma (N, H, W) uint8 shows the same frames; 112 lines are enough. All frames must be of one shot: there
    is no test for cuts. One frame, or strength 0, comes back as it is.
    """
    if len(luma) != len(ab):
        raise ValueError(f"{len(luma)} pictures of luma, {len(ab)} of colour")
    if len(ab) < 2 or settings.strength == 0:
        return ab.astype(np.float32)
    to_previous, to_next = _links(luma, ab.shape[2:], tolerance=settings.luma_tolerance)
    forward = _sums(ab, to_previous, strength=settings.strength)
    backward = _sums(ab[::-1], to_next[::-1], strength=settings.strength)[::-1]
    count = forward[..., 2] + backward[..., 2] - 1
    mean = np.empty(ab.shape, np.float32)
    for channel in (0, 1):
        np.add(forward[..., channel], backward[..., channel], out=mean[:, channel])
    mean -= ab
    mean /= count[:, None]
    mean *= _saturation_gain(mean, ab)
    return mean


def _links(luma: Luma, shape: tuple[int, ...], *, tolerance: float) -> tuple[list[_Link], list[_Link]]:
    """From every frame but the first to the one before it, and from every one but the last to the next."""
    height, width = shape
    scale = np.array([width / luma.shape[2], height / luma.shape[1]], np.float32)
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    dis.setFinestScale(1)
    dis.setGradientDescentIterations(_FLOW_STEPS)
    grid = np.stack(
        np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), axis=-1
    )
    small = [_resize(picture.astype(np.float32), (width, height)) for picture in luma]
    to_previous, to_next = [], []
    for before in range(len(luma) - 1):
        after = before + 1
        back, forth = (
            _resize(cast(Floats, dis.calc(luma[here], luma[there], cast(Floats, None))), (width, height))
            * scale
            for here, there in ((after, before), (before, after))
        )
        to_previous.append(_link(small[after], small[before], back, forth, grid=grid, tolerance=tolerance))
        to_next.append(_link(small[before], small[after], forth, back, grid=grid, tolerance=tolerance))
    return to_previous, to_next


def _link(
    here: Floats, there: Floats, flow: Floats, reverse: Floats, *, grid: Floats, tolerance: float
) -> _Link:
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
    return _Link(np.where(stands, grid[..., 0], across), np.where(stands, grid[..., 1], down), trust)


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


def _sums(ab: Floats, links: Sequence[_Link], *, strength: float) -> Floats:
    """(N, h, w, 3): sum of a, sum of b and count of the frames behind each point, itself included."""
    sums = np.ones((len(ab), *ab.shape[2:], 3), np.float32)
    sums[..., :2] = np.moveaxis(ab, 1, -1)
    for number, link in enumerate(links, start=1):
        carried = _at(sums[number - 1], link.across, link.down, border=cv2.BORDER_CONSTANT)
        carried *= (link.trust * np.float32(strength))[..., None]
        sums[number] += carried
    return sums


def _saturation_gain(mean: Floats, ab: Floats) -> np.float32:
    """One factor for the shot that gives back the colourfulness which averaging took, up to a limit."""
    before, after = _colorfulness(ab), _colorfulness(mean)
    if after <= 0:
        return np.float32(1)
    return np.float32(np.clip(_KEPT_COLORFULNESS * before / after, 1, _MAX_GAIN))


def _colorfulness(ab: Floats) -> float:
    """Mean over the frames of spread + 0.37 distance from grey (Hasler and Suesstrunk's measure in Lab)."""
    spread = np.sqrt(ab.var(axis=(2, 3)).sum(axis=1))
    centre = np.sqrt(np.square(ab.mean(axis=(2, 3))).sum(axis=1))
    return float((spread + 0.37 * centre).mean())


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
