"""Reads photographs for training: 8-bit sRGB, upright, converted by their own colour profile."""

import io
import warnings
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps

from pipeline.errors import SourceError
from pipeline.regular_file import refuse_special_file

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".bmp"})
"""Of photographs to learn from, and to measure weights by."""
Rgb = npt.NDArray[np.uint8]
"""(H, W, 3)."""


def read_photo(path: Path, *, max_lines: int) -> Rgb:
    """A JPEG, PNG, WebP, TIFF or BMP picture, averaged down where it has more lines; its first page, without alpha.

    Raises SourceError for what is missing, no picture, damaged or cut off, or larger than 179 megapixels.
    """
    refuse_special_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures and of odd metadata
            with Image.open(path) as image:
                image.load()
                rgb = _to_srgb(image)
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        message = str(error).partition("\n")[0]
        raise SourceError(
            f"{path}: cannot be read as a picture ({message}); another copy is needed"
        ) from error
    height, width = rgb.shape[:2]
    if height <= max_lines:
        return rgb
    size = (max(1, round(width * max_lines / height)), max_lines)
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _to_srgb(image: Image.Image) -> Rgb:
    if image.mode.startswith(("I", "F")):  # 16 bits a sample and one component: grey
        samples = np.asarray(image, np.float32)
        grey = np.clip(samples / max(float(samples.max()), 1.0) * 255, 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if isinstance(profile, bytes) and upright.mode in ("RGB", "CMYK"):
        try:
            made = ImageCms.profileToProfile(
                upright,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
            upright = made or upright
        except (ImageCms.PyCMSError, OSError):  # a profile that nothing can read says nothing
            pass
    return np.asarray(upright.convert("RGB"), np.uint8)
