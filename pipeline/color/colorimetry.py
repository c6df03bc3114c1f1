"""Converts the film's luma to L*, and predicted ab to Cb and Cr inside the gamut.

Luma is float32, 0 black to 1 white; Cb and Cr are float32, -0.5 to 0.5; both are independent of bit depth and range.
R'G'B' has the film's own primaries and a display's gamma (sRGB's curve); Lab is CIE 1976 with D65. Every function
takes arrays of any shape, so that many small pictures can be converted at once.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Literal, cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.gamut import is_outside, linear_rgb, rgb_from_xyz, share_inside
from pipeline.color.transfer import HLG, PQ, light_of_grey, lightness_of_light, signal_of_light
from pipeline.errors import SettingsError
from pipeline.media import ColorDescription, FilmInfo, Plane

Floats = npt.NDArray[np.float32]

_LUMA = {
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}
"""Kr and Kb of ITU-T H.273."""
_MATCH = {
    "bt709": ("bt709", "bt709"),
    "smpte170m": ("smpte170m", "smpte170m"),
    "bt470bg": ("bt470bg", "smpte170m"),
    "fcc": ("bt470m", "smpte170m"),
    "smpte240m": ("smpte240m", "smpte240m"),
    "bt2020nc": ("bt2020", "bt2020-10"),
}
"""Primaries and transfer that go with a matrix where the film names none."""
_UNKNOWN = frozenset({"unspecified", "unknown", "reserved", ""})
CENTERED_CODECS = frozenset({"mjpeg", "ljpeg", "mpeg1video", "webp"})
"""Codecs whose chroma lies amid its luma where the film does not say."""
_L_STEPS = 16384


def luma_coefficients(matrix: str) -> tuple[float, float]:
    """Kr and Kb of a matrix in FFmpeg's name. Raises SettingsError for one that has no such pair."""
    if matrix not in _LUMA:
        raise SettingsError(f"colour matrix {matrix!r} cannot be rendered to; {', '.join(_LUMA)} can")
    return _LUMA[matrix]


def resolve_color(film: FilmInfo) -> ColorDescription:
    """The film's colour tags with every gap filled: what the proxy and the result are made in and tagged as.

    RGB becomes BT.709. An unspecified matrix becomes BT.601 (`smpte170m`) up to 576 lines, else BT.709.
    Primaries, transfer and chroma site that are not there go with the matrix; the range is kept.
    """
    color = film.color
    matrix = color.matrix
    if film.pixel_format.chroma == "rgb" or matrix in ("gbr", "rgb"):
        matrix = "bt709"
    elif matrix in _UNKNOWN:
        matrix = "smpte170m" if film.height <= 576 else "bt709"
    primaries, transfer = _MATCH.get(matrix, ("unspecified", "unspecified"))
    site = "center" if film.video.codec in CENTERED_CODECS else "left"
    if matrix == "bt2020nc":
        site = "topleft"
    return replace(
        color,
        matrix=matrix,
        primaries=primaries if color.primaries in _UNKNOWN else color.primaries,
        transfer=transfer if color.transfer in _UNKNOWN else color.transfer,
        chroma_site=site if color.chroma_site in _UNKNOWN else color.chroma_site,
    )


def luma_to_unit(plane: Plane, *, depth: int, range: Literal["limited", "full"]) -> Floats:
    """Integer luma to 0..1, same shape; what a limited range holds beyond black and white is clipped."""
    if depth == 8 and plane.dtype == np.uint8 and plane.ndim == 2 and plane.size:
        return cast(Floats, cv2.LUT(plane, _unit_table(range)))
    return _to_unit(plane, depth=depth, range=range)


@lru_cache(maxsize=2)
def _unit_table(range: Literal["limited", "full"]) -> Floats:
    return _to_unit(np.arange(256, dtype=np.uint8), depth=8, range=range)


