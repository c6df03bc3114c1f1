"""Smooths the ab of one shot over time, along the optical flow, so that colours stay with the things in the picture.

Two recursive averages run over the shot, one forward and one backward. Each carries, for every point, the sum of its
colours so far and the number of frames in that sum. Both are warped along the flow to the next frame and weighted
there by the root of the trust, which is high where flow and luma agree. The two averages are added, so nothing lags,
and both ends of the shot are as steady as its middle. Where nothing changes, each average reaches over some fifty
frames, so that a thing has the colour that the shot says on the whole, not that of the moment.

A long shot comes in parts. Around the seam between two parts the averages reach less far: what only one of the parts
sees has hardly any weight there, and the colours of both are the same.

A frame whose points are all found in its neighbours needs no prediction: the averages bring its colours. So the
network predicts every fourth frame, and those in which something new appears.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.colorize.optical_flow import Floats, Flow, Link, Links, Luma
from pipeline.errors import SettingsError

_LEFT_AT_SEAM = 0.03
"""What is left, at a seam, of the weight of a frame that only one of the two parts sees."""
_KEPT_COLORFULNESS = 0.97
_MAX_GAIN = 1.15
_FOUND = 0.2
"""Trust, over all links to a frame with a colour of its own, above which a point counts as found there."""
_MOST_LOST = 0.15
"""Share of a frame's points that may be lost before it needs a colour of its own."""
_LEAST_TRUST = 0.01
"""Of a link to a frame without a colour of its own, whose lost points have to take the colour of some neighbour."""


@dataclass(frozen=True, kw_only=True)
class SteadySettings:
    """How strongly colours are smoothed over time."""

    strength: float = 0.98
    """Share of its sum that a point keeps from frame to frame, 0 to 0.98; 0 leaves every frame as it is."""
    luma_tolerance: float = 8.0
    """Difference of luma (of 255, exposure matched) at which that share has fallen to 37 %."""
    predict_every: int = 4
    """Of so many frames, 1 to 8, one at least gets a colour of its own; the others only if something in them is new."""

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 0.98:
            raise SettingsError(f"steady.strength: {self.strength} is not in 0 to 0.98")
        if not self.luma_tolerance > 0:
            raise SettingsError(f"steady.luma_tolerance: {self.luma_tolerance} is not above 0")
        if not 1 <= self.predict_every <= 8:
            raise SettingsError(f"steady.predict_every: {self.predict_every} is not in 1 to 8")


@dataclass(frozen=True)
class Seams:
    """Where the parts of a shot meet."""

    frames: tuple[int, ...] = ()
    """The first frame of each part that has one before it, counted from the filter's first frame; may lie outside."""
    reach: int = 0
    """Frames on either side of a seam that both parts see."""


