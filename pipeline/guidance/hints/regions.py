"""Cuts the pictures of a shot into a few regions of places that look alike, the same ones in every frame.

The regions are clusters of what the network sees. Those that look alike share a letter, by which a person gives them a
colour, and which takes colour as one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.colorize.sight import Sight
from pipeline.errors import SettingsError
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.likeness import MapScale
from pipeline.guidance.looks.paling import Lab, kept_chroma

Floats = npt.NDArray[np.float32]

REGION_COUNT = 8
_COARSE_WEIGHT = np.float32(1 / 1.5)  # of the encoder's map and of the position
_LIGHTNESS_WEIGHT = np.float32(1 / 50)
_SHARPNESS = np.float32(8)
"""Of the soft borders: the share of a region falls with exp(-sharpness d^2)."""
_ALIKE = 0.5
"""Squared distance of the looks of two regions below which they share a letter."""
_MOST_PLACES = 20_000
_SEED = 4885
_ROUNDS = 30
_LEAST_SHARE = 0.03
"""Of all places: a smaller region has no letter of its own."""
PIECE_SHARE = 0.01
"""Of a picture: a smaller piece is a fragment."""
_MOST_FRAGMENTS = 0.5
"""Of a region's places: with more of them in fragments it has no letter of its own."""


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of a shot."""

    scale: MapScale
    centres: Floats
    """(k, D), in the space of `_features`."""
    letters: Mapping[str, tuple[int, ...]]
    """A, B, C …, largest first, and the regions that each stands for; every region has one letter."""

    @classmethod
    def of(cls, sights: Sequence[Sight], count: int = REGION_COUNT) -> "Regions":
        """Of a shot, from one or more of its pictures; the same pictures give the same regions anywhere."""
        scale = MapScale.of(sights)
        features = [_features(sight, scale) for sight in sights]
        centres = _clusters(np.concatenate(features), count)
        labels = [
            _distances(places, centres).argmin(axis=1).reshape(sight.shape)
            for places, sight in zip(features, sights, strict=True)
        ]
        looks = centres[:, : 1 + (len(sights[0].packed_maps[0]) if sights[0].packed_maps else 0)]
        return cls(scale, centres, _letters(labels, looks))

    def membership(self, sight: Sight) -> Floats:
        """(k, h, w): how much of each place belongs to each region; sums to 1."""
        distance = _distances(_features(sight, self.scale), self.centres)
        share = np.exp(-_SHARPNESS * (distance - distance.min(axis=1, keepdims=True)))
        share /= share.sum(axis=1, keepdims=True)
        return np.ascontiguousarray(share.T).reshape(-1, *sight.shape)

    def lettered(self, sight: Sight) -> dict[str, Floats]:
        """(h, w) in 0..1 for each letter: how much of each place belongs to it."""
        share = self.membership(sight)
        return {letter: share[list(numbers)].sum(axis=0) for letter, numbers in self.letters.items()}


def hints_from_regions(sight: Sight, regions: Regions, colors: Mapping[str, Lab]) -> HintMap:
    """Gives lettered regions their colours in one picture of the shot.

    Raises SettingsError, with its keys, for letters that the shot does not have.
    """
    masks = regions.lettered(sight)
    if unknown := sorted(set(colors) - set(masks)):
        text = f"there is no such region here; {', '.join(masks)} would work"
        raise SettingsError.of_keys({("regions", letter): text for letter in unknown})
    given = np.zeros((2, *sight.shape), np.float32)
    confidence = np.zeros(sight.shape, np.float32)
    light = sight.small_lightness
    for letter, (named, *ab) in colors.items():
        given += np.array(ab, np.float32)[:, None, None] * masks[letter] * kept_chroma(light, named)
        confidence += masks[letter]
    given /= np.maximum(confidence, np.float32(1e-6))
    return HintMap(given, np.clip(confidence, 0, 1).astype(np.float32))


def _features(sight: Sight, scale: MapScale) -> Floats:
    """(h w, D): what each place looks like and where it lies; distances are of order 1.

    Lightness and the decoder's map come first.
    """
    height, width = sight.shape
    maps = scale.apply(sight)
    lightness = cv2.resize(sight.lightness, (width, height), interpolation=cv2.INTER_AREA)
    down, across = np.mgrid[:height, :width].astype(np.float32) / np.float32(min(height, width))
    planes = [
        lightness * _LIGHTNESS_WEIGHT,
        *(maps[0] if maps else ()),
        *(_enlarged(plane, sight.shape) * _COARSE_WEIGHT for plane in (maps[2] if len(maps) > 2 else ())),
        *(down * _COARSE_WEIGHT, across * _COARSE_WEIGHT),
    ]
    return np.stack(planes, axis=-1).reshape(height * width, -1)


def _enlarged(plane: Floats, shape: tuple[int, int]) -> Floats:
    """A plane of the encoder at stride 16, at the size (h, w) of the decoder's."""
    size = (4 * plane.shape[1], 4 * plane.shape[0])
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)[: shape[0], : shape[1]])


