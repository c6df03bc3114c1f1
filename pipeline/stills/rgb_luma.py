"""RGB with a given luma, exactly: colour goes in, the rounded luma of every pixel stays what it was.

Luma is Y = 0.2126 R + 0.7152 G + 0.0722 B (BT.709) of the coded, not linear, values.
"""

import numpy as np

from pipeline.color.colorimetry import Floats, fit_gamut, luma_coefficients
from pipeline.media import Plane

_KR, _KB = luma_coefficients("bt709")
_KG = 1 - _KR - _KB
_WEIGHTS = (2126, 7152, 722)
"""In units of 1/10000, so that luma is computed in integers."""


def luma_of_rgb(rgb: Plane) -> Plane:
    """The luma (H, W) of (H, W, 3) uint8 or uint16, rounded to the same type."""
    red, green, blue = (rgb[..., index] * np.uint32(_WEIGHTS[index]) for index in range(3))
    luma: Plane = ((red + green + blue + np.uint32(5000)) // np.uint32(10000)).astype(rgb.dtype)
    return luma


def rgb_of_luma(luma: Plane, cb: Floats, cr: Floats, *, depth: int | None = None) -> Plane:
    """(H, W, 3) of luma's type such that `luma_of_rgb` gives back `luma` for every pixel.

    Luma has `depth` bits, without it all of its type. cb and cr (H, W) are BT.709 colour differences in -0.5..0.5;
    they are consumed: lowered where RGB would leave its range. Red and blue are rounded first, then green makes up
    for both, so the luma is off by less than 0.36 of a code value before it is rounded.
    """
    peak = np.float32(np.iinfo(luma.dtype).max if depth is None else 2**depth - 1)
    gray = luma.astype(np.float32)
    unit = gray / peak
    fit_gamut(cb, cr, darkest=unit, brightest=unit, kr=_KR, kb=_KB)
    red = np.rint(gray + np.float32(2 * (1 - _KR)) * peak * cr)
    blue = np.rint(gray + np.float32(2 * (1 - _KB)) * peak * cb)
    np.clip(red, 0, peak, out=red)
    np.clip(blue, 0, peak, out=blue)
    green = np.rint(gray - np.float32(_KR / _KG) * (red - gray) - np.float32(_KB / _KG) * (blue - gray))
    np.clip(green, 0, peak, out=green)
    rgb = np.stack([red, green, blue], axis=-1)
    return rgb.astype(np.uint8) if luma.dtype == np.uint8 else rgb.astype(np.uint16)
