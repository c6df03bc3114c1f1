"""Reads and writes TIFF stills; every tag that does not describe how the pixels are stored is copied."""

import struct
from pathlib import Path

import pyvips

from pipeline.errors import SourceError
from pipeline.stills.chroma import StillChroma
from pipeline.stills.still import Still, StillTags
from pipeline.stills.tiff_tags import (
    BITS,
    COMPRESSION,
    EXTRA_SAMPLES,
    ICC_PROFILE,
    PHOTOMETRIC,
    PHOTOSHOP_LAYERS,
    RESOLUTION_UNIT,
    SAMPLE_FORMAT,
    SUBFILE,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
    Ifd,
    TagValue,
    pack_exif,
    pack_ifd,
    read_exif,
    read_pages,
)
from pipeline.stills.vips import read_pixels, rgb_image, save_pixels

_OF_PIXELS = frozenset(
    {*range(254, 260), 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, *range(288, 294), 297, 301}
    | {317, 320, 321, *range(322, 328), 330, *range(332, 342), 347, *range(512, 522), *range(529, 533)}
)
"""Tags of baseline TIFF and its extensions that say how pixels are stored: the new file has its own."""
_COMPRESSIONS = {1: "none", 5: "lzw", 8: "deflate", 32946: "deflate", 32773: "packbits"}
_ASSOCIATED_ALPHA = 1
_PER_METRE = {2: 100 / 2.54, 3: 100.0}
"""Units of resolution (inch, centimetre) in a metre."""
_BYTE, _UNDEFINED = 1, 7
"""Types of tags."""
_SIGNED, _FLOAT = 2, 3
"""Sample formats."""
_YCBCR, _JPEG = 6, (6, 7)
_FOREIGN_COLORS = {_YCBCR: "Y'CbCr without JPEG", 8: "CIELAB", 9: "ICC's Lab", 10: "ITU's Lab"}
"""Photometric interpretations that are not read; JPEG's Y'CbCr is."""
_DEPTHS = {1, 2, 4, 8, 16, 32, 64}
"""Bits of a sample that libvips unpacks; of these a still has 1 to 16, which is checked once libvips has read it."""


def read_tiff(path: Path) -> Still:
    """Reads a TIFF of one page: grey, RGB, palette or bilevel, up to 16 bits, with or without alpha.

    Reduced copies of the picture (thumbnails, pyramid levels) do not count as pages and are left out. Raises
    SourceError where it is damaged or too large, or has several pages or premultiplied alpha.
    """
    with path.open("rb") as file:
        try:
            pages = read_pages(file)
        except ValueError as error:
            raise SourceError(f"cannot read {path}: damaged or cut short ({error})") from error
        full = [index for index, page in enumerate(pages) if not page.number(SUBFILE, 0) & 1]
        if len(full) != 1:
            raise SourceError(
                f"cannot read {path}: it has {len(full)} pages; save each page as a still of its own first"
            )
        page = pages[full[0]]
        if page.number(EXTRA_SAMPLES, 0) == _ASSOCIATED_ALPHA:
            raise SourceError(f"cannot read {path}: premultiplied alpha; save it with straight alpha or none")
        _refuse_depth(page, path)
        _refuse_colors(page, path)
        file.seek(0)
        pixels = read_pixels(
            file,
            path,
            loader=lambda source, **options: pyvips.Image.tiffload_source(source, page=full[0], **options),
        )
    notes = ["the layers that Photoshop keeps in it are left out"] if PHOTOSHOP_LAYERS in page else []
    return Still(
        path=path,
        format="tiff",
        luma=pixels.luma,
        alpha=pixels.alpha,
        tags=_tags(page),
        compression=_COMPRESSIONS.get(page.number(COMPRESSION, 1), "deflate"),
        notes=tuple(notes),
    )


