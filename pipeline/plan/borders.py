"""Black borders around the picture (pillar box, letter box, a frame's rounded edge), found shot by shot.

Colour is predicted for what lies inside them: to a network that knows photographs, black bars are part of
the scene. They cost nothing to find in the small pictures that the shots are found in.
"""

from array import array
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipeline.media import PictureArea, Shot

_BLACK = 40
"""Borders are no brighter than this (of 255)."""
_UNEVEN = 10
"""Nor do they differ by more than this."""
_LEAST_BORDER = 0.02
_LEAST_PICTURE = 0.4
"""Where less than this share of the height or width would be left, the shot is dark, not framed."""


class BorderFinder:
    """Takes a film's frames in order, keeps four numbers of each, and says at the end where each shot's picture is."""

    def __init__(self) -> None:
        self._borders = array("H")
        self._size = (1, 1)

    def push(self, luma_small: npt.NDArray[np.uint8]) -> None:
        """Takes the next frame: (h, w) luma of 8 bits, one size for all frames."""
        self._size = luma_small.shape
        level = min(int(luma_small.min()), _BLACK) + _UNEVEN
        for axis, length in ((1, luma_small.shape[0]), (0, luma_small.shape[1])):
            bright = np.flatnonzero(luma_small.max(axis=axis) > level)
            ends = (bright[0], length - 1 - bright[-1]) if len(bright) else (length, length)
            self._borders.extend(int(end) for end in ends)

    def finish(self, shots: Sequence[Shot]) -> tuple[Shot, ...]:
        """The shots with the area of their picture: what is never black in all of a shot's frames."""
        borders = np.array(self._borders, np.uint16).reshape(-1, 4)
        return tuple(replace(shot, picture=self._area(borders[shot.start : shot.end])) for shot in shots)

    def _area(self, borders: npt.NDArray[np.uint16]) -> PictureArea:
        height, width = self._size
        shares = borders.min(axis=0) / (height, height, width, width)
        top, bottom, left, right = (round(float(s), 6) if s >= _LEAST_BORDER else 0.0 for s in shares)
        if min(1 - top - bottom, 1 - left - right) < _LEAST_PICTURE:
            return PictureArea()
        return PictureArea(top=top, bottom=round(1 - bottom, 6), left=left, right=round(1 - right, 6))
