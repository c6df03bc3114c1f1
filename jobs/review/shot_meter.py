"""Measures the colour of a shot on its chroma proxies, frame by frame.

The figures are those of the colour as it is rendered, at the proxies' size (at most 128 lines), so they come
cheap; the definitions of CDC and colourfulness are those of `models.metrics`, which `evaluate` uses too.
"""

import cv2
import numpy as np

from jobs.review.course import FrameFigures
from jobs.review.drift import Drift
from jobs.review.shot_figures import ShotFigures
from models.colorfulness import colorfulness
from models.metrics import ColorConsistency
from models.unevenness import flat_regions, spread
from pipeline.color.colorimetry import Floats, chroma_to_rgb, fit_gamut, to_8bit
from pipeline.colorize.chroma_proxy import ProxyFrame

STILL_LUMA = 4 / 255
"""Flicker is looked for where luma changes by less than this from frame to frame: there the picture stands still."""
_MOST_LINES = 128
_EDGE = 1 / 255
_COLOURED = 2 / 255
_EVEN_EVERY = 8
"""Frames of which one is looked at for unevenness."""
_EVEN_LINES = 56
"""Size at which `flat_regions` are looked for."""


class ShotMeter:
    """Takes the proxy frames of one shot in order; holds one frame and four histograms."""

    def __init__(self, *, kr: float, kb: float) -> None:
        """`kr` and `kb` are of the film's matrix."""
        self._kr, self._kb = kr, kb
        self._color, self._grey = ColorConsistency(), ColorConsistency()
        self._before: tuple[Floats, Floats] | None = None
        self._frames = self._pixels = self._at_edge = self._still = 0
        self._colorfulness = self._changes = 0.0
        self._flat_area = self._flat_spread = 0.0
        self._drift = Drift()

    def push(self, frame: ProxyFrame) -> FrameFigures:
        """Takes the next frame, in the colour that is rendered; returns what is plotted of it."""
        luma, chroma = _prepared(frame)
        coloured = np.abs(chroma).max(axis=0) > _COLOURED
        rgb = chroma_to_rgb(luma, *chroma, kr=self._kr, kb=self._kb)
        outside = cv2.inRange(rgb, (_EDGE,) * 3, (1 - _EDGE,) * 3) == 0
        self._at_edge += int(np.count_nonzero(outside & coloured))
        self._pixels += luma.size
        fit_gamut(*chroma, darkest=luma, brightest=luma, kr=self._kr, kb=self._kb)
        shown = to_8bit(chroma_to_rgb(luma, *chroma, kr=self._kr, kb=self._kb))
        self._color.push(shown)
        self._grey.push(to_8bit(np.repeat(luma[..., None], 3, axis=-1)))
        self._colorfulness += colorfulness(shown)
        flicker = self._compare(luma, chroma)
        self._drift.push(luma, chroma)
        if self._frames % _EVEN_EVERY == 0:
            self._look_at_flat_regions(luma, chroma)
        self._frames += 1
        return FrameFigures(float(np.abs(chroma).mean()) * 255, flicker, float(luma.mean()))

    def finish(self) -> ShotFigures:
        """The figures of all frames so far; ValueError without any."""
        if not self._frames:
            raise ValueError("a shot without frames has no figures")
        return ShotFigures(
            cdc=round(self._color.value(), 6),
            cdc_grey=round(self._grey.value(), 6),
            flicker=round(self._changes / self._still, 4) if self._still else 0.0,
            colorfulness=round(self._colorfulness / self._frames, 3),
            gamut_share=round(self._at_edge / self._pixels, 6),
            unevenness=round(self._flat_spread / self._flat_area, 3) if self._flat_area else None,
            drift=None if (drift := self._drift.value()) is None else round(drift, 3),
        )

    def _look_at_flat_regions(self, luma: Floats, chroma: Floats) -> None:
        """Adds how much colour shifts inside each; code values of luma are about as even to the eye as L* is."""
        scale = _EVEN_LINES / min(luma.shape)
        size = tuple(max(1, round(side * scale)) for side in luma.shape[::-1])
        small = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (luma, *chroma)]
        for mask in flat_regions(small[0] * 100):
            area = float(mask.mean())
            self._flat_area += area
            self._flat_spread += area * spread(np.stack(small[1:])[:, mask]) * 255

    def _compare(self, luma: Floats, chroma: Floats) -> float:
        """Adds how chroma changed since the frame before, where luma did not; returns the mean of this frame."""
        flicker = 0.0
        if self._before is not None and self._before[0].shape == luma.shape:
            still = np.abs(luma - self._before[0]) < STILL_LUMA
            change = np.abs(chroma - self._before[1]).mean(axis=0)
            count, changes = int(np.count_nonzero(still)), float(change[still].sum(dtype=np.float64)) * 255
            self._still += count
            self._changes += changes
            flicker = changes / count if count else 0.0
        self._before = luma, chroma
        return flicker


def _prepared(frame: ProxyFrame) -> tuple[Floats, Floats]:
    """Luma (h, w) and chroma (2, h, w), as large as figures need them; copies."""
    planes = np.stack([frame.luma, frame.cb, frame.cr])
    height, width = frame.luma.shape
    if height > _MOST_LINES:
        size = (max(1, round(width * _MOST_LINES / height)), _MOST_LINES)
        planes = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])
    return planes[0], planes[1:]
