"""Reads the picture of a reference still, small and in colour."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips

from pipeline.errors import SettingsError
from pipeline.regular_file import refuse_special_file
from pipeline.stills.still import MOST_PIXELS

Rgb = npt.NDArray[np.uint8]

LONGEST_PX = 1024
"""Of the longer side; larger stills are shrunk while they are read."""
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_GREY_CHROMA = 4.0
"""CIE units: a picture of which 99 % has less gives no colour."""


def read_colors(path: Path) -> Rgb:
    """The sRGB picture (H, W, 3) in a file, as a viewer shows it, with at most 1024 pixels on its longer side.

    Its profile and orientation are applied, transparent parts lie on white. Raises SettingsError, with one line, for a
    file that is missing, no PNG, JPEG or TIFF, damaged, larger than 400 megapixels, or without colour.
    """
    refuse_special_file(path, SettingsError)
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise SettingsError(
            f"reference {path}: {error.strerror or error}; a coloured still would work"
        ) from error
    if not start.startswith(_MAGIC):
        raise SettingsError(f"reference {path}: not a PNG, JPEG or TIFF picture; one of these would work")
    try:
        image = _small(path)
        picture: Rgb = image.numpy()
        lab = image.colourspace("lab").numpy()
    except pyvips.Error as error:
        reason = " ".join((error.detail or error.message).split())
        raise SettingsError(
            f"reference {path}: damaged or cut short ({reason}); a whole file would work"
        ) from error
    if np.percentile(np.hypot(lab[..., 1], lab[..., 2]), 99) < _GREY_CHROMA:
        raise SettingsError(f"reference {path}: has no colour; a coloured still would work")
    return picture


def _small(path: Path) -> pyvips.Image:
    """The picture in memory: sRGB, three bands of 8 bits."""
    size = pyvips.Image.new_from_file(str(path), access="sequential")
    if size.width * size.height > MOST_PIXELS:
        raise SettingsError(
            f"reference {path}: {size.width}x{size.height} is larger than a still may be, "
            f"{MOST_PIXELS / 1e6:.0f} megapixels; a smaller copy would work"
        )
    image = pyvips.Image.thumbnail(
        str(path), LONGEST_PX, height=LONGEST_PX, size="down", output_profile="srgb", fail_on="warning"
    ).copy_memory()
    if image.hasalpha():
        image = image.flatten(background=255)
    return image.colourspace("srgb").cast("uchar").copy_memory()