class TemporalFilter:
    """Smooths one shot: chooses which of its frames need a prediction, then spreads these over all frames."""

    def __init__(
        self, shape: tuple[int, int], *, settings: SteadySettings, seams: Seams | None = None
    ) -> None:
        """`shape` (h, w) of ab. All frames must be of one shot: there is no test for cuts."""
        self._shape, self._settings, self._seams = shape, settings, seams or Seams()
        self._flow = Flow(shape, tolerance=settings.luma_tolerance)
        self._count = 0
        self._chosen: list[int] = []

    @property
    def last_links(self) -> Links | None:
        """The links between the last frame and the one before it; None where none were computed."""
        return self._flow.last_links

    def push(self, luma: Luma, *, known: Links | None = None) -> list[int]:
        """Takes the next frame's luma (H, W) uint8; returns the frames now known to need a colour, in order.

        `known` are the `last_links` of another filter for the same two frames, so that they are not computed again.
        """
        number = self._count
        self._count += 1
        if self._settings.strength == 0:
            return self._choose([number])
        self._flow.push(luma, known=known)
        return [] if number % self._settings.predict_every else self._close(number)

    def finish(self) -> list[int]:
        """After the last frame: the frames that need a colour too."""
        last = self._count - 1
        return self._close(last) if last > self._chosen[-1] else []

    def spread(self, ab: Floats) -> Floats:
        """The smoothed ab (N, 2, h, w) of all frames from the predictions (K, 2, h, w) for the chosen frames.

        One frame, or strength 0, comes back as it is.
        """
        if len(ab) != len(self._chosen):
            raise ValueError(f"{len(ab)} pictures of colour for {len(self._chosen)} frames")
        if self._count < 2 or self._settings.strength == 0:
            return ab.astype(np.float32)
        own = np.zeros(self._count, np.bool_)
        own[self._chosen] = True
        given = np.zeros((self._count, *self._shape, 3), np.float32)
        given[own, ..., :2] = np.moveaxis(ab, 1, -1)
        given[own, ..., 2] = 1
        strengths = self._strengths()
        behind = list(_sums(given, self._flow.to_previous, strengths))
        steadied = np.empty((self._count, 2, *self._shape), np.float32)
        for number, ahead in enumerate(
            _sums(given[::-1], self._flow.to_next[::-1], strengths[::-1]), start=1
        ):
            total = behind.pop() + ahead - given[-number]
            steadied[-number] = np.moveaxis(total[..., :2] / total[..., 2:], -1, 0)
        steadied *= _saturation_gain(steadied[own], ab)
        return steadied

    def _close(self, number: int) -> list[int]:
        """Chooses frame `number`, and the frames since the last chosen one that have too many points lost."""
        if not self._chosen:
            return self._choose([number])
        first = self._chosen[-1]
        lost = [share > _MOST_LOST for share in self._lost(first, number)]
        between = [first + at for at, is_lost in enumerate(lost, start=1) if is_lost]
        return self._choose([*between, number])

    def _lost(self, first: int, last: int) -> list[float]:
        """For each frame between two: the share of its points that are found in neither."""
        behind, ahead = [], []
        found = np.ones(self._shape, np.float32)
        for link in self._flow.to_previous[first : last - 1]:
            found = link.warp(found) * link.trust
            behind.append(found)
        found = np.ones(self._shape, np.float32)
        for link in self._flow.to_next[last - 1 : first : -1]:
            found = link.warp(found) * link.trust
            ahead.append(found)
        pairs = zip(behind, reversed(ahead), strict=True)
        return [float((np.maximum(one, other) < _FOUND).mean()) for one, other in pairs]

    def _choose(self, numbers: list[int]) -> list[int]:
        self._chosen += numbers
        return numbers

    def _strengths(self) -> Floats:
        """(frames - 1): the strength between each frame and the next one."""
        strengths = np.full(self._count - 1, self._settings.strength, np.float32)
        reach = self._seams.reach
        for seam in self._seams.frames if reach else ():
            near = slice(max(0, seam - reach), max(0, seam + reach - 1))
            strengths[near] = min(self._settings.strength, _LEFT_AT_SEAM ** (1 / reach))
        return strengths


def _sums(given: Floats, links: Sequence[Link], strengths: Floats) -> Iterator[Floats]:
    """(h, w, 3) for each frame: sum of a, sum of b and count of the colours behind each point, its own included."""
    sums = given[0]
    yield sums
    for own, link, strength in zip(given[1:], links, strengths, strict=True):
        trust = np.sqrt(link.trust)
        if own[0, 0, 2]:
            carried = link.warp(sums)
        else:
            carried = link.warp(sums, border=cv2.BORDER_REPLICATE)
            np.maximum(trust, np.float32(_LEAST_TRUST), out=trust)
        sums = own + carried * (trust * strength)[..., None]
        yield sums


def _saturation_gain(mean: Floats, ab: Floats) -> np.float32:
    """One factor for the shot that gives back the colourfulness which averaging took, up to a limit."""
    before, after = _colorfulness(ab), _colorfulness(mean)
    if after <= 0:
        return np.float32(1)
    return np.float32(np.clip(_KEPT_COLORFULNESS * before / after, 1, _MAX_GAIN))


def _colorfulness(ab: Floats) -> float:
    """Mean over the frames of spread + 0.37 distance from grey (Hasler and Suesstrunk's measure in Lab;
    `models.colorfulness` is theirs in RGB)."""
    spread = np.sqrt(ab.var(axis=(2, 3)).sum(axis=1))
    centre = np.sqrt(np.square(ab.mean(axis=(2, 3))).sum(axis=1))
    return float((spread + 0.37 * centre).mean())
