"""Reads size and kind of a still from its header, without decoding it: DPX, OpenEXR, PNG and TIFF.

So a film of numbered stills is refused before it is begun where a still differs from the others or holds something
that would be lost.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.regular_file import refuse_special_file
from pipeline.stills.exr import read_exr_header
from pipeline.stills.tiff_tags import (
    BITS,
    COMPRESSION,
    HEIGHT,
    PHOTOMETRIC,
    SAMPLE_FORMAT,
    SAMPLES,
    SUBFILE,
    TILE_WIDTH,
    WIDTH,
    read_pages,
)

_DPX_CODES = {6: "grey", 50: "RGB"}
_DPX_BITS = (8, 10, 12, 16)
_UNDEFINED = 0xFFFFFFFF
_PNG_COLORS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}
_TIFF_COLORS = {0: "grey", 1: "grey", 2: "RGB", 3: "palette"}
_TIFF_COMPRESSIONS = (1, 2, 3, 4, 5, 8, 32773, 32946)
"""What FFmpeg decodes: of JPEG, and of tiles, it makes a black picture without a word."""
_BIG_TIFF = (b"II+\0", b"MM\0+")
_TIFF_FLOAT = 3
"""SampleFormat of IEEE floating point."""


@dataclass(frozen=True, kw_only=True)
class StillHeader:
    """Size and kind of a still. Those of one film are all equal."""

    width: int
    height: int
    what: str
    """Format, bits and channels, in words for messages."""

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {self.what}"


def read_still_header(path: Path, *, kind: str) -> StillHeader:
    """The header of a still; `kind` is FFmpeg's name of its codec: dpx, exr, png or tiff.

    Raises SourceError, one line, where it cannot be read or is of another kind, and where it has alpha, several
    pictures, or channels or samples that a film cannot hold.
    """
    refuse_special_file(path)
    try:
        if path.stat().st_size == 0:
            raise SourceError(f"{path}: is an empty file; copy or scan this frame again")
        header = _READERS[kind](path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, struct.error) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path}: is no {kind.upper()} file that can be read ({error})") from error
    if header.width < 1 or header.height < 1:
        raise SourceError(f"{path}: its header says {header.width}x{header.height}; copy this frame again")
    if "alpha" in header.what:
        raise SourceError(
            f"{path}: has an alpha channel ({header.what}), which a film cannot hold; save the stills without it"
        )
    return header


def _dpx(path: Path) -> StillHeader:
    with path.open("rb") as file:
        head = file.read(2048)
    order = {b"SDPX": ">", b"XPDS": "<"}.get(head[:4])
    if order is None or len(head) < 2048:
        raise ValueError("its first bytes are not those of a DPX")
    elements, width, height = struct.unpack_from(order + "HII", head, 770)
    descriptor, bits = struct.unpack_from("BxxB", head, 800)
    packing, encoding = struct.unpack_from(order + "HH", head, 804)
    if elements != 1 or descriptor not in (*_DPX_CODES, 51, 52) or bits not in _DPX_BITS or encoding:
        raise SourceError(
            f"{path}: a DPX of {elements} elements, the first with descriptor {descriptor}, {bits} bits, encoding "
            f"{encoding}; one element of grey (6) or RGB (50) with 8, 10, 12 or 16 bits, not encoded, would work"
        )
    (padding,) = struct.unpack_from(order + "I", head, 812)
    if padding not in (0, _UNDEFINED):
        raise SourceError(f"{path}: a DPX with {padding} bytes of padding behind each line; none would work")
    if bits == 10 and packing == 0:
        raise SourceError(
            f"{path}: a DPX of 10 bits without fill (packing 0); three to a word (1 or 2) would work"
        )
    what = f"DPX, {bits} bits, {_DPX_CODES.get(descriptor, 'RGB with alpha')}, packing {packing}"
    (directions,) = struct.unpack_from(order + "H", head, 768)
    if 0 < directions < 8:
        what += f", orientation {directions}"
    return StillHeader(width=width, height=height, what=what)


def _exr(path: Path) -> StillHeader:
    header = read_exr_header(path)
    return StillHeader(width=header.width, height=header.height, what=header.what)


def _png(path: Path) -> StillHeader:
    with path.open("rb") as file:
        head = file.read(33)
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR" or len(head) < 33:
        raise ValueError("its first bytes are not those of a PNG")
    width, height, bits, color = struct.unpack_from(">IIBB", head, 16)
    what = f"PNG, {bits} bits, {_PNG_COLORS.get(color, f'colour type {color}')}"
    return StillHeader(width=width, height=height, what=what)


def _tiff(path: Path) -> StillHeader:
    with path.open("rb") as file:
        is_big = file.read(4) in _BIG_TIFF
        pages = read_pages(file)
    full = [page for page in pages if not page.number(SUBFILE, 0) & 1]
    if len(full) != 1:
        raise SourceError(f"{path}: has {len(full)} pages; a film needs stills of one picture each")
    if full[0] is not pages[0]:
        raise SourceError(f"{path}: its first page is a reduced copy; save the stills without thumbnails")
    page = full[0]
    bits, color, samples = page.number(BITS, 1), page.number(PHOTOMETRIC, -1), page.number(SAMPLES, 1)
    if (
        color not in _TIFF_COLORS
        or page.number(SAMPLE_FORMAT, 1) == _TIFF_FLOAT
        or bits not in (1, 2, 4, 8, 16)
    ):
        raise SourceError(
            f"{path}: a TIFF of {bits} bits, photometric interpretation {color}, sample format "
            f"{page.number(SAMPLE_FORMAT, 1)}; grey, RGB or palette of whole numbers up to 16 bits would work"
        )
    form = "BigTIFF" if is_big else "TIFF in tiles" if TILE_WIDTH in page else ""
    if not form and page.number(COMPRESSION, 1) not in _TIFF_COMPRESSIONS:
        form = f"TIFF of compression {page.number(COMPRESSION, 1)}"
    if form:
        raise SourceError(
            f"{path}: is a {form}, which is not read as a part of a film; a usual TIFF in strips, uncompressed or with "
            "LZW or Deflate, would work"
        )
    name = _TIFF_COLORS[color] + (" with alpha" if samples not in (1, 3) else "")
    return StillHeader(
        width=page.number(WIDTH, 0), height=page.number(HEIGHT, 0), what=f"TIFF, {bits} bits, {name}"
    )


_READERS = {"dpx": _dpx, "exr": _exr, "png": _png, "tiff": _tiff}
