"""The likely colours of one place, by the network's own distribution: what a person may choose from."""

from typing import NamedTuple

import numpy as np

from pipeline.colorize.sight import Floats, Sight
from pipeline.errors import SettingsError

_APART = 15.0
"""In ab: bins this near to a colour count as that colour."""
_RADIUS = 1
"""Places around the one that is asked for, whose chances are averaged."""


class LikelyColor(NamedTuple):
    """A colour and its chance."""

    a: float
    b: float
    share: float
    """0 to 1."""


def likely_colors(
    sight: Sight, bins: Floats, place: tuple[float, float], *, temperature: float, count: int
) -> list[LikelyColor]:
    """At most `count` colours of a place (x, y) in shares of the picture, the likeliest first.

    `bins` (Q, 2) are those of the distribution. Each colour is the mean of the bins near a mode. Raises SettingsError
    where the weights predict no distribution.
    """
    if not len(bins):
        raise SettingsError(
            "the weights predict one colour for each place, and no others; the default weights work"
        )
    height, width = sight.shape
    row, column = min(int(place[1] * height), height - 1), min(int(place[0] * width), width - 1)
    rows = slice(max(row - _RADIUS, 0), row + _RADIUS + 1)
    columns = slice(max(column - _RADIUS, 0), column + _RADIUS + 1)
    logits = sight.logits[:, rows, columns].reshape(len(bins), -1).astype(np.float64) / temperature
    chances = np.exp(logits - logits.max(axis=0))
    chances = (chances / chances.sum(axis=0)).mean(axis=1)
    found: list[LikelyColor] = []
    while len(found) < count and chances.max() > 0:
        mode = bins[int(chances.argmax())]
        near = np.hypot(*(bins - mode).T) < _APART
        share = float(chances[near].sum())
        mean = (bins[near] * chances[near, None]).sum(axis=0) / share
        found.append(LikelyColor(float(mean[0]), float(mean[1]), share))
        chances = np.where(near, 0, chances)
    return sorted(found, key=lambda color: -color.share)