def _clusters(places: Floats, count: int) -> Floats:
    """(k, D) centres of k-means; k-means++ chooses the first ones (Arthur & Vassilvitskii 2007).

    OpenCV's own choice would draw from a generator that all of a process shares.
    """
    places = places[:: -(-len(places) // _MOST_PLACES)]
    random = np.random.default_rng(_SEED)
    chosen = [int(random.integers(len(places)))]
    nearest = _distances(places, places[chosen])[:, 0]
    while len(chosen) < count and nearest.max() > 0:
        chances = np.cumsum(nearest, dtype=np.float64)
        drawn = int(np.searchsorted(chances, random.random() * chances[-1], side="right"))
        chosen.append(min(drawn, len(places) - 1))
        nearest = np.minimum(nearest, _distances(places, places[chosen[-1:]])[:, 0])
    labels = _distances(places, places[chosen]).argmin(axis=1).astype(np.int32)
    until = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, _ROUNDS, 1e-3)
    return np.asarray(
        cv2.kmeans(places, len(chosen), labels[:, None], until, 1, cv2.KMEANS_USE_INITIAL_LABELS)[2]
    )


def _distances(places: Floats, centres: Floats) -> Floats:
    """(N, k) squared distances of places (N, D) from centres (k, D), the same for any number of threads."""
    return np.stack([np.square(places - centre).sum(axis=1) for centre in centres], axis=1)


def _letters(labels: Sequence[npt.NDArray[np.intp]], looks: Floats) -> dict[str, tuple[int, ...]]:
    """Regions by letter, largest first; `looks` (k, D) are the regions' centres without what says where they lie.

    Regions that look alike share a letter, e.g. the two sides of a wall. So do regions that are small or in fragments
    with the one that is most like them.
    """
    total = sum(picture.size for picture in labels)
    share = np.array(
        [sum(int((picture == n).sum()) for picture in labels) / total for n in range(len(looks))]
    )
    groups = _alike([[number] for number in range(len(looks))], looks, share)
    main = [group for group in groups if _has_letter(group, labels, share)]
    main = main or [max(groups, key=lambda group: float(share[group].sum()))]
    for group in [group for group in groups if group not in main]:
        centres = np.stack([_centre(other, looks, share) for other in main])
        nearest = int(_distances(centres, _centre(group, looks, share)[None]).argmin())
        main[nearest] = main[nearest] + group
    main.sort(key=lambda group: -float(share[group].sum()))
    return {letter: tuple(sorted(group)) for letter, group in zip(ascii_uppercase, main, strict=False)}


def _alike(groups: list[list[int]], looks: Floats, share: Floats) -> list[list[int]]:
    """Joins the two most alike groups of regions until no two are alike."""
    while len(groups) > 1:
        centres = np.stack([_centre(group, looks, share) for group in groups])
        distance = _distances(centres, centres)
        distance[np.tril_indices(len(groups))] = np.inf
        one, other = np.unravel_index(int(distance.argmin()), distance.shape)
        if distance[one, other] > _ALIKE:
            break
        joined = groups[one] + groups[other]
        groups = [group for at, group in enumerate(groups) if at not in (one, other)] + [joined]
    return groups


def _centre(group: list[int], looks: Floats, share: Floats) -> Floats:
    weights = share[group] + 1e-9
    return np.asarray((looks[group] * (weights / weights.sum())[:, None]).sum(axis=0), np.float32)


def _has_letter(group: list[int], labels: Sequence[npt.NDArray[np.intp]], share: Floats) -> bool:
    area = float(share[group].sum())
    whole = _in_pieces(labels, group) / sum(picture.size for picture in labels)
    return area >= _LEAST_SHARE and whole >= (1 - _MOST_FRAGMENTS) * area


def _in_pieces(labels: Sequence[npt.NDArray[np.intp]], group: list[int]) -> int:
    """How many places of a group of regions lie in pieces that are no fragments."""
    found = 0
    for picture in labels:
        stats = cv2.connectedComponentsWithStats(np.isin(picture, group).astype(np.uint8), connectivity=8)[2]
        areas = stats[1:, cv2.CC_STAT_AREA]
        found += int(areas[areas >= PIECE_SHARE * picture.size].sum())
    return found
