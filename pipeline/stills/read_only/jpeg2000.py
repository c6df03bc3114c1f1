"""Reads JPEG 2000 stills (ISO/IEC 15444-1), JP2 files and bare codestreams, with the OpenJPEG built into OpenCV.

The boxes are read here, because OpenCV gives neither the depth of the samples nor profile and metadata.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline.errors import SourceError
from pipeline.media import Plane
from pipeline.stills.read_only.samples import check_size, luma_and_alpha, widened, widening_note
from pipeline.stills.still import Still, StillTags

BOX_MAGIC, CODESTREAM_MAGIC = b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"
_SIZ = b"\xff\x51"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF = b"JpgTiffExif->JP2"
_MOST_TAG_BYTES = 64 << 20
_HOLDS_BOXES = {b"jp2h", b"res "}
_ICC_METHODS = {2, 3}
_CMYK = 12
"""Enumerated colour space."""


@dataclass
class _Header:
    """What the boxes of a file state of its picture."""

    width: int = 0
    height: int = 0
    bits: set[int] = field(default_factory=set)
    is_signed: bool = False
    spaces: set[int] = field(default_factory=set)
    tags: dict[str, bytes] = field(default_factory=dict)
    dots_per_metre: tuple[float, float] | None = None


def read_jpeg2000(path: Path) -> Still:
    """Reads a JPEG 2000 still: grey or RGB, with or without alpha, 1 to 16 bits; more than 8 bits become 16.

    Raises SourceError where it is damaged, too large, CMYK, or of signed samples or of several depths.
    """
    data = path.read_bytes()
    found = _Header()
    _read_boxes(data, found)
    if not found.bits:
        raise SourceError(f"cannot read {path}: damaged or cut short (no header of a codestream in it)")
    check_size(path, found.width, found.height)
    if found.is_signed or len(found.bits) > 1 or max(found.bits) > 16 or _CMYK in found.spaces:
        what = "signed samples" if found.is_signed else f"{', '.join(map(str, sorted(found.bits)))} bits"
        what = "CMYK" if _CMYK in found.spaces else what
        raise SourceError(
            f"cannot read {path}: a JPEG 2000 of {what}; grey or RGB of one depth up to 16 bits would work"
        )
    (bits,) = found.bits
    samples = _decode(data, path)
    if bits < 8:
        samples = np.rint(samples * (255 / (2**bits - 1))).astype(np.uint8)
    elif 8 < bits < 16:
        samples = widened(samples.astype(np.uint16), bits=bits)
    luma, alpha = luma_and_alpha(samples)
    return Still(
        path=path,
        format="jpeg2000",
        luma=luma,
        alpha=alpha,
        tags=StillTags(
            icc=found.tags.get("icc"),
            exif=found.tags.get("exif"),
            xmp=found.tags.get("xmp"),
            dots_per_metre=found.dots_per_metre,
        ),
        notes=widening_note(max(bits, 8)),
    )


def _decode(data: bytes, path: Path) -> Plane:
    """The samples as they are coded: (H, W) or (H, W, n), RGB in this order, uint8 or uint16."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # OpenJPEG's complaints would go to the terminal
    try:
        samples: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        samples = None
    finally:
        cv2.utils.logging.setLogLevel(level)
    if samples is None or samples.dtype not in (np.uint8, np.uint16):
        raise SourceError(
            f"cannot read {path}: damaged, cut short, or a JPEG 2000 of a rare kind; "
            "save it as TIFF with another program"
        )
    if samples.ndim == 3 and samples.shape[2] >= 3:
        samples[..., :3] = samples[..., 2::-1].copy()
    plane: Plane = samples
    return plane


def _read_boxes(data: bytes, found: _Header) -> None:
    """Fills `found` from the boxes of a JP2 file, or from a bare codestream."""
    if data.startswith(CODESTREAM_MAGIC):
        _read_siz(data, found)
        return
    for kind, content in _boxes(data, depth=0):
        if kind == b"jp2c" and not found.bits:
            _read_siz(content, found)
        elif kind == b"colr" and len(content) >= 3:
            if content[0] in _ICC_METHODS:
                found.tags.setdefault("icc", content[3:])
            elif len(content) >= 7:
                found.spaces.add(struct.unpack_from(">I", content, 3)[0])
        elif kind == b"uuid" and len(content) < _MOST_TAG_BYTES:
            if content[:16] == _XMP:
                found.tags["xmp"] = content[16:]
            elif content[:16] == _EXIF:
                found.tags["exif"] = content[16:].removeprefix(b"Exif\0\0")
        elif kind in (b"resc", b"resd") and len(content) == 10:
            found.dots_per_metre = _resolution(content) or found.dots_per_metre


def _boxes(data: bytes, *, depth: int) -> Iterator[tuple[bytes, bytes]]:
    """(type, content) of each box, also of those inside other boxes."""
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        head = 8
        if size == 1 and place + 16 <= len(data):
            (size,), head = struct.unpack_from(">Q", data, place + 8), 16
        end = len(data) if size == 0 else min(place + size, len(data))
        if size and size < head:
            return
        content = data[place + head : end]
        if kind in _HOLDS_BOXES and depth < 3:
            yield from _boxes(content, depth=depth + 1)
        else:
            yield kind, content
        place = end


def _read_siz(codestream: bytes, found: _Header) -> None:
    """Fills `found` from the SIZ marker segment: the reference grid, and sign and depth of each component."""
    if codestream[:2] != CODESTREAM_MAGIC[:2] or codestream[2:4] != _SIZ or len(codestream) < 42:
        return
    right, bottom, left, top = struct.unpack_from(">IIII", codestream, 8)
    (count,) = struct.unpack_from(">H", codestream, 40)
    found.width, found.height = right - left, bottom - top
    for index in range(min(count, (len(codestream) - 42) // 3)):
        depth = codestream[42 + 3 * index]
        found.is_signed |= bool(depth & 128)
        found.bits.add((depth & 127) + 1)


def _resolution(content: bytes) -> tuple[float, float] | None:
    """Dots per metre, across and down, in a resolution box; None where it is not valid."""
    down, down_part, across, across_part, down_power, across_power = struct.unpack(">HHHHbb", content)
    if not (down_part and across_part and down and across):
        return None
    return across / across_part * 10.0**across_power, down / down_part * 10.0**down_power