def _to_unit(plane: Plane, *, depth: int, range: Literal["limited", "full"]) -> Floats:
    black, span = luma_scale(depth, range)
    unit = np.multiply(plane, np.float32(1 / span), dtype=np.float32)
    if black:
        unit -= np.float32(black / span)
    np.clip(unit, 0, 1, out=unit)
    return unit


def unit_to_luma(unit: Floats, *, depth: int, range: Literal["limited", "full"]) -> Plane:
    """Luma 0..1 to the nearest integers at a depth and range: the inverse of `luma_to_unit`."""
    black, span = luma_scale(depth, range)
    scaled = np.multiply(unit, np.float32(span))
    scaled += np.float32(black + 0.5)
    return scaled.astype(np.uint8) if depth == 8 else scaled.astype(np.uint16)


def chroma_to_plane(chroma: Floats, *, depth: int, range: Literal["limited", "full"]) -> Plane:
    """Chroma -0.5..0.5 to the nearest integers at a depth and range. Consumes its input."""
    centre, span = chroma_scale(depth, range)
    chroma *= np.float32(span)
    chroma += np.float32(centre + 0.5)
    if range == "full":  # 0.5 lies half a step above the largest number
        np.clip(chroma, 0, 2**depth - 1, out=chroma)
    return chroma.astype(np.uint8) if depth == 8 else chroma.astype(np.uint16)


def luma_scale(depth: int, range: Literal["limited", "full"]) -> tuple[int, int]:
    """The code value of black, and the number of code values from black to white."""
    return (0, 2**depth - 1) if range == "full" else (16 << (depth - 8), 219 << (depth - 8))


def chroma_scale(depth: int, range: Literal["limited", "full"]) -> tuple[int, int]:
    """The code value of no chroma, and the number of code values from chroma -0.5 to 0.5."""
    return 1 << (depth - 1), 2**depth - 1 if range == "full" else 224 << (depth - 8)


def lightness(luma_unit: Floats, *, transfer: str = "bt709") -> Floats:
    """L*, 0 to 100, that grey of this luma (0..1) has on a display: same shape, within 0.005.

    HDR transfers show it as `transfer.py` says; what is brighter than white paper counts as white.
    """
    return np.minimum(_lightness(luma_unit, transfer), np.float32(100))


def _lightness(luma_unit: Floats, transfer: str) -> Floats:
    index = np.multiply(luma_unit, np.float32(_L_STEPS - 1))
    index += np.float32(0.5)
    np.clip(index, 0, _L_STEPS - 1, out=index)
    table: Floats = _lightness_table(transfer if transfer in (PQ, HLG) else "")[index.astype(np.uint16)]
    return table


def ab_to_chroma(
    luma_unit: Floats, ab: Floats, *, kr: float, kb: float, primaries: str = "bt709", transfer: str = "bt709"
) -> tuple[Floats, Floats]:
    """Cb and Cr that give grey of this luma the colour (a, b): exact hue, inside the gamut at that luma.

    luma_unit (..., H, W) 0..1, ab (..., 2, H, W) in CIE units; Cb and Cr (..., H, W). A colour that R'G'B'
    does not hold loses chroma, never lightness or hue. Unknown primaries count as BT.709's.
    """
    a, b = np.moveaxis(ab, -3, 0).astype(np.float32)  # a copy, worked on in place
    fy = (_lightness(luma_unit, transfer) + 16) / np.float32(116)
    grey = light_of_grey(luma_unit, transfer)
    return chroma_of_lab(
        fy, a, b, luma_unit=luma_unit, grey=grey, kr=kr, kb=kb, primaries=primaries, transfer=transfer
    )


