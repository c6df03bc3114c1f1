"""The colours that a film has as Lab, with their own lightness, and back to Cb and Cr.

`colorimetry.ab_to_chroma` takes the lightness of a grey of the film's luma, which is all that is known of a grey film.
A colour has another: a pure blue has L* 32, a grey of its luma L* 6. Here colours come back as they went in.
"""

import numpy as np

from pipeline.color.colorimetry import Floats, chroma_of_lab, chroma_to_rgb, luma_coefficients
from pipeline.color.gamut import rgb_from_xyz
from pipeline.color.transfer import light_of_signal
from pipeline.media import ColorDescription

_EDGE = 6 / 29
"""Of CIE Lab's root, below which it is a line."""


def chroma_to_lab(luma_unit: Floats, cb: Floats, cr: Floats, *, color: ColorDescription) -> Floats:
    """L*, a and b (3, ...) of luma 0..1, Cb and Cr -0.5..0.5; `color` has no gaps, as `resolve_color` gives it.

    L* is above 100 for what is brighter than white paper. What lies outside R'G'B' 0..1 is clipped.
    """
    kr, kb = luma_coefficients(color.matrix)
    signal = np.moveaxis(chroma_to_rgb(luma_unit, cb, cr, kr=kr, kb=kb), -1, 0).clip(0, 1)
    to_xyz = np.linalg.inv(rgb_from_xyz(color.primaries).astype(np.float64)).astype(np.float32)
    light = light_of_signal(signal, luminance=to_xyz[1], transfer=color.transfer)
    xyz = np.tensordot(to_xyz, light, axes=1)
    x, y, z = np.where(
        xyz > np.float32(_EDGE**3), np.cbrt(xyz), xyz / np.float32(3 * _EDGE**2) + np.float32(4 / 29)
    )
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)]).astype(np.float32)


def lab_to_chroma(luma_unit: Floats, lab: Floats, *, color: ColorDescription) -> tuple[Floats, Floats]:
    """Cb and Cr of L*, a and b (3, ...), inside the gamut at the film's luma (...): the inverse of `chroma_to_lab`.

    A colour that R'G'B' does not hold loses chroma, never lightness or hue.
    """
    kr, kb = luma_coefficients(color.matrix)
    fy = (lab[0] + 16) / np.float32(116)
    light = np.where(fy > _EDGE, fy**3, (fy - np.float32(4 / 29)) * np.float32(3 * _EDGE**2))
    return chroma_of_lab(
        fy.astype(np.float32),
        lab[1],
        lab[2],
        luma_unit=luma_unit,
        grey=light.astype(np.float32),
        kr=kr,
        kb=kb,
        primaries=color.primaries,
        transfer=color.transfer,
    )
