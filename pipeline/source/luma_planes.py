"""Takes the luma out of a decoded frame, for every pixel format that films come in.

Formats with a luma component give it sample for sample as it is stored. For RGB and palette formats it is computed from
R'G'B' with the weights of ITU-R BT.709, at full range and the depth of the format.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from pipeline.color.integer_luma import bt709_luma
from pipeline.media import Chroma, PixelFormat, Plane

_FLOAT_OR_WIDE = re.compile(r"f16|f32|32[bl]e|96[bl]e|128[bl]e")
_CHROMA_BY_STEP: Mapping[tuple[int, int], Chroma] = {
    (1, 1): "444",
    (2, 1): "422",
    (2, 2): "420",
    (1, 2): "440",
    (4, 1): "411",
    (4, 4): "410",
}
"""Chroma subsampling by the columns and lines of luma that one chroma sample serves."""
_PACKED_LUMA: Mapping[str, tuple[int, int]] = {
    "yuyv422": (0, 2),
    "yvyu422": (0, 2),
    "uyvy422": (1, 2),
    "ya8": (0, 2),
    "ya16": (0, 2),
    "y210": (0, 2),
    "y212": (0, 2),
    "y216": (0, 2),
    "ayuv": (1, 4),
    "ayuv64": (1, 4),
    "uyva": (1, 4),
    "vuya": (2, 4),
    "vuyx": (2, 4),
    "xv36": (1, 4),
    "xv48": (1, 4),
    "vyu444": (1, 3),
}
"""Formats with luma among other samples of the first plane: index of the first luma sample, samples from one luma
sample to the next."""
_PACKED_RGB = re.compile(r"([argbx0]{3,4})(24|48|64)?$")


@cache
def describe_pixels(name: str) -> PixelFormat:
    """The PixelFormat of FFmpeg's pixel format `name`: depth of its luma and chroma subsampling.

    One-bit and palette formats count as 8 bits deep. Raises ValueError for formats that hold no luma of 8 to 16 bits
    (floating point, Bayer, XYZ, hardware surfaces) and for packed formats that are not read.
    """
    pixels = av.VideoFormat(name)
    parts = pixels.components
    if not parts or pixels.is_bayer or _FLOAT_OR_WIDE.search(name) or name.startswith("xyz"):
        raise ValueError(f"pixel format {name} holds no luma of 8 to 16 bits")
    if name in ("monow", "monob"):
        return PixelFormat(name=name, depth=8, chroma="gray")
    if pixels.is_bit_stream:
        raise ValueError(f"pixel format {name} packs its samples in a way that is not read")
    if pixels.is_rgb or pixels.has_palette:
        return PixelFormat(name=name, depth=max(8, parts[0].bits), chroma="rgb")
    if not pixels.is_planar and len(parts) > 1 and _stem(name) not in _PACKED_LUMA:
        raise ValueError(f"pixel format {name} packs its samples in a way that is not read")
    if len(parts) < 3:
        return PixelFormat(name=name, depth=parts[0].bits, chroma="gray")
    steps = 64 // pixels.chroma_width(64), 64 // pixels.chroma_height(64)
    return PixelFormat(name=name, depth=parts[0].bits, chroma=_CHROMA_BY_STEP[steps])


def holds_the_same(film: PixelFormat, picture: PixelFormat) -> bool:
    """Whether a picture in this format fits the film: the same depth, and colour only where the film has colour."""
    if film.depth != picture.depth or "rgb" in (film.chroma, picture.chroma):
        return (film.depth, film.chroma) == (picture.depth, picture.chroma)
    return film.chroma != "gray" or picture.chroma == "gray"


def luma_plane(frame: av.VideoFrame) -> Plane:
    """The luma of a frame: (H, W), contiguous, a copy; uint8 for 8 bits, uint16 (right-aligned) for 9 to 16.

    Raises ValueError as `describe_pixels` does.
    """
    name = frame.format.name
    pixels = describe_pixels(name)
    if name in ("monow", "monob"):
        return _unpack_bits(frame, white=0 if name == "monow" else 1)
    if pixels.chroma == "rgb":
        return bt709_luma(*red_green_blue(frame))
    first, step = _PACKED_LUMA.get(_stem(name), (0, 1))
    samples = stored_samples(frame, 0, depth=pixels.depth, per_pixel=step)[:, first::step]
    luma: Plane = np.ascontiguousarray(samples[:, : frame.width] >> _padding_bits(name, pixels.depth))
    return luma


def _stem(name: str) -> str:
    """The format's name without its byte order."""
    return name.removesuffix("le").removesuffix("be")


def _padding_bits(name: str, depth: int) -> int:
    """Unused low bits under each sample of the formats that keep samples at the top of 16 bits."""
    return 16 - depth if re.match(r"p[024]1|y21|xv36|\w+msb", name) else 0


