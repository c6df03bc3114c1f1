"""Enlarges the chroma of a small picture so that its edges follow the luma of the large picture.

This is the fast guided filter (He and Sun 2015). Around every sample of the small picture Cb and Cr are modelled as a
* Y + b; a and b are enlarged and applied to the film's own luma. The model is fitted to the film's luma, shrunk, and
not to the luma of the small picture, so that a proxy that somebody made brighter or darker still fits.

Enlarged and shrunk again, chroma must be what it was (back-projection, Irani and Peleg 1991): what is missing is added
to b. It is found at twice the size of the small picture, where it costs next to nothing and comes out as at full size.
Window and epsilon were chosen by `tests/benchmarks/upsample.py`.
"""

from functools import partial
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.chroma_siting import (
    BOTTOM_SITES,
    TOP_SITES,
    chroma_size,
    luma_at_chroma,
    place_at_chroma,
    shrink_to_chroma,
)
from pipeline.color.colorimetry import Floats, fit_gamut, luma_coefficients, luma_to_unit
from pipeline.fields import merge_fields
from pipeline.media import CHROMA_SHIFTS, Chroma, ColorDescription, Plane

_WINDOW = (3, 3)
_EPSILON = np.float32(1e-2)
"""Variance of luma (0..1) below which an area counts as flat."""
_MAX_SLOPE = np.float32(1)
GUIDE_SCALE = 2
"""How many samples of luma the model is fitted to for one of the small picture, in each direction."""
_BAND_SAMPLES = 65536


