"""Colour films made on the fly: scenes with sharp edges and many hues, FFV1, so that every sample is known."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

from tests.media import COLOR_CODES

Rgb = npt.NDArray[np.uint8]

KR_KB = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114)}


def scene(seed: int, *, size: tuple[int, int] = (64, 48), shift: int = 0) -> Rgb:
    """A picture (height, width, 3) of coloured blocks; `shift` moves it to the left."""
    width, height = size
    rng = np.random.default_rng(seed)
    blocks = rng.integers(30, 226, (6, 16, 3), dtype=np.uint8)
    wide = cv2.resize(blocks, (2 * width, height), interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(np.roll(wide, -shift, axis=1)[:, :width]).astype(np.uint8)


def make_color_film(
    path: Path,
    frames: Sequence[Rgb],
    *,
    matrix: Literal["bt709", "smpte170m"] = "bt709",
    range: Literal["limited", "full"] = "limited",
    pixel_format: Literal["yuv444p", "yuv420p", "yuv444p10le"] = "yuv444p",
    transfer: str = "bt709",
    start: int = 0,
) -> Path:
    """Writes the frames at 25 a second, frame n at pts `start` + n, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bitexact = {"fflags": "+bitexact"}  # else Matroska writes a new random number into each file
    with av.open(str(path), "w", options=bitexact) as out:
        stream = out.add_stream("ffv1", rate=Fraction(25))
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        context = stream.codec_context
        context.colorspace = COLOR_CODES["matrix"][matrix]
        context.color_range = COLOR_CODES["range"][range]
        context.color_trc = COLOR_CODES["transfer"][transfer]
        for number, rgb in enumerate(frames):
            frame = _frame(rgb, matrix=matrix, range=range, pixel_format=pixel_format)
            frame.pts, frame.time_base = start + number, Fraction(1, 25)
            frame.colorspace, frame.color_range = context.colorspace, context.color_range
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _frame(rgb: Rgb, *, matrix: str, range: str, pixel_format: str) -> av.VideoFrame:
    """Y'CbCr by the formulas of ITU-T H.273, rounded."""
    kr, kb = KR_KB[matrix]
    red, green, blue = np.moveaxis(rgb.astype(np.float64) / 255, -1, 0)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = ((blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr)))
    depth = 10 if pixel_format.endswith("10le") else 8
    steps = 2**depth - 1 if range == "full" else 219 << (depth - 8)
    chroma_steps = 2**depth - 1 if range == "full" else 224 << (depth - 8)
    planes = [luma * steps + (0 if range == "full" else 16 << (depth - 8))]
    planes += [part * chroma_steps + (1 << (depth - 1)) for part in chroma]
    if pixel_format == "yuv420p":
        size = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        planes[1:] = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in planes[1:]]
    frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], pixel_format)
    for plane, samples in zip(frame.planes, planes, strict=True):
        kind = np.dtype("<u2") if depth > 8 else np.dtype("u1")
        rows = np.zeros((plane.height, plane.line_size // kind.itemsize), kind)
        rows[:, : plane.width] = np.clip(np.rint(samples), 0, 2**depth - 1)
        plane.update(rows.tobytes())
    return frame