def stored_samples(frame: av.VideoFrame, index: int, *, depth: int, per_pixel: int = 1) -> npt.NDArray[Any]:
    """The samples of plane `index` (H, columns) in the machine's byte order, uint8 for 8 bits, else uint16.

    Rows have at least `per_pixel` samples for each pixel of the frame, and may have padding after them. A view of the
    frame's memory where possible.
    """
    plane = frame.planes[index]
    buffer: Any = plane  # has the buffer protocol, which its type does not say
    order = ">" if frame.format.is_big_endian else "<"
    stored = np.dtype(np.uint8) if depth == 8 else np.dtype(f"{order}u2")
    line_bytes = abs(plane.line_size)
    rows = np.frombuffer(buffer, np.uint8).reshape(plane.height, line_bytes)
    if plane.line_size < 0:
        rows = rows[::-1]  # stored bottom up
    needed = (frame.width * per_pixel + per_pixel) * stored.itemsize
    rows = np.ascontiguousarray(rows[:, : min(needed, line_bytes) // stored.itemsize * stored.itemsize])
    return rows.view(stored).astype(stored.newbyteorder("="), copy=False)


def red_green_blue(frame: av.VideoFrame) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Red, green and blue of an RGB or palette frame, (H, W) each: uint8 for 8 bits, else uint16, right-aligned.

    Components of fewer than 8 bits, and palettes, are scaled to 0 to 255.
    """
    if frame.format.has_palette:
        return _palette_colors(frame)
    name, width = frame.format.name, frame.width
    depth = frame.format.components[0].bits
    packed = _PACKED_RGB.match(_stem(name))
    if name.startswith("gbr"):
        shift = _padding_bits(name, depth)
        green, blue, red = (stored_samples(frame, i, depth=depth)[:, :width] >> shift for i in range(3))
        return red, green, blue
    if name.startswith(("x2rgb10", "x2bgr10")):
        words = stored_samples(frame, 0, depth=16, per_pixel=2)[:, : 2 * width].astype(np.uint32)
        low, high = (
            (words[:, 1::2], words[:, 0::2]) if name.endswith("be") else (words[:, 0::2], words[:, 1::2])
        )
        word = low | high << 16
        top, middle, bottom = ((word >> bits & 1023).astype(np.uint16) for bits in (20, 10, 0))
        return (top, middle, bottom) if name.startswith("x2rgb") else (bottom, middle, top)
    if packed and depth in (8, 16):
        letters = packed[1]
        rows = stored_samples(frame, 0, depth=depth, per_pixel=len(letters))[:, : len(letters) * width]
        pixels = rows.reshape(frame.height, width, len(letters))
        return tuple(pixels[:, :, letters.index(letter)] for letter in "rgb")  # type: ignore[return-value]
    return _small_components(frame)


def _palette_colors(
    frame: av.VideoFrame,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Red, green and blue (H, W) of each pixel's palette entry."""
    palette: Any = frame.planes[1]
    entries = np.frombuffer(palette, np.uint32)  # 0xAARRGGBB in the machine's byte order
    codes = stored_samples(frame, 0, depth=8)[:, : frame.width]
    red, green, blue = ((entries >> shift & 255).astype(np.uint8)[codes] for shift in (16, 8, 0))
    return red, green, blue


def _small_components(
    frame: av.VideoFrame,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Red, green and blue (H, W) of a format with fewer than 8 bits for each, scaled so that white is 255.

    swscale shifts the bits and leaves the lowest ones 0, so that white would become 248.
    """
    widths = [part.bits for part in frame.format.components]  # of red, green and blue, in any format
    depth = 8 if sum(widths) <= 8 else 16
    codes = stored_samples(frame, 0, depth=depth)[:, : frame.width]
    last = 2 if frame.format.name.startswith("rgb") else 0  # in the lowest bits
    shifts = (widths[2] + widths[1], widths[2], 0) if last == 2 else (0, widths[0], widths[0] + widths[1])
    red, green, blue = (_widened(codes >> shift, bits) for shift, bits in zip(shifts, widths, strict=True))
    return red, green, blue


def _widened(codes: npt.NDArray[Any], bits: int) -> npt.NDArray[np.uint8]:
    """The lowest `bits` of each code scaled to 0 to 255, to the nearest."""
    most = 2**bits - 1
    table = (np.arange(most + 1) * 255 * 2 + most) // (2 * most)
    widened: npt.NDArray[np.uint8] = table.astype(np.uint8)[codes & most]
    return widened


def _unpack_bits(frame: av.VideoFrame, *, white: int) -> Plane:
    """The luma (H, W) of a format of one bit a pixel, 0 and 255; `white` is the bit of white."""
    buffer: Any = frame.planes[0]
    stored = frame.planes[0].line_size
    rows = np.frombuffer(buffer, np.uint8).reshape(-1, abs(stored))[: frame.height]
    bits = np.unpackbits(rows[::-1] if stored < 0 else rows, axis=1)[:, : frame.width]
    luma: npt.NDArray[np.uint8] = np.where(bits == white, 255, 0).astype(np.uint8)
    return luma
