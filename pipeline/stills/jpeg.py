"""Reads and writes JPEG stills; the coded luma of a source JPEG is kept bit for bit, and colour is added.

The luma coefficients are extracted from the source (`jpeg_luma`) and joined with two new chroma components. For a few
rare kinds of JPEG (arithmetic coding, luma of lower resolution than chroma) this is not possible; their luma is coded
again with the source's own quantisation table. That gives back 97.3 % to 99.9 % of the samples of photographs; the
share is measured for each file and reported.
"""

import io
import struct
import warnings
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from pipeline.color.colorimetry import chroma_to_plane
from pipeline.errors import OutputError, SourceError
from pipeline.media import Plane
from pipeline.stills.chroma import StillChroma, bands
from pipeline.stills.jpeg_luma import Segment, join_components, luma_only, segments
from pipeline.stills.still import JpegOrigin, Still, StillTags
from pipeline.stills.vips import check_decodes

_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_JFIF, _JFXX, _SECOND_PICTURES = b"JFIF\0", b"JFXX\0", b"MPF\0"
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_MOST_BYTES = 65533
"""Of the payload of a segment."""
MOST_JPEG_XMP_BYTES = _MOST_BYTES - len(_XMP)
"""Of an XMP packet in a JPEG."""
_QUALITY = 95
"""JPEG quality, 1 to 100, of a still whose source is no JPEG."""
_MOST_SIDE_PX = 65500


def read_jpeg(path: Path) -> Still:
    """Reads a JPEG, grey or Y'CbCr, of 8 bits; its luma is the first component as it is decoded.

    Raises SourceError where it is damaged (a decoder's warning counts as damage), too large, RGB, CMYK or of 12 bits.
    """
    data = path.read_bytes()
    try:
        parts = list(segments(data))
    except (ValueError, struct.error) as error:
        raise SourceError(f"cannot read {path}: damaged or cut short ({error})") from error
    luma, table, is_progressive = _decode(data, path)
    check_decodes(data, path, loader=pyvips.Image.jpegload_buffer)
    notes = []
    if any(part.marker == _APP2 and part.payload.startswith(_SECOND_PICTURES) for part in parts):
        notes.append("the further pictures behind its first one (a preview or a gain map) are left out")
    return Still(
        path=path,
        format="jpeg",
        luma=luma,
        tags=_read_tags([part for part in parts if part.is_metadata]),
        jpeg=JpegOrigin(table=table, is_progressive=is_progressive, luma_file=_luma_file(data, luma, path)),
        notes=tuple(notes),
    )


def write_jpeg(target: Path, still: Still, chroma: StillChroma, *, tags: StillTags, path: Path) -> list[str]:
    """Writes the still with its colour into `target`, with chroma 4:4:4 and `tags` in place of its own.

    Returns a line about the samples of luma that differ from the still, if any do. Raises OutputError, which names the
    file `path`, where a JPEG cannot hold the still or its metadata.
    """
    height, width = still.luma.shape
    if still.depth != 8 or still.alpha is not None or max(height, width) > _MOST_SIDE_PX:
        raise OutputError(
            f"cannot write {path}: a JPEG holds 8 bits, no alpha, at most {_MOST_SIDE_PX} px a side; "
            "write .png or .tif"
        )
    metadata = _tag_segments(tags, path)
    origin = still.jpeg or JpegOrigin(table=(), is_progressive=False, luma_file=None)
    luma_file = origin.luma_file or _encode(still.luma, origin.table, is_progressive=origin.is_progressive)
    table = origin.table or _decode(luma_file, path)[1]
    planes = np.empty((2, height, width), np.uint8)
    for rows in bands(still.luma.shape):
        for plane, part in zip(planes, chroma.rows(still.luma[rows], rows.start), strict=True):
            plane[rows] = chroma_to_plane(part, depth=8, range="full")
    try:
        coded = [_encode(plane, table, is_progressive=origin.is_progressive) for plane in planes]
    except OSError as error:
        raise OutputError(f"cannot write {path}: its chroma cannot be coded ({error})") from error
    file = join_components(luma_file, coded[0], coded[1], metadata=metadata)
    target.write_bytes(file)
    return _notes(still.luma, _decode(file, path)[0])


def _decode(data: bytes, path: Path) -> tuple[Plane, tuple[int, ...], bool]:
    """(luma (H, W) uint8, its 64 quantisation steps, whether it is progressive) of a JPEG. Raises SourceError."""
    try:
        with warnings.catch_warnings(), JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
            warnings.simplefilter("ignore")
            if image.mode == "RGB":
                image.draft("YCbCr", image.size)
            if image.mode not in {"L", "YCbCr"} or _is_rgb(image):
                kind = "RGB or XYB" if image.mode == "YCbCr" else image.mode
                raise SourceError(
                    f"cannot read {path}: a JPEG in {kind}; it must be grey or Y'CbCr: save it as a usual JPEG, "
                    "TIFF or PNG"
                )
            table = tuple(image.quantization[image.layer[0][3]])
            is_progressive = bool(image.info.get("progressive"))
            luma = np.array(image if image.mode == "L" else image.getchannel(0))
    except (OSError, SyntaxError, UnidentifiedImageError, struct.error, IndexError, KeyError) as error:
        raise SourceError(f"cannot read {path}: damaged or cut short ({error})") from error
    return luma, table, is_progressive


