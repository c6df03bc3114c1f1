"""The pictures of the films that `tests.media` makes: their luma, and frames that hold it in any format."""

import re
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from pipeline.media import Plane

_INTERLEAVED_CHROMA = ("nv12", "nv16", "nv24", "p010le", "p010be", "p210le", "p410le")
_PACKED_RGB = {
    "rgb24": 3,
    "bgr24": 3,
    "rgb48le": 3,
    "rgb48be": 3,
    "bgr0": 4,
    "rgb0": 4,
    "0rgb": 4,
    "rgba": 4,
    "bgra": 4,
}
_PACKED_YUV = {"yuyv422": 0, "yvyu422": 0, "uyvy422": 1}


def picture(
    number: int,
    *,
    size: tuple[int, int] = (64, 48),
    depth: int = 8,
    full_range: bool = False,
    scene: int = 0,
) -> Plane:
    """The luma of frame `number` of a test film: a texture that drifts and a bright block that crosses it.

    `size` is (width, height); the samples fill the range at `depth` bits; each `scene` looks different.
    """
    width, height = size
    rng = np.random.default_rng(1000 + scene)
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    value = np.full((height, width), rng.uniform(0.35, 0.65))
    for _ in range(4):
        fx, fy, speed, phase = rng.uniform(0.05, 0.4, 2).tolist() + rng.uniform(0.1, 6.0, 2).tolist()
        value += 0.11 * np.sin(fx * x + fy * y + 0.2 * speed * number + phase)
    left, top = (3 * number + 11 * scene) % width, (2 * number + 7 * scene) % height
    value[top : top + height // 4, left : left + width // 4] += 0.25
    value = np.clip(value, 0.0, 1.0)
    step = 1 << (depth - 8)
    low, high = (0, (1 << depth) - 1) if full_range else (16 * step, 235 * step)
    samples = np.round(low + value * (high - low))
    luma: Plane = samples.astype(np.uint8 if depth == 8 else np.uint16)
    return luma


def fill_frame(luma: Plane, pixel_format: str) -> av.VideoFrame:
    """A frame of `pixel_format` with this luma and neutral chroma (R = G = B = luma for RGB)."""
    height, width = luma.shape
    frame = av.VideoFrame(width, height, pixel_format)
    bits = frame.format.components[0].bits
    neutral = 1 << (bits - 1)
    if pixel_format in _PACKED_YUV:
        # uyvy carries chroma first, the other two luma first
        packed = np.full((height, (width + 1) // 2 * 4), neutral, luma.dtype)
        packed[:, _PACKED_YUV[pixel_format] :: 2][:, :width] = luma
        _store(frame, 0, packed)
    elif pixel_format in _PACKED_RGB:
        _store(frame, 0, np.repeat(luma, _PACKED_RGB[pixel_format], axis=1))
    elif frame.format.is_rgb:
        for index in range(3):
            _store(frame, index, luma)
    else:
        # p010 and its kin keep the samples in the upper bits of 16
        shift = 16 - bits if re.match(r"p[024]1", pixel_format) else 0
        _store(frame, 0, luma << shift)
        for index in range(1, len(frame.planes)):
            plane = frame.planes[index]
            samples = plane.width * (2 if pixel_format in _INTERLEAVED_CHROMA else 1)
            _store(frame, index, np.full((plane.height, samples), neutral << shift, luma.dtype))
    return frame


def _store(frame: av.VideoFrame, index: int, samples: npt.NDArray[Any]) -> None:
    """Copy rows into plane `index`, whose lines may be longer; big-endian formats get swapped bytes."""
    plane = frame.planes[index]
    rows = samples.astype(samples.dtype.newbyteorder(">")) if frame.format.name.endswith("be") else samples
    buffer: Any = plane  # has the buffer protocol, which its type does not say
    lines: npt.NDArray[np.uint8] = np.frombuffer(buffer, np.uint8).reshape(-1, plane.line_size)
    raw = np.ascontiguousarray(rows).view(np.uint8)
    lines[: raw.shape[0], : raw.shape[1]] = raw
