"""The orientation tag: stills stay stored as they are, but the network must see them upright."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.stills.still import StillTags
from pipeline.stills.tiff_tags import read_exif

_ORIENTATION = 0x0112
_FLIPS = {1: (False, False), 2: (False, True), 3: (True, True), 4: (True, False)}
"""Whether rows and columns are reversed; 5 to 8 are these after rows and columns have changed places."""

Scalar = TypeVar("Scalar", bound=np.generic)


def orientation(tags: StillTags) -> int:
    """The Exif orientation, 1 to 8; 1 (upright) where there is none or no such one."""
    ifd = read_exif(tags.exif) if tags.exif else None
    value = ifd.number(_ORIENTATION, 1) if ifd else 1
    return value if 1 <= value <= 8 else 1


def turn_upright(planes: npt.NDArray[Scalar], orientation: int) -> npt.NDArray[Scalar]:
    """(..., H, W) as a viewer shows it; the sides change places for orientations 5 to 8."""
    return _flip(planes.swapaxes(-2, -1) if orientation > 4 else planes, orientation)


def turn_back(planes: npt.NDArray[Scalar], orientation: int) -> npt.NDArray[Scalar]:
    """The inverse of `turn_upright`."""
    flipped = _flip(planes, orientation)
    return np.ascontiguousarray(flipped.swapaxes(-2, -1) if orientation > 4 else flipped)


def _flip(planes: npt.NDArray[Scalar], orientation: int) -> npt.NDArray[Scalar]:
    down, across = _FLIPS[orientation if orientation <= 4 else orientation - 4]
    return np.ascontiguousarray(planes[..., :: -1 if down else 1, :: -1 if across else 1])
