"""Colour that stays with the things in the picture: ab of one shot, made steady along the optical flow.

Two recursive averages run over the shot, one forward and one backward. Each carries the sum of the colours
that a point had and the number of frames in that sum, warps both along the flow to the next frame and trusts
them there as far as flow and luma agree. The two are added, so nothing lags and both ends of the shot are
as steady as its middle. What cannot be followed gets the correction of what lies around it.
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
"""Squared error, in ab samples, that a flow may have there and back: this plus that share of its square."""
_EXPOSURE_ROUNDS = 2
_GAIN_LIMITS = (0.5, 2.0)
_SURE_FRAMES = 3.0
"""Frames in a point's sum at which its own mean and its surroundings' correction count alike."""
_SURROUNDINGS = 0.25
"""Of the picture's height."""
_KEPT_COLORFULNESS = 0.97
_MAX_GAIN = 1.25


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

    luma (N, H, W) uint8 shows the same frames; 112 lines are enough. All frames must be of one shot: there is no
    test for cuts. One frame, or strength 0, comes back as it is.
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
    _correct_the_rest(mean, ab=ab, count=count)
    mean *= _saturation_gain(mean, ab)
    return mean


def _links(luma: Luma, shape: tuple[int, ...], *, tolerance: float) -> tuple[list[_Link], list[_Link]]:
    """From every frame but the first to the one before it, and from every one but the last to the next."""
    height, width = shape
    scale = np.array([width / luma.shape[2], height / luma.shape[1]], np.float32)
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    dis.setFinestScale(1)
    dis.setGradientDescentIterations(_FLOW_STEPS)
    grid = np.stack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), axis=-1)
    small = [cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) for picture in luma]
    to_previous, to_next = [], []
    for before in range(len(luma) - 1):
        after = before + 1
        back = cv2.resize(dis.calc(luma[after], luma[before], None), (width, height)) * scale
        forth = cv2.resize(dis.calc(luma[before], luma[after], None), (width, height)) * scale
        to_previous.append(_link(small[after], small[before], back, forth, grid=grid, tolerance=tolerance))
        to_next.append(_link(small[before], small[after], forth, back, grid=grid, tolerance=tolerance))
    return to_previous, to_next


def _link(
    here: Floats, there: Floats, flow: Floats, reverse: Floats, *, grid: Floats, tolerance: float
) -> _Link:
    place = grid + flow
    across, down = cv2.split(place)
    returned = cv2.remap(reverse, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    size = _square(flow) + _square(returned)
    returned += flow
    trust_flow = np.exp(-_square(returned) / (_FLOW_SLACK[0] + _FLOW_SLACK[1] * size))
    moved = cv2.remap(there, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    gain, offset = _exposure(moved, here)
    difference_moved = _local_square(moved * gain + offset - here)
    difference_still = _local_square(there * gain + offset - here)
    # The flow of an area that stands still is noise: use it only where it explains the picture better.
    stands = difference_still <= difference_moved
    trust = np.where(stands, 1, trust_flow)
    trust *= np.exp(np.minimum(difference_still, difference_moved) * np.float32(-1 / tolerance**2))
    return _Link(
        np.where(stands, grid[..., 0], across), np.where(stands, grid[..., 1], down), trust
    )


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
        carried = cv2.remap(
            sums[number - 1], link.across, link.down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        carried *= (link.trust * np.float32(strength))[..., None]
        sums[number] += carried
    return sums


def _correct_the_rest(mean: Floats, *, ab: Floats, count: Floats) -> None:
    """Gives points of few frames, in place, the correction that the points of many frames around them got."""
    height, width = mean.shape[2:]
    window = int(_SURROUNDINGS * height) | 1
    for number in range(len(mean)):
        extra = count[number] - 1
        sure = extra / (extra + np.float32(_SURE_FRAMES))
        correction = mean[number] - ab[number]
        spread = [
            cv2.blur(cv2.blur(plane, (window, window)), (window, window))
            for plane in (sure, sure * correction[0], sure * correction[1])
        ]
        for channel in (0, 1):
            around = spread[channel + 1] / (spread[0] + np.float32(1e-3))
            correction[channel] = sure * correction[channel] + (1 - sure) * around
        np.add(ab[number], correction, out=mean[number])


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


def _square(vectors: Floats) -> Floats:
    x, y = cv2.split(vectors)
    return cast(Floats, x * x + y * y)


def _local_square(difference: Floats) -> Floats:
    return cast(Floats, cv2.blur(difference * difference, (3, 3)))
