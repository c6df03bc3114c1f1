"""Reads WebP, AVIF, HEIC and GIF stills with libvips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from pipeline.errors import SourceError
from pipeline.media import Plane
from pipeline.stills.read_only.samples import check_size, widened, widening_note
from pipeline.stills.still import SourceFormat, Still, StillTags
from pipeline.stills.tiff_tags import ORIENTATION, pack_exif, read_exif
from pipeline.stills.vips import read_pixels

_LOADERS: dict[SourceFormat, str] = {
    "webp": "webpload_source",
    "avif": "heifload_source",
    "heic": "heifload_source",
    "gif": "gifload_source",
}


def read_web_format(path: Path, *, format: SourceFormat) -> Still:
    """Reads a WebP, AVIF, HEIC or GIF of one picture, with or without alpha; more than 8 bits become 16.

    libvips turns pictures of AVIF and HEIC upright itself, so the orientation in their Exif is dropped. Raises
    SourceError where the file is damaged, too large, animated, of several pictures, or coded with a codec that libvips
    was built without (HEVC).
    """
    loader: Callable[..., Any] = getattr(pyvips.Image, _LOADERS[format])
    tags: StillTags | None = None
    bits = 8
    with path.open("rb") as file:
        if file.read(12)[4:] == b"ftypavis":
            raise SourceError(
                f"cannot read {path}: it holds a sequence of pictures; save the one that you want as a still"
            )
        file.seek(0)

        def load(source: Any, **options: Any) -> Any:
            nonlocal tags, bits
            image = loader(source, **options)
            check_size(path, image.width, image.height)
            _refuse_many(image, path)
            tags, bits = _tags(image, format), _depth(image)
            return image

        try:
            pixels = read_pixels(file, path, loader=load)
        except SourceError as error:
            if format == "heic" and "damaged" in str(error):
                raise SourceError(
                    f"cannot read {path}: a {format.upper()} whose codec cannot be decoded here, or damaged; "
                    "save it as TIFF, PNG or JPEG first"
                ) from error
            raise
    luma, alpha = _full_range(pixels.luma, bits), pixels.alpha
    return Still(
        path=path,
        format=format,
        luma=luma,
        alpha=None if alpha is None else _full_range(alpha, bits),
        tags=tags or StillTags(),
        notes=widening_note(bits),
    )


def _full_range(plane: Plane, bits: int) -> Plane:
    """A plane of libvips with its white at the greatest value.

    libvips shifts samples of 10 and 12 bits to the top of 16 and leaves the low bits 0.
    """
    if plane.dtype == np.uint8 or bits == 16:
        return plane
    return widened(plane.astype(np.uint16) >> np.uint16(16 - bits), bits=bits)


def _refuse_many(image: Any, path: Path) -> None:
    """Raises SourceError for a file of several pictures."""
    count = image.get("n-pages") if "n-pages" in image.get_fields() else 1
    if count > 1:
        raise SourceError(
            f"cannot read {path}: it holds {count} pictures; save the one that you want as a still"
        )


def _depth(image: Any) -> int:
    """Bits of a sample in the file."""
    if image.format != "ushort":
        return 8
    return int(image.get("bits-per-sample")) if "bits-per-sample" in image.get_fields() else 16


def _tags(image: Any, format: SourceFormat) -> StillTags:
    def blob(name: str) -> bytes | None:
        return bytes(image.get(name)) if name in image.get_fields() else None

    exif = blob("exif-data")
    exif = exif.removeprefix(b"Exif\0\0") if exif is not None else None
    if exif is not None and format in ("avif", "heic"):
        exif = _without_orientation(exif)
    return StillTags(icc=blob("icc-profile-data"), exif=exif, xmp=blob("xmp-data"))


def _without_orientation(exif: bytes) -> bytes | None:
    ifd = read_exif(exif)
    if ifd is None or ORIENTATION not in ifd:
        return exif
    del ifd[ORIENTATION]
    return pack_exif(ifd) if ifd else None
