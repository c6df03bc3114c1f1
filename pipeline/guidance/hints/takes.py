"""Takes of a shot: other colours for its regions that the network holds for likely too, distinct and repeatable."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.colorize.sight import Sight
from pipeline.errors import SettingsError
from pipeline.guidance.hints.regions import Regions

Floats = npt.NDArray[np.float32]

MOST_TAKES = 32
"""Takes beside the automatic colours."""
_MODES = 4
_SMOOTHING = 12.0
"""In ab: likely colours this near to each other are one mode."""
_APART = 25.0
"""In ab: modes this near to each other hinder each other."""
_REACH = 20.0
"""In ab: how far around its mode a take lifts the distribution."""
_LIFT = 2.5
_CANDIDATES = 512
_LEAST_GROUPS = 3
"""With fewer letters there are not enough takes: each of their regions then has a colour of its own."""


@dataclass(frozen=True, eq=False)
class ShotTakes:
    """The regions of a shot, in groups of one colour each, and the likely colours of each group."""

    regions: Regions
    groups: tuple[tuple[int, ...], ...]
    """The regions of each group."""
    bins: Floats
    """(Q, 2): ab of the bins of the distribution."""
    modes: Floats
    """(g, m, 2): ab of the likely colours of each group, the likeliest first."""
    shares: Floats
    """(g,): of the shot's places, sums to 1."""

    @classmethod
    def of(cls, sights: Sequence[Sight], bins: Floats, regions: Regions | None = None) -> "ShotTakes":
        """Of a shot, from one or more of its pictures and the `Predictor.bins` that they are of.

        Raises SettingsError where the weights predict no distribution.
        """
        if not len(bins):
            raise SettingsError(
                "takes: the weights predict one colour for each place, not a distribution of colours, so there is "
                "nothing to take another one from; the default weights work"
            )
        regions = regions or Regions.of(sights)
        groups = tuple(regions.letters.values())
        if len(groups) < _LEAST_GROUPS:
            groups = tuple((number,) for number in range(len(regions.centres)))
        likely = np.zeros((len(groups), len(bins)), np.float32)
        for sight in sights:
            logits = sight.logits
            chances = np.exp(logits - logits.max(axis=0))
            chances /= chances.sum(axis=0)
            likely += np.einsum("ghw,qhw->gq", _grouped(regions.membership(sight), groups), chances)
        weights = likely.sum(axis=1)
        likely /= np.maximum(weights[:, None], np.float32(1e-6))
        return cls(regions, groups, bins, _modes(likely, bins), weights / weights.sum())

    def apply(self, sight: Sight, take: int, *, seed: int = 0) -> Floats:
        """The distribution (Q, h, w) of one picture of the shot in a take, for `Predictor.colors`.

        Take 0 is the automatic one. The same shot, take and seed give the same distribution anywhere. Raises
        SettingsError for a take that there is not.
        """
        if not 0 <= take <= MOST_TAKES:
            raise SettingsError(f"take {take}: 0 (the automatic colours) to {MOST_TAKES} works")
        if take == 0:
            return sight.logits
        wanted = self.colors(take, seed=seed)
        lifts = np.float32(_LIFT) * np.exp(-_squared(wanted, self.bins) / np.float32(2 * _REACH**2))
        share = _grouped(self.regions.membership(sight), self.groups)
        lifted: Floats = np.einsum("gq,ghw->qhw", lifts, share)
        return sight.logits + lifted

    def colors(self, take: int, *, seed: int = 0) -> Floats:
        """(g, 2): the ab that a take, 1 or higher, lifts in each group."""
        chosen = self._order(take, seed)[-1]
        return np.asarray(self.modes[np.arange(len(self.modes)), chosen])

    def _order(self, count: int, seed: int) -> npt.NDArray[np.intp]:
        """(count, g): the mode of every group in the first takes, each far from the automatic one and those before."""
        random = np.random.default_rng(seed)
        pool = random.integers(0, self.modes.shape[1], (_CANDIDATES, len(self.modes)))
        colors = self.modes[np.arange(len(self.modes)), pool]
        away = self._apart(colors, self.modes[:, 0])
        order: list[int] = []
        while len(order) < count:
            order.append(int(away.argmax()))
            away = np.minimum(away, self._apart(colors, colors[order[-1]]))
        return np.asarray(pool[order])

    def _apart(self, colors: Floats, from_colors: Floats) -> Floats:
        """(N,): mean distance over the shot of colours (N, g, 2) from others (g, 2)."""
        distance = np.sqrt(np.square(colors - from_colors).sum(axis=2))
        return np.asarray((distance * self.shares).sum(axis=1))


def _modes(likely: Floats, bins: Floats) -> Floats:
    """(g, m, 2) of distributions (g, Q): greedily the likeliest bins that lie apart."""
    near = np.exp(-_squared(bins, bins) / np.float32(2 * _SMOOTHING**2))
    near /= near.sum(axis=1, keepdims=True)
    smooth = np.einsum("gq,pq->gp", likely, near)
    free = np.ones_like(smooth)
    found = []
    for _ in range(_MODES):
        mode = bins[(smooth * free).argmax(axis=1)]
        free = np.minimum(free, 1 - np.exp(-_squared(mode, bins) / np.float32(2 * _APART**2)))
        found.append(mode)
    return np.stack(found, axis=1)


def _grouped(share: Floats, groups: tuple[tuple[int, ...], ...]) -> Floats:
    """(g, h, w): how much of each place belongs to each group, from its regions (k, h, w)."""
    return np.stack([share[list(group)].sum(axis=0) for group in groups])


def _squared(one: Floats, other: Floats) -> Floats:
    """(n, m) squared distances of ab (n, 2) from ab (m, 2)."""
    return np.asarray(np.square(one[:, None] - other[None]).sum(axis=2))