def _refuse_depth(page: Ifd, path: Path) -> None:
    """Raises SourceError for a depth that libvips cannot read, and would report as damage."""
    bits, sample = page.number(BITS, 1), page.number(SAMPLE_FORMAT, 1)
    if bits not in _DEPTHS:
        kind = {_FLOAT: "floating point ", _SIGNED: "signed "}.get(sample, "")
        raise SourceError(
            f"cannot read {path}: a TIFF of {kind}samples of {bits} bits; save it with 8 or 16 bits first"
        )


def _refuse_colors(page: Ifd, path: Path) -> None:
    """Raises SourceError for colours that libvips would take for RGB, or report as damage."""
    color = page.number(PHOTOMETRIC, 1)
    is_jpeg = page.number(COMPRESSION, 1) in _JPEG
    if color in _FOREIGN_COLORS and not (color == _YCBCR and is_jpeg):
        raise SourceError(
            f"cannot read {path}: a TIFF in {_FOREIGN_COLORS[color]}; save it as grey or RGB first"
        )


def read_tiff_tags(path: Path) -> tuple[StillTags, str]:
    """The metadata of the first page of a TIFF, without its pixels, and libvips' name of its compression.

    Raises ValueError where it is no TIFF, OSError where it cannot be read.
    """
    with path.open("rb") as file:
        page = read_pages(file)[0]
    return _tags(page), _COMPRESSIONS.get(page.number(COMPRESSION, 1), "deflate")


def write_tiff(target: Path, still: Still, chroma: StillChroma, *, tags: StillTags, path: Path) -> None:
    """Writes the still with its colour into `target`, compressed as the source was.

    `tags` replace the tags of the still. Raises OutputError, which names the file `path`, where libvips cannot write.
    """
    image = rgb_image(still.luma, still.alpha, chroma)
    with target.open("w+b") as file:
        save_pixels(
            file,
            path,
            saver=image.tiffsave_target,
            compression=still.compression or "deflate",
            predictor="horizontal",
        )
        written = read_pages(file)[0]
        merged = Ifd({tag: value for tag, value in written.items() if tag in _OF_PIXELS})
        merged.update(_carried(tags))
        place = file.seek(0, 2)
        place += file.write(b"\0" * (place % 2))
        file.write(pack_ifd(merged, place))
        file.seek(4)
        file.write(struct.pack("<I", place))


def _tags(page: Ifd) -> StillTags:
    """The metadata in the directory of a page; all tags but those of the pixels go into `exif`."""
    icc, xmp = page.get(ICC_PROFILE), page.get(XMP)
    carried = Ifd(
        {
            tag: value
            for tag, value in page.items()
            if tag not in _OF_PIXELS and tag not in {ICC_PROFILE, XMP, PHOTOSHOP_LAYERS}
        }
    )
    factor = _PER_METRE.get(page.number(RESOLUTION_UNIT, 2), 0.0)
    dots = (page.ratio(X_RESOLUTION) * factor, page.ratio(Y_RESOLUTION) * factor)
    return StillTags(
        icc=icc.data if isinstance(icc, TagValue) else None,
        exif=pack_exif(carried) if carried else None,
        xmp=xmp.data if isinstance(xmp, TagValue) else None,
        dots_per_metre=dots if all(dots) else None,
    )


def _carried(tags: StillTags) -> Ifd:
    """The tags of the source, profile and XMP included, for the directory of the new file."""
    ifd = (read_exif(tags.exif) if tags.exif else None) or Ifd()
    ifd = Ifd({tag: value for tag, value in ifd.items() if tag not in _OF_PIXELS})
    if tags.dots_per_metre is not None and X_RESOLUTION not in ifd:
        ifd[X_RESOLUTION], ifd[Y_RESOLUTION] = (
            TagValue.rational(value / 100) for value in tags.dots_per_metre
        )
        ifd[RESOLUTION_UNIT] = TagValue.short(3)
    if tags.icc is not None:
        ifd[ICC_PROFILE] = TagValue(_UNDEFINED, tags.icc)
    if tags.xmp is not None:
        ifd[XMP] = TagValue(_BYTE, tags.xmp)
    return ifd
