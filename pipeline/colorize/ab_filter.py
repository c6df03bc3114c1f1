"""Filters predicted colours: one colour for one surface, faint in the shadows.

A network that guesses place by place washes over flat areas: a sky turns from beige to blue, a wall from khaki to teal.
What luma shows to be one surface is brought to one colour, however large it is, and nothing crosses an edge: a weighted
least-squares smoothing (Farbman et al. 2008) whose links between neighbours are cut where luma changes, solved as
Min et al. 2014 do ("Fast global image smoothing based on weighted least squares"): rows and columns in turn, each a
tridiagonal system. Dark areas have little colour to show and make a wrong guess most visible, so their colour is
reduced.
"""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_STRENGTH = 4000.0
"""How much more a link weighs than a sample's own colour; colours reach some sqrt(4000) = 63 samples far. The network's
output has 56 on the picture's shorter side by default."""
_EDGE = np.float32(2.5)
"""Difference of L* between neighbours at which a link has fallen to 37 %; at half of it 94 % are left, so that a wall
on which the light falls off is one surface, at twice nothing."""
_ROUNDS = 3
_SHADOW_WINDOW = (9, 9)
_SHADOW_COLOR = np.float32(0.5)
"""Share of its colour that black keeps."""
_FULL_COLOR_LIGHTNESS = np.float32(30)
"""L* from which on all colour is kept."""


def filter_ab(ab: Floats, lightness: Floats) -> Floats:
    """The filtered ab (N, 2, h, w) of pictures of one size; `lightness` (N, H, W), 0..100, is that of the same ones."""
    size = ab.shape[:1:-1]
    guide = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in lightness])
    shadow = np.stack([_mean(one, _SHADOW_WINDOW) for one in guide]) / _FULL_COLOR_LIGHTNESS
    keep = np.minimum(_SHADOW_COLOR + (1 - _SHADOW_COLOR) * shadow, np.float32(1))
    even = even_surfaces(ab, guide)
    even *= keep[:, np.newaxis]
    return even


def even_surfaces(ab: Floats, guide: Floats) -> Floats:
    """ab (N, 2, h, w) smoothed inside the edges of `guide`, L* (N, h, w), 0..100; both are left as they are."""
    down, across = (np.exp(-np.square(np.square(np.diff(guide, axis=axis) / _EDGE))) for axis in (1, 2))
    down = np.ascontiguousarray(down.transpose(1, 2, 0))
    across = np.ascontiguousarray(across.transpose(2, 1, 0))
    planes = np.ascontiguousarray(ab.transpose(2, 1, 3, 0))  # (h, 2, w, N)
    for strength in _strengths():
        columns = np.ascontiguousarray(planes.swapaxes(0, 2))
        _solve(columns, across * strength)
        planes = np.ascontiguousarray(columns.swapaxes(0, 2))
        _solve(planes, down * strength)
    return np.ascontiguousarray(planes.transpose(3, 1, 0, 2))


def _strengths() -> Iterator[np.float32]:
    """Of each round, falling to a quarter of the one before, so that no streaks are left along rows and columns."""
    for number in range(1, _ROUNDS + 1):
        yield np.float32(1.5 * 4 ** (_ROUNDS - number) / (4**_ROUNDS - 1) * _STRENGTH)


def _solve(given: Floats, links: Floats) -> None:
    """Smooths along the first axis, in place: x of x_i + sum over neighbours j of links_ij (x_i - x_j) = given_i.

    `given` (n, 2, m, N); `links` (n - 1, m, N), between samples i and i + 1. Thomas's algorithm.
    """
    weight = np.ones((len(given), *links.shape[1:]), np.float32)
    weight[:-1] += links
    weight[1:] += links
    np.reciprocal(weight[0], out=weight[0])
    given[0] *= weight[0]
    passed = np.empty_like(links)
    for place, link in enumerate(links):
        np.multiply(link, weight[place], out=passed[place])
        weight[place + 1] -= link * passed[place]
        np.reciprocal(weight[place + 1], out=weight[place + 1])
        given[place + 1] += link * given[place]
        given[place + 1] *= weight[place + 1]
    for place in range(len(links) - 1, -1, -1):
        given[place] += passed[place] * given[place + 1]


def _mean(plane: npt.NDArray[np.floating[Any]], window: tuple[int, int]) -> Floats:
    return np.asarray(cv2.blur(plane, window, borderType=cv2.BORDER_REFLECT), np.float32)
