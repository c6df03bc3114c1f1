"""Spreads predicted colour over a still of any size, a band of rows at a time, and makes RGB that keeps its luma
exactly.

The guided model is that of `pipeline.color.chroma_upsample`. Only the rows that are being written take memory, so that
a scan of 100 megapixels costs no more than a small one. Luma is Y = 0.2126 R + 0.7152 G + 0.0722 B (BT.709) of the
coded, not linear, values; the rounded luma of every pixel stays what it was.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.color.chroma_upsample import fit_guided, guide_shape
from pipeline.color.colorimetry import Floats, ab_to_chroma, fit_gamut, luma_coefficients, luma_to_unit
from pipeline.color.integer_luma import bt709_luma
from pipeline.media import Plane

BAND_PIXELS = 1 << 20
"""Pixels of a band: what is worked on at once."""

_KR, _KB = luma_coefficients("bt709")
_KG = 1 - _KR - _KB


@dataclass(frozen=True, eq=False)
class StillChroma:
    """Cb and Cr as a function of a still's luma, for one luma matrix."""

    size: tuple[int, int]
    """(H, W) of the still."""
    matrix: str
    model: tuple[Floats, ...]
    """(h, w) each: slope of Cb and of Cr over luma, both offsets, the range of luma that was seen."""

    def rows(self, luma: Plane, start: int) -> tuple[Floats, Floats]:
        """Cb and Cr in -0.5..0.5 for rows of luma (n, W), the first being row `start`; inside the gamut."""
        slope_cb, slope_cr, offset_cb, offset_cr, low, high = (
            self._enlarge(plane, start, len(luma)) for plane in self.model
        )
        unit = luma_to_unit(luma, depth=luma.dtype.itemsize * 8, range="full")
        guide = np.clip(unit, low, high)
        cb = slope_cb * guide + offset_cb
        cr = slope_cr * guide + offset_cr
        kr, kb = luma_coefficients(self.matrix)
        fit_gamut(cb, cr, darkest=unit, brightest=unit, kr=kr, kb=kb)
        return cb, cr

    def _enlarge(self, plane: Floats, start: int, count: int) -> Floats:
        """Rows [start, start + count) of the plane made (H, W) bilinearly."""
        height, width = self.size
        centre = (np.arange(start, start + count) + 0.5) * (len(plane) / height) - 0.5
        centre = np.clip(centre, 0, len(plane) - 1)
        above = centre.astype(np.intp)
        below = np.minimum(above + 1, len(plane) - 1)
        weight = (centre - above).astype(np.float32)[:, None]
        rows = plane[above] * (1 - weight) + plane[below] * weight
        enlarged: Floats = cv2.resize(rows, (width, count), interpolation=cv2.INTER_LINEAR)
        return enlarged


def spread_ab(luma: Plane, ab: Floats, *, matrix: str) -> StillChroma:
    """The chroma of a still whose colour was predicted as ab (2, h, w), in CIE units, for the whole of it."""
    height, width = luma.shape
    small = (min(ab.shape[2], width), min(ab.shape[1], height))
    if (ab.shape[2], ab.shape[1]) != small:
        ab = np.stack([cv2.resize(plane, small, interpolation=cv2.INTER_AREA) for plane in ab])
    guide = shrink_luma(luma, size=guide_shape(ab.shape[1:], luma.shape))
    kr, kb = luma_coefficients(matrix)
    cb, cr = ab_to_chroma(shrink_luma(luma, size=(small[1], small[0])), ab, kr=kr, kb=kb)
    return StillChroma(size=(height, width), matrix=matrix, model=tuple(fit_guided(guide, cb, cr).values()))


def shrink_luma(luma: Plane, *, size: tuple[int, int]) -> Floats:
    """Luma as float32 in 0..1 at a size (h, w) no larger than its own: the mean over each sample's area."""
    deep = luma if luma.dtype == np.uint16 else luma * np.uint16(257)
    small = cv2.resize(deep, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return luma_to_unit(small.astype(np.uint16, copy=False), depth=16, range="full")


def bands(size: tuple[int, int]) -> list[slice]:
    """The rows of a picture (H, W) in bands of about BAND_PIXELS."""
    rows = max(1, BAND_PIXELS // size[1])
    return [slice(start, min(start + rows, size[0])) for start in range(0, size[0], rows)]


def luma_of_rgb(rgb: Plane) -> Plane:
    """The BT.709 luma (H, W) of (H, W, 3) R'G'B', uint8 or uint16, rounded to the same type."""
    return bt709_luma(rgb[..., 0], rgb[..., 1], rgb[..., 2])


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
