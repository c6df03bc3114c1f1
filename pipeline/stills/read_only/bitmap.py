"""Reads BMP stills with Pillow."""

import warnings
from pathlib import Path

import numpy as np
from PIL import BmpImagePlugin, Image

from pipeline.errors import SourceError
from pipeline.stills.read_only.samples import check_size, luma_and_alpha
from pipeline.stills.still import Still, StillTags

_PER_INCH = 100 / 2.54


def read_bitmap(path: Path) -> Still:
    """Reads a BMP of any depth: bilevel, palette, grey, RGB or RGB with alpha.

    Raises SourceError where it is damaged or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures, whose size is checked here
            with path.open("rb") as file, BmpImagePlugin.BmpImageFile(file) as image:
                check_size(path, *image.size)
                dots = image.info.get("dpi")
                samples = np.asarray(_plain(image))
    except SourceError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        message = str(error).partition("\n")[0]
        raise SourceError(f"cannot read {path}: damaged or cut short ({message})") from error
    luma, alpha = luma_and_alpha(samples)
    per_metre = None if not dots or not all(dots) else (dots[0] * _PER_INCH, dots[1] * _PER_INCH)
    return Still(path=path, format="bmp", luma=luma, alpha=alpha, tags=StillTags(dots_per_metre=per_metre))


def _plain(image: Image.Image) -> Image.Image:
    """The decoded picture as grey, RGB or RGBA of 8 bits."""
    if image.mode in ("L", "RGB", "RGBA"):
        image.load()
        return image
    return image.convert("L" if image.mode == "1" else "RGB")
