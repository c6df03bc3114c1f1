"""Predicted colour spread over a still of any size, a band of rows at a time.

The same guided model as `pipeline.color.chroma_upsample` has for films: a scan of 100 megapixels costs no more
memory for it than the rows that are being written.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.color.chroma_upsample import fit_guided
from pipeline.color.colorimetry import Floats, ab_to_chroma, fit_gamut, luma_coefficients, luma_to_unit
from pipeline.media import Plane

BAND_PIXELS = 1 << 20
"""Pixels of a band: what is worked on at once."""


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
    guide = shrink_luma(luma, size=(small[1], small[0]))
    kr, kb = luma_coefficients(matrix)
    cb, cr = ab_to_chroma(guide, ab, kr=kr, kb=kb)
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
