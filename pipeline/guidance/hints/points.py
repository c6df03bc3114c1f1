"""Colours given at single places: a Gaussian process carries each of them over the places that look like its own.

What is carried is how far the given colours are from the predicted ones, in units of how unsure the network is at a
place: where it hardly doubts, a point elsewhere changes little.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap, no_hints
from pipeline.guidance.hints.likeness import MapScale

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

MOST_KEYS = 1024
"""Of the Gaussian process; more points than that are pooled."""
_BAND_CELLS = 2048
"""Cells of the picture that are compared with all keys at once: 8 MB a matrix."""
_NOISE = 0.012
"""Variance of a given colour, as a share of the variance of colours at its place."""
_LEAST_SPREAD = np.float32(12)
"""ab units, beside the spread of the predicted distribution: no place is beyond doubt."""
_LEAST_CONFIDENCE = np.float32(1e-3)
_MOST_AB = np.float32(128)
_MAPS = (0, 1), (2, 4)
"""Of a sight's maps those that tell what looks alike, and their stride in cells; the one between them adds nothing."""


@dataclass(frozen=True)
class _Reach:
    """How far a part of the kernel reaches: the distances at which it has fallen to 0.61."""

    share: float
    """Of this part in the kernel."""
    place: float
    """In short sides of the picture."""
    luma: float
    decoder: float
    """Of the decoder's map, in the units of `MapScale`."""
    encoder: float
    """Of the encoder's coarsest map, likewise."""
    color: float
    """Of the predicted colour, in ab units."""


_REACHES = (
    _Reach(share=0.35, place=0.45, luma=0.25, decoder=1.8, encoder=1.8, color=48),
    _Reach(share=0.65, place=5.0, luma=0.32, decoder=1.8, encoder=1.8, color=24),
)
"""What is near, for details; and what is alike anywhere, for what a thing or the light of a picture has in common.
Chosen on validation photos, as the fade is."""
_FADE = 0.4
"""Power of the likeness to the nearest point: how soon vividness and filter give way to what the points say."""


def hints_from_points(sight: Sight, luma: Floats, places: Floats, ab: Floats, *, bins: Floats) -> HintMap:
    """The hint map of points in a picture; nothing is given in it where there are none.

    `luma` (h, w), 0..1, is the picture's at the size of `sight.ab`; `places` (N, 2) are rows and columns in shares of
    the picture, 0..1; `ab` (N, 2) the colours there, in CIE units; `bins` (Q, 2) those of `sight.logits`. Where colours
    are given, those predicted around them count without vividness and filter. More than `MOST_KEYS` points are averaged
    over squares of cells.
    """
    if not len(places):
        return no_hints(sight.shape)
    keys, given = pool_points(places, ab, sight.shape)
    parts = _parts(sight, luma)
    spread = _spread(sight, bins)[:, np.newaxis]
    plain = sight.plain.reshape(2, -1).T
    among = _likeness(parts, keys, keys).astype(np.float64)  # keys are much alike: float32 would lose digits
    among[np.diag_indices_from(among)] += _NOISE
    pull = np.linalg.solve(among, (given - plain[keys]) / spread[keys]).astype(np.float32)
    wanted, confidence = np.empty_like(plain), np.empty(len(plain), np.float32)
    for start in range(0, len(plain), _BAND_CELLS):
        band = np.arange(start, min(start + _BAND_CELLS, len(plain)))
        like = _likeness(parts, band, keys)
        sure = like.max(axis=1).clip(_LEAST_CONFIDENCE, 1) ** _FADE
        wanted[band] = plain[band] + spread[band] * (like @ pull) / sure[:, np.newaxis]
        confidence[band] = sure
    shown = np.ascontiguousarray(wanted.clip(-_MOST_AB, _MOST_AB).T)
    return HintMap(shown.reshape(sight.plain.shape), confidence.reshape(sight.shape))


def pool_points(places: Floats, ab: Floats, shape: tuple[int, int]) -> tuple[Indices, Floats]:
    """The points as at most `MOST_KEYS` cells (K) of a map (h, w), counted row by row, and their mean ab (K, 2)."""
    width = shape[1]
    rows, columns = (
        np.clip((place * side).astype(np.intp), 0, side - 1)
        for place, side in zip(np.asarray(places, np.float64).T, shape, strict=True)
    )
    for step in range(1, max(shape) + 1):
        across = -(-width // step)
        squares, member, count = np.unique(
            rows // step * across + columns // step, return_inverse=True, return_counts=True
        )
        if len(squares) <= MOST_KEYS:
            break
    row, column, a, b = (
        np.bincount(member, weights=values, minlength=len(squares)) / count
        for values in (rows, columns, *np.asarray(ab, np.float64).T)
    )
    cells = np.rint(row).astype(np.intp) * width + np.rint(column).astype(np.intp)
    return cells, np.stack((a, b), axis=1).astype(np.float32)


def _parts(sight: Sight, luma: Floats) -> list[Floats]:
    """For each part of the kernel where, how light and of what look every cell is: (h * w, D), in its units."""
    height, width = sight.shape
    rows, columns = np.mgrid[:height, :width] / min(height, width)
    maps = MapScale.of([sight]).apply(sight) if sight.packed_maps else ()
    looks = [_enlarged(maps[index], step, sight.shape) for index, step in _MAPS if index < len(maps)]
    return [
        np.concatenate(
            (
                np.stack((rows, columns)).reshape(2, -1) / part.place,
                luma.reshape(1, -1) / part.luma,
                sight.plain.reshape(2, -1) / part.color,
                *(look / reach for look, reach in zip(looks, (part.decoder, part.encoder), strict=False)),
            ),
            dtype=np.float32,
            casting="same_kind",
        ).T.copy()
        for part in _REACHES
    ]


def _enlarged(one: Floats, step: int, shape: tuple[int, int]) -> Floats:
    """A map (C, h / step, w / step) made (C, h * w) bilinearly."""
    if step > 1:
        one = np.stack([cv2.resize(plane, None, fx=step, fy=step) for plane in one])
    return np.ascontiguousarray(one[:, : shape[0], : shape[1]]).reshape(len(one), -1)


def _spread(sight: Sight, bins: Floats) -> Floats:
    """(h * w): how far off a predicted colour may be, in ab units."""
    if not len(sight.packed_logits):
        return np.full(sight.shape[0] * sight.shape[1], _LEAST_SPREAD, np.float32)
    logits = sight.logits.reshape(len(bins), -1).T
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    variance = (share @ np.square(bins) - np.square(share @ bins)).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(variance, 0)) + _LEAST_SPREAD, np.float32)


def _likeness(parts: list[Floats], cells: Indices, keys: Indices) -> Floats:
    """The kernel: (cells, keys), 0..1, 1 where they are the same."""
    like = np.zeros((len(cells), len(keys)), np.float32)
    for part, reach in zip(parts, _REACHES, strict=True):
        here, there = part[cells], part[keys]
        lengths = np.square(here).sum(axis=1)[:, np.newaxis] + np.square(there).sum(axis=1)
        distance = np.maximum(lengths - 2 * here @ there.T, 0)
        like += np.float32(reach.share) * np.exp(-0.5 * distance)
    return like
