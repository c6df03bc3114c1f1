"""sRGB to CIELAB (D65) and back, for colours that people give and for tables that are made in RGB."""

import numpy as np

from pipeline.color.gamut import Floats, linear_rgb, rgb_from_xyz
from pipeline.color.transfer import light_of_grey, signal_of_light

_TRANSFER = "bt709"  # shown with sRGB's curve


def lab_from_srgb(rgb: Floats) -> Floats:
    """L, a, b (..., 3) of sRGB (..., 3) in 0..1."""
    light = light_of_grey(rgb, _TRANSFER).astype(np.float64)
    xyz = light @ np.linalg.inv(rgb_from_xyz("bt709").astype(np.float64)).T
    x, y, z = np.moveaxis(
        np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29), -1, 0
    )
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def srgb_from_lab(lab: Floats) -> Floats:
    """sRGB (..., 3) in 0..1 of L, a, b (..., 3); what sRGB does not hold is clipped channel by channel."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    rgb = linear_rgb((lightness + 16) / np.float32(116), a, b, rgb_from_xyz("bt709")).clip(0, 1)
    return np.moveaxis(signal_of_light(rgb, grey=rgb[1], transfer=_TRANSFER), 0, -1)