class Scratch:
    """Memory used again from picture to picture: fresh pages cost more than the arithmetic on them.

    Not for two threads at once. What a function returns out of it holds until the next call.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Floats] = {}

    def floats(self, name: str, shape: tuple[int, int]) -> Floats:
        """An array of that shape with any content; the same one each time."""
        found = self._arrays.get(name)
        if found is None or found.shape != shape:
            found = self._arrays[name] = np.empty(shape, np.float32)
        return found


def upsample_chroma(
    luma: Plane,
    *,
    cb: Floats,
    cr: Floats,
    depth: int,
    chroma: Chroma,
    color: ColorDescription,
    interlaced: bool = False,
    scratch: Scratch | None = None,
) -> tuple[Floats, Floats]:
    """Cb and Cr for a picture's luma, in its gamut, at the size and the places of its chroma samples.

    luma (H, W) at `depth` and `color.range`; small cb and cr (h, w) in -0.5..0.5, covering the same picture;
    the results have ceil(H / 2) lines and ceil(W / 2) columns for chroma 420, and so on. Where `interlaced`
    and a chroma line serves several lines, it serves those of one field. The results lie in `scratch`.
    """
    scratch = scratch or Scratch()
    size = chroma_size(luma.shape[0], luma.shape[1], chroma=chroma)
    if cb.shape[0] > size[0] or cb.shape[1] > size[1]:
        smaller = (min(cb.shape[1], size[1]), min(cb.shape[0], size[0]))
        cb, cr = _resize(cb, smaller), _resize(cr, smaller)
    guide_size = guide_shape(cb.shape, luma.shape)
    guide = _guide(merge_fields(luma) if interlaced else luma, guide_size, depth=depth, color=color)
    model = fit_guided(guide, cb, cr)
    maps = [scratch.floats(name, size) for name in model]
    by_field = interlaced and CHROMA_SHIFTS[chroma][1] > 0 and luma.shape[0] >= 4
    fields = (0, 1) if by_field else (None,)
    place = partial(place_at_chroma, shape=luma.shape[:2], site=color.chroma_site, chroma=chroma)
    apart = by_field and color.chroma_site in TOP_SITES | BOTTOM_SITES
    if not apart:  # both fields have their chroma where a progressive frame has it
        for small, into in zip(model.values(), maps, strict=True):
            place(small, into)
    for field in fields:
        lines = slice(field, None, None if field is None else 2)
        parts = [plane[lines] for plane in maps]
        if apart:
            for small, part in zip(model.values(), parts, strict=True):
                part[:] = place(small, scratch.floats("field", part.shape), field=field)
        _color(luma[lines], *parts, depth=depth, chroma=chroma, color=color, field=field)
    return maps[0], maps[1]


def _color(
    luma: Plane,
    cb: Floats,
    cr: Floats,
    *offsets_and_limits: Floats,
    depth: int,
    chroma: Chroma,
    color: ColorDescription,
    field: int | None,
) -> None:
    """Applies the model to the luma of a picture or of a field: `cb` and `cr`, its slopes, become chroma."""
    across, down = CHROMA_SHIFTS[chroma]
    at_chroma = luma_at_chroma(luma, chroma=chroma, site=color.chroma_site, field=field)
    band = max(_BAND_SAMPLES // cb.shape[1], 1)  # all that is touched at once stays in the processor's cache
    for start in range(0, cb.shape[0], band):
        lines = slice(start, min(start + band, cb.shape[0]))
        _apply(
            cb[lines],
            cr[lines],
            *(plane[lines] for plane in offsets_and_limits),
            at_chroma=luma_to_unit(at_chroma[lines], depth=depth, range=color.range),
        )
        low, high = _extremes(luma[start << down : lines.stop << down], across=across, down=down)
        darkest = luma_to_unit(low, depth=depth, range=color.range)
        brightest = darkest if high is low else luma_to_unit(high, depth=depth, range=color.range)
        kr, kb = luma_coefficients(color.matrix)
        fit_gamut(cb[lines], cr[lines], darkest=darkest, brightest=brightest, kr=kr, kb=kb)


def _apply(
    slope_cb: Floats,
    slope_cr: Floats,
    offset_cb: Floats,
    offset_cr: Floats,
    low: Floats,
    high: Floats,
    *,
    at_chroma: Floats,
) -> None:
    """Turns the slopes into chroma, in place.

    Luma counts only as far as the small picture shows it: grain, dust and scratches are not to be coloured by
    a model that is stretched beyond what it was fitted to.
    """
    np.maximum(at_chroma, low, out=at_chroma)
    np.minimum(at_chroma, high, out=at_chroma)
    slope_cb *= at_chroma
    slope_cb += offset_cb
    slope_cr *= at_chroma
    slope_cr += offset_cr


def _guide(luma: Plane, shape: tuple[int, ...], *, depth: int, color: ColorDescription) -> Floats:
    """The film's luma (0..1) at the small picture's shape."""
    while min(luma.shape[0] / shape[0], luma.shape[1] / shape[1]) >= 2 and not any(n % 2 for n in luma.shape):
        luma = shrink_to_chroma(luma, across=1, down=1)
    unit = luma_to_unit(luma, depth=depth, range=color.range)
    return _resize(unit, (shape[1], shape[0]))


def guide_shape(small: tuple[int, ...], full: tuple[int, ...]) -> tuple[int, int]:
    """The shape of the luma that `fit_guided` takes for a small picture of a full one."""
    return min(GUIDE_SCALE * small[0], full[0]), min(GUIDE_SCALE * small[1], full[1])


def fit_guided(luma: Floats, cb: Floats, cr: Floats) -> dict[str, Floats]:
    """Slope and offset of Cb and Cr over luma, and the range of luma, around every sample.

    cb and cr (h, w), luma (0..1) of the same picture at its `guide_shape`. Only the slopes are smoothed. The offsets
    are such that the small picture itself comes out again: smoothed ones, as in the paper, would blur and pale the
    colours by several samples.
    """
    guide = _resize(luma, cb.shape[::-1])
    mean = _mean(guide)
    variance = _mean(guide * guide) - mean * mean
    np.maximum(variance, 0, out=variance)
    variance += _EPSILON
    slopes = []
    for plane in (cb, cr):
        slope = (_mean(guide * plane) - mean * _mean(plane)) / variance
        np.clip(slope, -_MAX_SLOPE, _MAX_SLOPE, out=slope)
        slopes.append(_mean(slope))
    window = np.ones(_WINDOW, np.uint8)
    model = {
        "slope cb": slopes[0],
        "slope cr": slopes[1],
        "offset cb": cb - slopes[0] * guide,
        "offset cr": cr - slopes[1] * guide,
        "low": cast(Floats, cv2.erode(guide, window)),
        "high": cast(Floats, cv2.dilate(guide, window)),
    }
    _project_back(model, luma, cb, cr)
    return model


def _project_back(model: dict[str, Floats], luma: Floats, cb: Floats, cr: Floats) -> None:
    """Adds to the offsets what chroma lost on its way to the size of `luma` and back."""
    maps = [
        cast(Floats, cv2.resize(plane, luma.shape[::-1], interpolation=cv2.INTER_LINEAR))
        for plane in model.values()
    ]
    _apply(*maps, at_chroma=luma.copy())
    for name, plane, enlarged in (("offset cb", cb, maps[0]), ("offset cr", cr, maps[1])):
        model[name] += plane - _resize(enlarged, plane.shape[::-1])


def _mean(plane: npt.NDArray[Any]) -> Floats:
    return cast(Floats, cv2.blur(plane, _WINDOW, borderType=cv2.BORDER_REFLECT_101))


def _resize(plane: Floats, size: tuple[int, ...]) -> Floats:
    return cast(Floats, cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def _extremes(luma: Plane, *, across: int, down: int) -> tuple[Plane, Plane]:
    """The darkest and the brightest luma of every chroma sample's block: one array twice where it is one sample."""
    if not across and not down:
        return luma, luma
    block = np.ones((1 << down, 1 << across), np.uint8)
    every = (slice(None, None, 1 << down), slice(None, None, 1 << across))
    darkest, brightest = (
        np.ascontiguousarray(extreme(luma, block, anchor=(0, 0))[every])
        for extreme in (cv2.erode, cv2.dilate)
    )
    return cast(Plane, darkest), cast(Plane, brightest)
