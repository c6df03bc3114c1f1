"""Unevenness: how much a colour shifts across what is one flat surface, compared with how much it really does.

A sky or a wall that goes from beige to blue is what eyes see first, and what an error averaged over the picture hides.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

_STEEPEST = 2.0
"""L* per sample; steeper places are edges or texture."""
_SMALLEST_SHARE = 0.02
"""Of the picture."""
_LEAST_TRUE_SPREAD = 0.5
"""CIE units; a surface that is truly more even than this counts as if it were so, for 8 bits show no less."""


class Unevenness(NamedTuple):
    """Of one flat region."""

    share: float
    """Of the picture's area, 0.02 to 1."""
    spread: float
    """Standard deviation of its colour: root of the summed variances of a and b, CIE units."""
    spread_truth: float

    @property
    def ratio(self) -> float:
        """Ours over the truth's: 1 is as even as it really is, 2 twice as uneven."""
        return self.spread / max(self.spread_truth, _LEAST_TRUE_SPREAD)


def flat_regions(lightness: Floats) -> list[npt.NDArray[np.bool_]]:
    """The flat regions of a picture (h, w) of L* 0..100, as masks (h, w), from the top down.

    A region is connected (across sides), has a gradient of L* below 2 per sample, and covers at least 2 % of the
    picture. Bridges thinner than three samples do not connect, and the rim of one sample is left out. The size
    counts: figures are taken at the size of the network's output, which has 56 samples on the shorter side.
    """
    down, across = np.gradient(lightness.astype(np.float32))
    flat = (np.hypot(down, across) < _STEEPEST).astype(np.uint8)
    flat = cv2.erode(flat, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(flat, connectivity=4)
    masks = [labels == number for number in range(1, count)]
    return [mask for mask in masks if mask.mean() >= _SMALLEST_SHARE]


def unevenness(ab: Floats, truth: Floats, lightness: Floats) -> list[Unevenness]:
    """Of every flat region of a picture, with ab and true ab (2, h, w) in CIE units and L* (h, w) 0..100.

    Raises ValueError where the sizes differ.
    """
    if ab.shape != truth.shape or ab.shape[1:] != lightness.shape:
        raise ValueError(f"ab {ab.shape}, true ab {truth.shape} and lightness {lightness.shape} do not fit")
    return [
        Unevenness(float(mask.mean()), spread(ab[:, mask]), spread(truth[:, mask]))
        for mask in flat_regions(lightness)
    ]


def spread(ab: Floats) -> float:
    """Standard deviation of colours (2, ...): the root of the summed variances of a and b, in CIE units."""
    return float(np.sqrt(ab.reshape(2, -1).astype(np.float64).var(axis=1).sum()))
