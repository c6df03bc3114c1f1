"""Chroma of a small picture spread over a large one, so that its edges are those of the large one's luma.

After the fast guided filter (He and Sun 2015): around every sample of the small picture Cb and Cr are modelled
as a * Y + b; a and b are enlarged and applied to the film's own luma. The model is fitted to the film's luma
made small, not to the small picture's own, so a proxy that somebody made brighter or darker still fits.
"""

from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color import Floats, fit_gamut, luma_coefficients, luma_to_unit
from pipeline.media import CHROMA_SHIFTS, Chroma, ColorDescription, Plane

_WINDOW = (5, 5)
_EPSILON = np.float32(1e-3)
"""Variance of luma (0..1) below which an area counts as flat."""
_MAX_SLOPE = np.float32(1)
_BAND_SAMPLES = 32768
_LEFT_SITES = frozenset({"left", "topleft", "bottomleft"})
_TOP_SITES = frozenset({"top", "topleft"})


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
    if not (interlaced and CHROMA_SHIFTS[chroma][1] and luma.shape[0] >= 4):
        return _upsample(luma, cb=cb, cr=cr, depth=depth, chroma=chroma, color=color, scratch=scratch)
    size = chroma_size(luma.shape[0], luma.shape[1], chroma=chroma)
    woven = scratch.floats("woven cb", size), scratch.floats("woven cr", size)
    for parity in (0, 1):
        field = _upsample(
            luma[parity::2], cb=cb, cr=cr, depth=depth, chroma=chroma, color=color, scratch=scratch
        )
        for plane, part in zip(woven, field, strict=True):
            lines = plane[parity::2]
            lines[:] = part[: len(lines)]
    return woven


def chroma_size(height: int, width: int, *, chroma: Chroma) -> tuple[int, int]:
    """Lines and columns of a chroma plane; odd sizes round up."""
    across, down = CHROMA_SHIFTS[chroma]
    return -(-height >> down), -(-width >> across)


