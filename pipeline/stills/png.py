"""Reads and writes PNG stills; every chunk that does not describe the samples is copied byte for byte."""

import shutil
import struct
import tempfile
import zlib
from pathlib import Path
from typing import BinaryIO

import pyvips

from pipeline.errors import SourceError
from pipeline.stills.chroma import StillChroma
from pipeline.stills.still import Still, StillTags
from pipeline.stills.vips import read_pixels, rgb_image, save_pixels

_HEAD_BYTES = 8 + 25
"""Signature and header chunk (IHDR), which must come first."""
_XMP_NAME = b"XML:com.adobe.xmp\0"
_OF_SAMPLES = {b"tRNS", b"bKGD", b"hIST", b"sBIT", b"sPLT"}
"""Chunks that describe the source's own kind of samples, and would be wrong for RGB."""
_ANIMATION = b"acTL"
"""The chunk that makes a PNG an animation (APNG)."""
_MOST_INFLATED_BYTES = 64 << 20
"""Of a compressed profile or text."""


def read_png(path: Path) -> Still:
    """Reads a PNG of any kind: grey, RGB, palette or bilevel, with or without alpha.

    Raises SourceError where it is damaged, animated or too large.
    """
    with path.open("rb") as file:
        tags = _read_tags(file, path)
        file.seek(0)
        pixels = read_pixels(file, path, loader=pyvips.Image.pngload_source)
    return Still(path=path, format="png", luma=pixels.luma, alpha=pixels.alpha, tags=tags)


def read_png_tags(path: Path) -> StillTags:
    """The metadata of a PNG, without its pixels. Raises SourceError where it is animated or damaged."""
    with path.open("rb") as file:
        return _read_tags(file, path)


def write_png(target: Path, still: Still, chroma: StillChroma, *, tags: StillTags, path: Path) -> None:
    """Writes the still with its colour into `target`, with `tags` in place of its own.

    Raises OutputError, which names the file `path`, where libvips cannot write.
    """
    image = rgb_image(still.luma, still.alpha, chroma)
    with tempfile.TemporaryFile(dir=target.parent) as pixels, target.open("wb") as file:
        save_pixels(pixels, path, saver=image.pngsave_target, compression=6, filter="up")
        pixels.seek(0)
        file.write(pixels.read(_HEAD_BYTES))
        file.write(b"".join(_tag_chunks(tags)))
        _skip_to_samples(pixels)
        shutil.copyfileobj(pixels, file, 1 << 20)


def _skip_to_samples(file: BinaryIO) -> None:
    """Moves to the first IDAT chunk, past the resolution that libvips writes before it."""
    while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
        file.seek(struct.unpack(">I", head[:4])[0] + 4, 1)
    file.seek(-8, 1)


def _read_tags(file: BinaryIO, path: Path) -> StillTags:
    """The metadata in all chunks; ends where the file is cut short, which decoding will find."""
    icc, exif, xmp = None, None, None
    dots: tuple[float, float] | None = None
    native = []
    file.seek(8)
    while len(head := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", head)
        if name == _ANIMATION:
            raise SourceError(
                f"cannot read {path}: an animated PNG; save the picture that you want as a still"
            )
        if name[:1].isupper() or name in _OF_SAMPLES:
            file.seek(size + 4, 1)
            continue
        data = file.read(size)
        chunk = head + data + file.read(4)
        if len(chunk) != size + 12:
            break
        if name == b"iCCP":
            icc = _inflate(data.partition(b"\0")[2][1:], path)
        elif name == b"eXIf":
            exif = data
        elif name == b"iTXt" and data.startswith(_XMP_NAME):
            xmp = _text(data, path)
        else:
            native.append(chunk)
        if name == b"pHYs" and size == 9 and data[8] == 1:
            dots = struct.unpack(">II", data[:8])
    return StillTags(icc=icc, exif=exif, xmp=xmp, dots_per_metre=dots, native=tuple(native))


def _tag_chunks(tags: StillTags) -> list[bytes]:
    """The metadata as whole chunks, to go before the samples."""
    chunks = []
    if tags.icc is not None:
        chunks.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(tags.icc)))
    chunks.extend(tags.native)
    if tags.dots_per_metre is not None and not any(chunk[4:8] == b"pHYs" for chunk in tags.native):
        across, down = (round(value) for value in tags.dots_per_metre)
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", across, down, 1)))
    if tags.exif is not None:
        chunks.append(_chunk(b"eXIf", tags.exif))
    if tags.xmp is not None:
        chunks.append(_chunk(b"iTXt", _XMP_NAME + b"\0\0\0\0" + tags.xmp))
    return chunks


def _chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with its length and CRC."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _text(data: bytes, path: Path) -> bytes:
    """The text of an iTXt chunk, which follows keyword, compression, language and translated keyword."""
    rest = data[len(_XMP_NAME) :]
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _inflate(text, path) if rest[:1] == b"\1" else text


def _inflate(data: bytes, path: Path) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST_INFLATED_BYTES)
    except zlib.error as error:
        raise SourceError(f"cannot read {path}: its metadata is damaged ({error})") from error
