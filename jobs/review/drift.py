"""Drift: how far the colour of equally light places wanders from the beginning of a shot to its end."""

import numpy as np

from pipeline.color.colorimetry import Floats

_BINS = 8
_FEWEST_FRAMES = 8
_EVERY_PX = 2


class Drift:
    """Takes the frames of one shot in order; holds 24 numbers a frame."""

    def __init__(self) -> None:
        self._sums: list[Floats] = []

    def push(self, luma: Floats, chroma: Floats) -> None:
        """Luma (h, w) of 0..1 and chroma (2, h, w) of -0.5..0.5."""
        bins = np.clip((luma[::_EVERY_PX, ::_EVERY_PX] * _BINS).astype(np.intp), 0, _BINS - 1).ravel()
        planes = (plane[::_EVERY_PX, ::_EVERY_PX].ravel() for plane in chroma)
        sums = [np.bincount(bins, minlength=_BINS)]
        sums += [np.bincount(bins, weights=plane, minlength=_BINS) for plane in planes]
        self._sums.append(np.array(sums, np.float32))

    def value(self) -> float | None:
        """In steps of 8 bits; None of a shot that is too short.

        The distance between the mean chroma of the first quarter of the frames and that of the last, for each eighth of
        the range of luma, weighted with the share of the picture that is so light in both.
        """
        if len(self._sums) < _FEWEST_FRAMES:
            return None
        quarter = len(self._sums) // 4
        first, last = (np.sum(part, axis=0) for part in (self._sums[:quarter], self._sums[-quarter:]))
        weights = np.minimum(first[0], last[0])
        if not weights.any():
            return 0.0
        means = [sums[1:] / np.maximum(sums[0], 1) for sums in (first, last)]
        distances = np.hypot(*(means[1] - means[0]))
        return float((distances * weights).sum() / weights.sum()) * 255