def _upsample(
    luma: Plane,
    *,
    cb: Floats,
    cr: Floats,
    depth: int,
    chroma: Chroma,
    color: ColorDescription,
    scratch: Scratch,
) -> tuple[Floats, Floats]:
    size = chroma_size(luma.shape[0], luma.shape[1], chroma=chroma)
    if cb.shape[0] > size[0] or cb.shape[1] > size[1]:
        smaller = (min(cb.shape[1], size[1]), min(cb.shape[0], size[0]))
        cb, cr = _resize(cb, smaller), _resize(cr, smaller)
    across, down = CHROMA_SHIFTS[chroma]
    moved_across = 0.5 * (2**across - 1) if color.chroma_site in _LEFT_SITES else 0.0
    moved_down = 0.5 * (2**down - 1) if color.chroma_site in _TOP_SITES else 0.0

    guide = _guide(luma, cb.shape, depth=depth, color=color)
    move = (moved_across * cb.shape[1] / luma.shape[1], moved_down * cb.shape[0] / luma.shape[0])
    fitted = [
        _enlarge(_moved(plane, move), scratch.floats(name, size))
        for name, plane in fit_guided(guide, cb, cr).items()
    ]
    at_chroma = _shrink(luma, across=across, down=down, left=moved_across > 0, top=moved_down > 0)
    band = max(_BAND_SAMPLES // size[1], 1)  # all that is touched at once stays in the processor's cache
    for start in range(0, size[0], band):
        lines = slice(start, start + band)
        _apply(
            *(plane[lines] for plane in fitted),
            at_chroma=luma_to_unit(at_chroma[lines], depth=depth, range=color.range),
        )
        bounds = _extremes(luma[start << down : (start + band) << down], across=across, down=down)
        darkest, brightest = (luma_to_unit(bound, depth=depth, range=color.range) for bound in bounds)
        kr, kb = luma_coefficients(color.matrix)
        fit_gamut(fitted[0][lines], fitted[1][lines], darkest=darkest, brightest=brightest, kr=kr, kb=kb)
    return fitted[0], fitted[1]


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
    while min(luma.shape[0] / shape[0], luma.shape[1] / shape[1]) >= 4 and not any(n % 2 for n in luma.shape):
        luma = _shrink(luma, across=1, down=1)
    unit = luma_to_unit(luma, depth=depth, range=color.range)
    return _resize(unit, (shape[1], shape[0]))


def fit_guided(guide: Floats, cb: Floats, cr: Floats) -> dict[str, Floats]:
    """Slope and offset of Cb and Cr over luma, and the range of luma, around every sample.

    Only the slopes are smoothed. The offsets are such that the small picture itself comes out again: smoothed
    ones, as in the paper, would blur and pale the colours by several samples.
    """
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
    return {
        "slope cb": slopes[0],
        "slope cr": slopes[1],
        "offset cb": cb - slopes[0] * guide,
        "offset cr": cr - slopes[1] * guide,
        "low": cast(Floats, cv2.erode(guide, window)),
        "high": cast(Floats, cv2.dilate(guide, window)),
    }


def _mean(plane: npt.NDArray[Any]) -> Floats:
    return cast(Floats, cv2.blur(plane, _WINDOW, borderType=cv2.BORDER_REFLECT_101))


def _enlarge(plane: Floats, into: Floats) -> Floats:
    return cast(Floats, cv2.resize(plane, into.shape[::-1], dst=into, interpolation=cv2.INTER_LINEAR))


def _resize(plane: Floats, size: tuple[int, int]) -> Floats:
    return cast(Floats, cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def _moved(plane: Floats, shift: tuple[float, float]) -> Floats:
    """The plane with its content moved right and down by a part of a sample, below 1/2."""
    right, down = np.float32(shift[0]), np.float32(shift[1])
    if right:
        moved = plane.copy()
        moved[:, 1:] += right * (plane[:, :-1] - plane[:, 1:])
        plane = moved
    if down:
        moved = plane.copy()
        moved[1:] += down * (plane[:-1] - plane[1:])
        plane = moved
    return plane


def _shrink(luma: Plane, *, across: int, down: int, left: bool = False, top: bool = False) -> Plane:
    """Luma at the chroma samples: the mean of their block, or 1-2-1 around the sample that they lie on.

    The sizes round up; the last column and line are repeated.
    """
    if not across and not down:
        return luma
    block_width, block_height = 1 << across, 1 << down
    height, width = -(-luma.shape[0] >> down), -(-luma.shape[1] >> across)
    lead_across, lead_down = block_width // 2 * left, block_height // 2 * top
    padded = luma
    extra = (height * block_height - luma.shape[0], width * block_width - luma.shape[1])
    if lead_across or lead_down or any(extra):
        padded = cast(
            Plane, cv2.copyMakeBorder(luma, lead_down, extra[0], lead_across, extra[1], cv2.BORDER_REPLICATE)
        )
    # at half the size both are the mean, and linear is the fast one
    method = cv2.INTER_AREA if max(across, down) > 1 else cv2.INTER_LINEAR
    parts = [
        cv2.resize(
            padded[y : y + height * block_height, x : x + width * block_width],
            (width, height),
            interpolation=method,
        )
        for y in sorted({0, lead_down})
        for x in sorted({0, lead_across})
    ]
    while len(parts) > 1:
        parts = [cv2.addWeighted(p, 0.5, q, 0.5, 0) for p, q in zip(parts[::2], parts[1::2], strict=True)]
    return cast(Plane, parts[0])


def _extremes(luma: Plane, *, across: int, down: int) -> tuple[Plane, Plane]:
    """The darkest and the brightest luma of every chroma sample's block."""
    darkest, brightest = luma, luma
    for axis, count in ((0, down), (1, across)):
        for _ in range(count):
            if darkest.shape[axis] % 2:
                darkest, brightest = (
                    np.concatenate([p, p.take([-1], axis)], axis) for p in (darkest, brightest)
                )
            first = (slice(0, None, 2),) if axis == 0 else (slice(None), slice(0, None, 2))
            second = (slice(1, None, 2),) if axis == 0 else (slice(None), slice(1, None, 2))
            darkest = np.minimum(darkest[first], darkest[second])
            brightest = np.maximum(brightest[first], brightest[second])
    return darkest, brightest