def _luma_file(data: bytes, luma: Plane, path: Path) -> bytes | None:
    """The source's luma coefficients as a grey JPEG, checked by decoding it; None where they cannot be extracted."""
    try:
        file = luma_only(data)
    except (ValueError, IndexError, struct.error):
        return None
    return file if file is not None and np.array_equal(_decode(file, path)[0], luma) else None


def _is_rgb(image: JpegImagePlugin.JpegImageFile) -> bool:
    """Whether the three components are R, G and B, by Adobe's marker or by their identifiers."""
    names = bytes(layer[0] for layer in image.layer)
    return image.layers == 3 and (image.info.get("adobe_transform") == 0 or names == b"RGB")


def _encode(plane: Plane, table: tuple[int, ...], *, is_progressive: bool) -> bytes:
    """A grey JPEG of a plane (H, W) uint8 with 64 quantisation steps; with an empty table, of quality 95."""
    buffer = io.BytesIO()
    if table:
        Image.fromarray(plane).save(buffer, "JPEG", progressive=is_progressive, qtables=[list(table)])
    else:
        Image.fromarray(plane).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _notes(luma: Plane, written: Plane) -> list[str]:
    """A line on the share of samples that are equal; empty where all are."""
    differs = luma != written
    count = np.count_nonzero(differs)
    if not count:
        return []
    most = int(np.abs(luma[differs].astype(np.int16) - written[differs]).max())
    share = 100 * (1 - count / luma.size)
    return [f"{share:.2f} % of its luma samples are as they were, the others differ by {most} at most"]


def _read_tags(metadata: list[Segment]) -> StillTags:
    """The metadata in application segments and comments."""
    exif, xmp, dots = None, None, None
    profile: dict[int, bytes] = {}
    native = []
    for part in metadata:
        body = part.payload
        if part.marker == _APP1 and body.startswith(_EXIF) and exif is None:
            exif = body[len(_EXIF) :]
        elif part.marker == _APP1 and body.startswith(_XMP) and xmp is None:
            xmp = body[len(_XMP) :]
        elif part.marker == _APP2 and body.startswith(_ICC) and len(body) > len(_ICC) + 2:
            profile[body[len(_ICC)]] = body[len(_ICC) + 2 :]
        elif part.marker == _APP14 or (part.marker == _APP2 and body.startswith(_SECOND_PICTURES)):
            continue  # Adobe's segment describes the source's own components
        else:
            native.append(part.data)
        if part.marker == _APP0 and body.startswith(_JFIF) and len(body) >= 12:
            dots = _jfif_dots(body)
    icc = b"".join(profile[number] for number in sorted(profile)) or None
    return StillTags(icc=icc, exif=exif, xmp=xmp, dots_per_metre=dots, native=tuple(native))


def _jfif_dots(body: bytes) -> tuple[float, float] | None:
    """Dots per metre, across and down, in a JFIF segment; None where it has no unit."""
    unit, across, down = struct.unpack_from(">BHH", body, 7)
    factor = {1: 100 / 2.54, 2: 100.0}.get(unit, 0.0)
    return (across * factor, down * factor) if across * down * factor else None


def _tag_segments(tags: StillTags, path: Path) -> list[bytes]:
    """The metadata as whole segments: JFIF first, as it requires, then Exif, XMP, profile and the rest."""
    first = [data for data in tags.native if data[1] == _APP0 and data[4:9] in {_JFIF, _JFXX}]
    others = [data for data in tags.native if data not in first]
    if not first and tags.dots_per_metre is not None:
        across, down = (min(65535, round(value * 0.0254)) for value in tags.dots_per_metre)
        first = [_segment(_APP0, _JFIF + struct.pack(">HBHHBB", 0x0101, 1, across, down, 0, 0), path)]
    named = []
    if tags.exif is not None:
        named.append(_segment(_APP1, _EXIF + tags.exif, path))
    if tags.xmp is not None:
        named.append(_segment(_APP1, _XMP + tags.xmp, path))
    if tags.icc is not None:
        step = _MOST_BYTES - len(_ICC) - 2
        pieces = [tags.icc[start : start + step] for start in range(0, len(tags.icc), step)]
        for number, piece in enumerate(pieces, start=1):
            named.append(_segment(_APP2, _ICC + bytes([number, len(pieces)]) + piece, path))
    return [*first, *named, *others]


def _segment(marker: int, payload: bytes, path: Path) -> bytes:
    """A whole segment. Raises OutputError where the payload is too long for one."""
    if len(payload) > _MOST_BYTES:
        raise OutputError(
            f"cannot write {path}: {len(payload)} bytes of metadata in a block, a JPEG holds {_MOST_BYTES}; "
            "write .png or .tif"
        )
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
