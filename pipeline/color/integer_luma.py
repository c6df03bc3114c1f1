"""Luma in integers, so that it is exact: computed from R'G'B', and converted between bit depths and ranges."""

from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pipeline.color.colorimetry import luma_scale
from pipeline.media import Plane

_RED, _GREEN, _BLUE = 2126, 7152, 722
"""Weights of BT.709 in units of 1/10000."""


def bt709_luma(red: npt.NDArray[Any], green: npt.NDArray[Any], blue: npt.NDArray[Any]) -> Plane:
    """Luma Y' = 0.2126 R' + 0.7152 G' + 0.0722 B' (ITU-R BT.709) of code values, rounded to the nearest.

    The three components have one shape and are all uint8 or all uint16; so is the luma. It is in their own range, and
    equal to them where they are equal.
    """
    total = red * np.uint32(_RED) + green * np.uint32(_GREEN) + blue * np.uint32(_BLUE)
    luma: Plane = ((total + np.uint32(5000)) // np.uint32(10000)).astype(red.dtype)
    return luma


def convert_luma(
    plane: Plane,
    *,
    depth: int,
    range: Literal["limited", "full"],
    to_depth: int,
    to_range: Literal["limited", "full"],
) -> Plane:
    """A luma plane of `depth` bits at another depth and range, rounded to the nearest code value.

    Nothing is lost where the plane gets deeper. From limited to limited range, values below black and above white stay
    what they are; into or out of full range they are clipped. Returns `plane` itself where nothing changes, else a new
    array of the same shape: uint8 for 8 bits, uint16 for more.
    """
    if (depth, range) == (to_depth, to_range):
        return plane
    if range == to_range == "limited" and to_depth > depth:
        shifted: Plane = np.left_shift(plane, to_depth - depth, dtype=np.uint16)
        return shifted
    converted: Plane = _luma_table(depth, range, to_depth, to_range)[plane]
    return converted


@lru_cache(maxsize=8)
def _luma_table(
    depth: int, range: Literal["limited", "full"], to_depth: int, to_range: Literal["limited", "full"]
) -> Plane:
    """The converted luma of every code value of `depth` bits."""
    value = np.arange(2**depth, dtype=np.int64)
    (black, span), (to_black, to_span) = luma_scale(depth, range), luma_scale(to_depth, to_range)
    nearest = ((value - black) * to_span * 2 + span) // (2 * span) + to_black
    table: Plane = np.clip(nearest, 0, 2**to_depth - 1).astype(np.uint8 if to_depth == 8 else np.uint16)
    return table
