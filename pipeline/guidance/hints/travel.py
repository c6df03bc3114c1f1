"""Brings the hints of a shot's key frames to its other frames.

Along the optical flow a place is followed step by step, with a trust that falls on the way. Where the trust is gone,
places of the key frame that look alike give their colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.colorize.optical_flow import Link
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap, no_hints
from pipeline.guidance.hints.likeness import MapScale
from pipeline.guidance.hints.match import match

Floats = npt.NDArray[np.float32]

_TRUST_POWER = 1 / 3
"""Trust in a flow falls faster from link to link than its colours become wrong."""
_LUMA_TOLERANCE = 0.017
"""Difference of luma, exposure matched, at which a place that was followed far counts 37 %."""
_GRAIN_SHARE = 0.5
"""Of that, squared: the most that is taken for grain."""
_SURE = 0.98
"""Share of the flow from which on no match is looked for."""
_DISTANCE_FALL = 3.0
"""How fast a match counts less, beside those of other key frames, with its squared distance."""
_LEAST_WEIGHT = np.float32(1e-4)
"""A place that is like none still takes the colour of what is most alike."""
_SURELY_HINTED = (0.3, 0.7)
"""Share of the places found that have a hint: below the first there is none here, from the second on there is."""

_SAME_THING = (1.5, 4.0)
"""Squared distance to a still of another scene up to which it shows the same thing, and from which it shows another."""


@dataclass(frozen=True, eq=False)
class KeyFrame:
    """A frame of the shot for which colours were given."""

    number: int
    """Of the film."""
    sight: Sight
    luma: Floats
    """(h, w), 0..1."""
    hints: HintMap
    is_foreign: bool = False
    """A still of another scene, which has no number, no place in time."""


@dataclass(frozen=True, eq=False)
class Carried:
    """Where the optical flow finds the places of a frame in a key frame."""

    places: Floats
    """(h, w, 2): column and line in the key frame, in samples of ab."""
    trust: Floats
    """(h, w), 0..1: how surely each place was found again."""

    def of(self, planes: Floats) -> Floats:
        """Planes (C, h, w) of the key frame as they are in this frame."""
        across, down = (np.ascontiguousarray(self.places[..., axis]) for axis in (0, 1))
        moved = [
            cv2.remap(plane, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for plane in planes
        ]
        return np.asarray(moved, np.float32)


@dataclass(frozen=True, eq=False)
class TravelledHints(HintMap):
    """Hints of a frame that came from key frames."""

    spread: Floats
    """(h, w): how far apart the colours lie that flow and look find in the key frames, in CIE units."""


def start(shape: tuple[int, int]) -> Carried:
    """The places of a key frame (h, w) itself."""
    height, width = shape
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
    return Carried(places, np.ones((height, width), np.float32))


def nowhere(shape: tuple[int, int]) -> Carried:
    """No place of a frame (h, w) is found: for a still of another scene."""
    return Carried(np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32))


def carry(carried: Carried, link: Link) -> Carried:
    """The places one frame further; `link` leads from that frame to the one of `carried`."""
    places = link.warp(carried.places, border=cv2.BORDER_REPLICATE)
    return Carried(places, link.warp(carried.trust) * link.trust)


def merge(
    sight: Sight, luma: Floats, carried: Sequence[Carried], keys: Sequence[KeyFrame], scale: MapScale
) -> TravelledHints:
    """The hints of one frame, from those of all key frames of its shot.

    `carried` are for each of `keys` its places in this frame, `nowhere` for a still of another scene; `luma` (h, w),
    0..1, is the frame's. `scale` is of the shot's key frames. Without key frames nothing is given.
    """
    if not keys:
        nothing = no_hints(sight.shape)
        return TravelledHints(nothing.ab, nothing.confidence, nothing.confidence)
    found = [_from_key(sight, luma, one, key, scale) for one, key in zip(carried, keys, strict=True)]
    nearest = np.minimum.reduce([own.distance for own in found])
    weights = [own.weight(nearest) for own in found]
    given = [weight * own.confidence for weight, own in zip(weights, found, strict=True)]
    ab = sum((share * own.ab for share, own in zip(given, found, strict=True)), np.float32(0))
    spread = sum((weight * own.spread for weight, own in zip(weights, found, strict=True)), np.float32(0))
    return TravelledHints(
        np.asarray(ab / np.maximum(sum(given), np.float32(1e-12)), np.float32),
        np.maximum.reduce([own.confidence for own in found]),
        np.asarray(spread / sum(weights), np.float32),
    )


@dataclass(frozen=True, eq=False)
class _KeyHints(TravelledHints):
    """What one key frame says of a frame."""

    flow: Floats
    """(h, w) 0..1: share of what the flow brought."""
    distance: Floats
    """(h, w): of the match."""

    def weight(self, nearest: Floats) -> Floats:
        """(h, w): how much it counts beside what others say, of which the nearest has that distance."""
        alike = np.exp(np.float32(-_DISTANCE_FALL) * self.distance)
        alike += _LEAST_WEIGHT * np.exp(np.float32(-_DISTANCE_FALL) * (self.distance - nearest))
        return np.asarray(self.flow + (1 - self.flow) * alike, np.float32)


def _from_key(sight: Sight, luma: Floats, carried: Carried, key: KeyFrame, scale: MapScale) -> _KeyHints:
    hints = key.hints
    flow = _flow_share(luma, carried, key)
    ab, confidence = carried.of(hints.ab), carried.of(hints.confidence[np.newaxis])[0]
    lost = flow < _SURE
    if not lost.any() or (
        key.is_foreign and not sight.packed_maps
    ):  # brightness alone tells nothing of another scene
        return _KeyHints(ab, flow * confidence, np.zeros_like(flow), flow, np.zeros_like(flow))
    found = match(sight, key.sight, hints, scale=scale, where=lost, foreign=key.is_foreign)
    rest = (1 - flow) * lost
    hinted = _hinted(found.hints.confidence, most=float(hints.confidence.max()))
    if key.is_foreign:
        nearest, furthest = _SAME_THING
        hinted *= ((furthest - found.distance) / np.float32(furthest - nearest)).clip(0, 1)
    from_flow, from_match = flow * confidence, rest * hinted
    both = from_flow + from_match
    apart = np.square(ab - found.hints.ab).sum(axis=0) * confidence * hinted
    return _KeyHints(
        (from_flow * ab + from_match * found.hints.ab) / np.maximum(both, np.float32(1e-6)),
        both,
        np.sqrt(rest * np.square(found.spread) + flow * rest * apart),
        flow,
        found.distance,
    )


def _flow_share(luma: Floats, carried: Carried, key: KeyFrame) -> Floats:
    """(h, w) 0..1: how much the flow counts beside the match. It is tested once more by the luma that it brings."""
    difference = carried.of(key.luma[np.newaxis])[0] - luma
    difference -= np.median(difference)
    square = np.asarray(cv2.blur(difference * difference, (3, 3)), np.float32)
    square -= min(float(np.median(square)), _LUMA_TOLERANCE**2 * _GRAIN_SHARE)
    fits = np.exp(np.maximum(square, 0) * np.float32(-1 / _LUMA_TOLERANCE**2))
    return np.power(carried.trust, np.float32(_TRUST_POWER)) * fits


def _hinted(share: Floats, *, most: float) -> Floats:
    """Confidence from the mean confidence of the places that look alike: a thing has a hint or has none."""
    low, high = _SURELY_HINTED
    return ((share / np.float32(max(most, 1e-6)) - np.float32(low)) / np.float32(high - low)).clip(
        0, 1
    ) * np.float32(most)
