"""Reads and writes pixels with libvips: luma and alpha in, RGB out, band by band."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyvips

from pipeline.errors import OutputError, SourceError
from pipeline.media import Plane
from pipeline.read_monitor import reading
from pipeline.regular_file import refuse_special_file
from pipeline.stills.chroma import StillChroma, bands, luma_of_rgb, rgb_of_luma
from pipeline.stills.still import MOST_PIXELS

# libvips logs what it also raises; without a handler Python would print that to stderr.
logging.getLogger("pyvips").addHandler(logging.NullHandler())
# Its cache of operations would keep the pixels of pictures that are done with.
pyvips.cache_set_max(0)

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MODES = {"b-w", "grey16", "srgb", "rgb", "rgb16"}
_FORMATS: dict[str, type[np.uint8] | type[np.uint16]] = {"uchar": np.uint8, "ushort": np.uint16}


@dataclass(frozen=True, eq=False)
class Pixels:
    """Luma and alpha (None without) of a picture, as `Still` has them."""

    luma: Plane
    alpha: Plane | None


def read_pixels(file: BinaryIO, path: Path, *, loader: Callable[..., Any]) -> Pixels:
    """Luma and alpha of the picture in an open file; the luma of RGB is BT.709's.

    `loader` is libvips' loader of the format, called with a libvips source and options. Raises
    SourceError where the file is damaged, too large, or neither grey nor RGB of 8 or 16 bits.
    """
    try:
        source = pyvips.Source.new_from_descriptor(file.fileno())
        image = loader(source, access="sequential", fail_on="warning")
        _check(image, path)
        return _planes(image)
    except pyvips.Error as error:
        raise SourceError(f"cannot read {path}: damaged or cut short ({last_line(error)})") from error


def read_small(path: Path, *, side_px: int, most_pixels: int) -> Plane:
    """The picture in a PNG, JPEG or TIFF as a viewer shows it: (H, W, 3) sRGB uint8, or (H, W, 4) with transparency.

    Profile and orientation are applied; it is shrunk to fit a square of `side_px` while it is read. Raises SourceError
    where there is no such picture, or where it is damaged or has more than `most_pixels`.
    """
    refuse_special_file(path, SourceError)
    try:
        with path.open("rb") as file, reading(path):
            if not file.read(len(max(_MAGIC, key=len))).startswith(_MAGIC):
                raise SourceError(f"{path} is not a PNG, JPEG or TIFF picture; one of these would work")
            file.seek(0)
            return _small(file, path, side_px=side_px, most_pixels=most_pixels)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error


def _small(file: BinaryIO, path: Path, *, side_px: int, most_pixels: int) -> Plane:
    """`read_small` of an open file."""
    try:
        source = pyvips.Source.new_from_descriptor(file.fileno())
        image = pyvips.Image.new_from_source(source, "", access="sequential", fail_on="warning")
        if image.width * image.height > most_pixels:
            raise SourceError(
                f"cannot read {path}: {image.width}x{image.height} is more than {most_pixels / 1e6:.0f} megapixels; "
                "a smaller copy would work"
            )
        # `thumbnail_source` would shrink while it decodes, and takes a picture that is cut short for a whole one.
        small = image.thumbnail_image(side_px, height=side_px, size="down", export_profile="srgb")
        pixels: Plane = small.colourspace("srgb").cast("uchar").numpy()
    except pyvips.Error as error:
        raise SourceError(f"cannot read {path}: damaged or cut short ({last_line(error)})") from error
    return pixels


def check_decodes(data: bytes, path: Path, *, loader: Callable[..., Any]) -> None:
    """Decodes the whole picture in `data` to find damage. Raises SourceError as `read_pixels` does."""
    try:
        image = loader(data, access="sequential", fail_on="warning")
        _check(image, path)
        region = pyvips.Region.new(image)  # in this thread: libvips' own would log through Python
        for rows in bands((image.height, image.width)):
            region.fetch(0, rows.start, image.width, rows.stop - rows.start)
    except pyvips.Error as error:
        raise SourceError(f"cannot read {path}: damaged or cut short ({last_line(error)})") from error


def rgb_image(luma: Plane, alpha: Plane | None, chroma: StillChroma) -> Any:
    """A libvips image of RGB or RGBA, 8 or 16 bits as `luma`, whose BT.709 luma is `luma` in every pixel."""
    height, width = luma.shape
    count = 3 if alpha is None else 4
    pixels = np.empty((height, width, count), luma.dtype)
    for rows in bands(luma.shape):
        pixels[rows, :, :3] = rgb_of_luma(luma[rows], *chroma.rows(luma[rows], rows.start))
        if alpha is not None:
            pixels[rows, :, 3] = alpha[rows]
    deep = luma.dtype.itemsize == 2
    image = pyvips.Image.new_from_memory(pixels.data, width, height, count, "ushort" if deep else "uchar")
    return image.copy(interpretation="rgb16" if deep else "srgb")


def save_pixels(file: BinaryIO, path: Path, *, saver: Callable[..., Any], **options: Any) -> None:
    """Runs a saver of libvips into an open file, without metadata. Raises OutputError, which names `path`."""
    try:
        saver(pyvips.Target.new_to_descriptor(file.fileno()), keep="none", **options)
    except pyvips.Error as error:
        raise OutputError(f"cannot write {path}: {last_line(error)}") from error


def _check(image: Any, path: Path) -> None:
    """Raises SourceError for a picture that is too large, or neither grey nor RGB of 8 or 16 bits."""
    if image.width * image.height > MOST_PIXELS:
        raise SourceError(
            f"cannot read {path}: {image.width}x{image.height} is larger than a still may be, "
            f"{MOST_PIXELS / 1e6:.0f} megapixels"
        )
    if image.format not in _FORMATS or image.interpretation not in _MODES or image.bands > 4:
        raise SourceError(
            f"cannot read {path}: {image.bands} channels of {image.format} ({image.interpretation}); "
            "a still must be grey or RGB of 8 or 16 bits"
        )


def _planes(image: Any) -> Pixels:
    """Decodes the image band by band."""
    dtype = _FORMATS[image.format]
    size = (image.height, image.width)
    has_alpha = image.bands in (2, 4)
    luma = np.empty(size, dtype)
    alpha = np.empty(size, dtype) if has_alpha else None
    region = pyvips.Region.new(image)
    for rows in bands(size):
        data = region.fetch(0, rows.start, image.width, rows.stop - rows.start)
        flat: Plane = np.frombuffer(data, np.uint8) if dtype is np.uint8 else np.frombuffer(data, np.uint16)
        part = flat.reshape(rows.stop - rows.start, image.width, image.bands)
        luma[rows] = part[..., 0] if image.bands <= 2 else luma_of_rgb(part[..., :3])
        if alpha is not None:
            alpha[rows] = part[..., -1]
    return Pixels(luma, alpha)


def last_line(error: pyvips.Error) -> str:
    """The last line of libvips' message, which is the most specific."""
    lines = [line.strip() for line in error.detail.splitlines() if line.strip()]
    return str(lines[-1] if lines else error.message)
