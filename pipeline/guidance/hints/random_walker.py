"""A random walker over the places of a picture: how probably a walk from each place reaches one kind of seed first.

Grady (2006), "Random Walks for Image Segmentation", with three additions: every place may pull softly to a target;
links fade with a heavy tail, so that grain inside of a thing does not wall it off; and besides neighbours, places some
steps apart are linked, so that a walk crosses letters, seams and wires. It is solved as a linear system, by conjugate
gradients with Jacobi's preconditioner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

_LEAP, _LEAP_EASE = 3, 0.3
_STEPS = ((0, 1), (1, 0))
_LEAPS = ((0, _LEAP), (_LEAP, 0), (_LEAP, _LEAP), (_LEAP, -_LEAP))
"""(rows, columns) from one place to the other."""
_LEAST_WEIGHT = 1e-4
"""Of a link of neighbours: no place is cut off."""
_TOLERANCE = 1e-4
_MOST_ROUNDS = 800

Part = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Links:
    """How easily a walk goes between places that are one step apart."""

    here: Part
    """Rows and columns of the grid."""
    there: Part
    """The same one step on."""
    weights: Doubles
    """(rows, columns), above 0 to 1."""


def links_between(planes: Sequence[tuple[Floats, float]]) -> list[Links]:
    """The links of a grid from planes (C, h, w), each with the distance between two places at which their link has
    faded to a quarter.
    """
    near = [_links(planes, step, ease=1, least=_LEAST_WEIGHT) for step in _STEPS]
    return near + [_links(planes, step, ease=_LEAP_EASE, least=0) for step in _LEAPS]


def _links(
    planes: Sequence[tuple[Floats, float]], step: tuple[int, int], *, ease: float, least: float
) -> Links:
    ways = [_ways(length, size) for length, size in zip(step, planes[0][0].shape[1:], strict=True)]
    here, there = (ways[0][0], ways[1][0]), (ways[0][1], ways[1][1])
    total = sum(
        np.square(plane[:, *there] - plane[:, *here]).sum(axis=0, dtype=np.float64) / faded**2
        for plane, faded in planes
    )
    return Links(here, there, np.asarray(ease / np.square(1 + total) + least, np.float64))


def _ways(length: int, size: int) -> tuple[slice, slice]:
    """Of one axis: the places that have another one `length` on, and those."""
    if length < 0:
        return slice(-length, size), slice(0, max(size + length, 0))
    return slice(0, max(size - length, 0)), slice(length, size)


def walk(links: Sequence[Links], *, pull: Doubles, target: Doubles) -> Doubles:
    """The u (h, w) that minimises the sum of `weight (u_i - u_j)^2` over links and of `pull (u_i - target_i)^2`.

    `pull` (h, w) is above 0; `target` (h, w) is in 0..1, and so is u.
    """
    diagonal = pull.copy()
    for link in links:
        diagonal[link.here] += link.weights
        diagonal[link.there] += link.weights
    residual = pull * target
    u = np.zeros_like(residual)
    conditioned = residual / diagonal
    direction = conditioned
    energy = float((residual * conditioned).sum())
    enough = energy * _TOLERANCE**2
    for _ in range(_MOST_ROUNDS):
        if energy <= enough:
            break
        product = diagonal * direction
        for link in links:
            product[link.here] -= link.weights * direction[link.there]
            product[link.there] -= link.weights * direction[link.here]
        step = energy / float((direction * product).sum())
        u += step * direction
        residual = residual - step * product
        conditioned = residual / diagonal
        before, energy = energy, float((residual * conditioned).sum())
        direction = conditioned + (energy / before) * direction
    return np.clip(u, 0, 1)
