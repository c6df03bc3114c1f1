"""Spreads predicted colour over a still of any size, and makes RGB whose luma is exactly that of the still.

Chroma is enlarged by the fast guided filter of `pipeline.color.chroma_upsample`, a band of rows at a time, so that the
chroma of a scan of 100 megapixels takes no more memory than that of a small one. Luma is Y' of ITU-R BT.709, of gamma
coded and not of linear values.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.color.chroma_upsample import fit_guided, guide_shape
from pipeline.color.colorimetry import Floats, ab_to_chroma, fit_gamut, luma_coefficients, luma_to_unit
from pipeline.color.integer_luma import bt709_luma
from pipeline.media import Plane

BAND_PIXELS = 1 << 20
"""Pixels of one band of rows."""

_KR, _KB = luma_coefficients("bt709")
_KG = 1 - _KR - _KB


@dataclass(frozen=True, eq=False)
class StillChroma:
    """Cb and Cr of a still as linear functions of its luma around each pixel."""

    size: tuple[int, int]
    """(H, W) of the still."""
    matrix: str
    """FFmpeg's name of the luma matrix that Cb and Cr belong to."""
    model: tuple[Floats, ...]
    """Six maps (h, w): slope of Cb, slope of Cr, offset of Cb, offset of Cr, least and greatest luma of the fit."""

    def rows(self, luma: Plane, start: int) -> tuple[Floats, Floats]:
        """Cb and Cr (n, W), -0.5..0.5 and inside the gamut, for rows of luma (n, W) from row `start` on."""
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
        """Rows [start, start + count) of a map that is enlarged to (H, W) bilinearly."""
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
    """The chroma of a still with luma (H, W) whose predicted colour is ab (2, h, w), in CIE Lab units.

    `matrix` is FFmpeg's name of the luma matrix of the file that will be written. Raises SettingsError for one without
    Kr and Kb.
    """
    height, width = luma.shape
    small = (min(ab.shape[2], width), min(ab.shape[1], height))
    if (ab.shape[2], ab.shape[1]) != small:
        ab = np.stack([cv2.resize(plane, small, interpolation=cv2.INTER_AREA) for plane in ab])
    guide = shrink_luma(luma, size=guide_shape(ab.shape[1:], luma.shape))
    kr, kb = luma_coefficients(matrix)
    cb, cr = ab_to_chroma(shrink_luma(luma, size=(small[1], small[0])), ab, kr=kr, kb=kb)
    return StillChroma(size=(height, width), matrix=matrix, model=tuple(fit_guided(guide, cb, cr).values()))


def shrink_luma(luma: Plane, *, size: tuple[int, int]) -> Floats:
    """Luma (H, W), uint8 or uint16, as float32 0..1 of (h, w) `size`, at most its own: the mean over each area."""
    deep = luma if luma.dtype == np.uint16 else luma * np.uint16(257)
    small = cv2.resize(deep, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return luma_to_unit(small.astype(np.uint16, copy=False), depth=16, range="full")


def bands(size: tuple[int, int]) -> list[slice]:
    """Slices of rows that tile a picture of (H, W) `size`, each of about BAND_PIXELS pixels."""
    rows = max(1, BAND_PIXELS // size[1])
    return [slice(start, min(start + rows, size[0])) for start in range(0, size[0], rows)]


def luma_of_rgb(rgb: Plane) -> Plane:
    """The BT.709 luma (H, W) of (H, W, 3) R'G'B', uint8 or uint16, rounded to the same type."""
    return bt709_luma(rgb[..., 0], rgb[..., 1], rgb[..., 2])


def rgb_of_luma(luma: Plane, cb: Floats, cr: Floats, *, depth: int | None = None) -> Plane:
    """R'G'B' (H, W, 3) of the type of `luma`, of which `luma_of_rgb` gives back `luma` (H, W) in every pixel.

    Luma has `depth` bits; None: all bits of its type. cb and cr (H, W) are BT.709 chroma in -0.5..0.5. They are
    consumed: lowered in place where R'G'B' would leave its range. Red and blue are rounded first and green makes up
    for both, so that the luma is off by less than 0.36 of a code value before it is rounded.
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
