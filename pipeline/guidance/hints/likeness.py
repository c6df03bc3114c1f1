"""Which places of pictures look alike: the network's maps, brought to one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.colorize.sight import Sight

Floats = npt.NDArray[np.float32]

_MOST_DEVIATIONS = np.float32(4)
_LEAST_SPREAD = 0.25
"""Of the median spread of a map's channels: a channel that says nothing is not made loud."""


@dataclass(frozen=True, eq=False)
class MapScale:
    """Centre and spread of the maps' channels, taken from some pictures and applied to others of the same shot."""

    centres: tuple[Floats, ...]
    spreads: tuple[Floats, ...]

    @classmethod
    def of(cls, sights: Sequence[Sight]) -> "MapScale":
        """Over all places of these pictures, one or more."""
        centres, spreads = [], []
        for maps in zip(*(sight.maps for sight in sights), strict=True):
            values = np.concatenate([one.reshape(len(one), -1) for one in maps], axis=1)
            spread = values.std(axis=1)
            centres.append(values.mean(axis=1))
            spreads.append(np.maximum(spread, max(_LEAST_SPREAD * float(np.median(spread)), 1e-6)))
        return cls(tuple(centres), tuple(spreads))

    def apply(self, sight: Sight) -> tuple[Floats, ...]:
        """The maps (C, h, w) in deviations from the centre, at most 4, divided by the root of C: distances of places
        are then of order 1 in every map.
        """
        return tuple(
            np.clip(
                (one - centre[:, None, None]) / spread[:, None, None], -_MOST_DEVIATIONS, _MOST_DEVIATIONS
            )
            / np.float32(np.sqrt(len(one)))
            for one, centre, spread in zip(sight.maps, self.centres, self.spreads, strict=True)
        )
