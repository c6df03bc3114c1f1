"""Reads the picture of a reference still, small and in colour."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.color.lab import lab_from_srgb
from pipeline.errors import SettingsError, SourceError
from pipeline.stills.still import MOST_PIXELS
from pipeline.stills.vips import read_small

Rgb = npt.NDArray[np.uint8]

LONGEST_PX = 1024
"""Of the longer side; larger stills are shrunk while they are read."""
_GREY_CHROMA = 4.0
"""CIE units: a picture of which 99 % has less gives no colour."""


def read_colors(path: Path) -> Rgb:
    """The sRGB picture (H, W, 3) in a file, as a viewer shows it, with at most 1024 pixels on its longer side.

    Its profile and orientation are applied, transparent parts lie on white. Raises SettingsError, with one line, for a
    file that is missing, no PNG, JPEG or TIFF, damaged, larger than 400 megapixels, or without colour.
    """
    try:
        pixels = read_small(path, side_px=LONGEST_PX, most_pixels=MOST_PIXELS)
    except SourceError as error:
        raise SettingsError(f"reference: {error}") from error
    picture = pixels[..., :3]
    if pixels.shape[-1] == 4:
        alpha = pixels[..., 3:].astype(np.float32) / np.float32(255)
        picture = (picture * alpha + 255 * (1 - alpha) + np.float32(0.5)).astype(np.uint8)
    lab = lab_from_srgb(picture.astype(np.float32) / np.float32(255))
    if np.percentile(np.hypot(lab[..., 1], lab[..., 2]), 99) < _GREY_CHROMA:
        raise SettingsError(f"reference {path}: has no colour; a coloured still would work")
    return np.asarray(picture, np.uint8)