def chroma_of_lab(
    fy: Floats,
    a: Floats,
    b: Floats,
    *,
    luma_unit: Floats,
    grey: Floats,
    kr: float,
    kb: float,
    primaries: str,
    transfer: str,
) -> tuple[Floats, Floats]:
    """Cb and Cr of Lab colours, as far as they are inside the gamut at a luma (0..1); all arrays have one shape.

    `fy` is (L* + 16) / 116, `grey` the luminance of that lightness.
    """
    matrix = rgb_from_xyz(primaries)
    rgb = linear_rgb(fy, a, b, matrix)
    outside = is_outside(rgb, transfer)
    if outside.any():
        fy_out, a_out, b_out = fy[outside], a[outside], b[outside]
        keep = share_inside(fy_out, a_out, b_out, matrix, transfer)
        rgb[:, outside] = linear_rgb(fy_out, a_out * keep, b_out * keep, matrix)
    red, green, blue = signal_of_light(rgb, grey=grey, transfer=transfer)
    luma = np.float32(kr) * red + np.float32(1 - kr - kb) * green + np.float32(kb) * blue
    cb = (blue - luma) * np.float32(0.5 / (1 - kb))
    cr = (red - luma) * np.float32(0.5 / (1 - kr))
    fit_gamut(cb, cr, darkest=luma_unit, brightest=luma_unit, kr=kr, kb=kb)
    return cb, cr


def fit_ab(luma_unit: Floats, ab: Floats, *, transfer: str = "bt709") -> Floats:
    """ab (2, H, W) with less chroma where BT.709's primaries do not hold it at that luma (H, W); what fits stays."""
    a, b = ab
    fy = (_lightness(luma_unit, transfer) + 16) / np.float32(116)
    matrix = rgb_from_xyz("bt709")
    outside = is_outside(linear_rgb(fy, a, b, matrix), transfer)
    if not outside.any():
        return ab
    fitted = ab.copy()
    fitted[:, outside] *= share_inside(fy[outside], a[outside], b[outside], matrix, transfer)
    return fitted


def chroma_to_rgb(luma_unit: Floats, cb: Floats, cr: Floats, *, kr: float, kb: float) -> Floats:
    """R'G'B' (..., 3) of luma 0..1 and chroma of the same shape; outside 0..1 where it is out of gamut."""
    red = luma_unit + np.float32(2 * (1 - kr)) * cr
    blue = luma_unit + np.float32(2 * (1 - kb)) * cb
    green = (luma_unit - np.float32(kr) * red - np.float32(kb) * blue) * np.float32(1 / (1 - kr - kb))
    return np.stack([red, green, blue], axis=-1)


def to_8bit(unit: Floats) -> npt.NDArray[np.uint8]:
    """0..1 to the nearest of 0..255; what lies outside is clipped."""
    return (unit * np.float32(255) + np.float32(0.5)).clip(0, 255).astype(np.uint8)


def fit_gamut(cb: Floats, cr: Floats, *, darkest: Floats, brightest: Floats, kr: float, kb: float) -> None:
    """Lowers Cb and Cr, by one factor and in place, until R'G'B' stays within 0..1; leaves what fits alone.

    All arrays have the same shape. `darkest` and `brightest` (0..1) bound the luma samples that a chroma
    sample colours; hue is kept, luma is not touched.
    """
    kg = 1 - kr - kb
    red = np.multiply(cr, np.float32(2 * (1 - kr)))
    blue = np.multiply(cb, np.float32(2 * (1 - kb)))
    green = np.multiply(red, np.float32(-kr / kg))
    most = np.multiply(blue, np.float32(-kb / kg))
    green += most
    np.maximum(red, blue, out=most)
    least = np.minimum(red, blue, out=red)
    np.maximum(most, green, out=most)
    np.minimum(least, green, out=least)
    # Each is at least as far from 0 as the room it has: the quotient is the factor, 1 where it fits.
    room = np.subtract(np.float32(1), brightest, out=green)
    np.maximum(most, room, out=most)
    most += np.float32(1e-9)
    np.divide(room, most, out=most)
    np.negative(least, out=least)
    np.maximum(least, darkest, out=least)
    least += np.float32(1e-9)
    np.divide(darkest, least, out=least)
    factor = np.minimum(most, least, out=most)
    cb *= factor
    cr *= factor


@lru_cache(maxsize=3)
def _lightness_table(transfer: str) -> Floats:
    return lightness_of_light(light_of_grey(np.linspace(0, 1, _L_STEPS).astype(np.float32), transfer))
