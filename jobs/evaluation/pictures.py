"""Pictures of an evaluation: true colours at the size of the network's output, and the size that figures are taken at.

Result, grey and truth are put together in one way, the way in which films and stills are rendered, so that figures
differ by their colours alone: the picture's own luma at full detail, ab from the size of the network's output.
"""

import math

import cv2
import numpy as np
import numpy.typing as npt

from models.metrics import psnr
from models.networks.lab import Rgb
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.media import FilmInfo, Frame, PixelFormat
from pipeline.render.output_picture import output_picture
from pipeline.render.render import as_rgb, render_frame
from pipeline.stills.chroma import luma_of_rgb

Floats = npt.NDArray[np.float32]

SHOWN_SHORT_PX = 256
"""Short side at which colourfulness, features and CDC are taken."""
_LEAST_ERROR = 1e-5


def true_ab(rgb: Rgb, size: tuple[int, ...]) -> Floats:
    """ab (2, h, w) of an sRGB picture (D65, CIELAB units), averaged down to (h, w): what the network should say."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    height, width = size
    small = cv2.resize(lab[..., 1:], (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.moveaxis(small, -1, 0), dtype=np.float32)


def lightness_of(rgb: Rgb, size: tuple[int, ...]) -> Floats:
    """L* (h, w), 0..100, of the luma of an sRGB picture, averaged down to (h, w)."""
    luma = luma_of_rgb(rgb).astype(np.float32) / 255
    lab = cv2.cvtColor(cv2.merge([luma] * 3), cv2.COLOR_RGB2Lab)
    return np.asarray(cv2.resize(lab[..., 0], size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def with_short_side(picture: Rgb, short_px: int) -> Rgb:
    """The picture, aspect kept, with `short_px` on its short side: averaged down or enlarged bilinearly."""
    height, width = picture.shape[:2]
    scale = short_px / min(height, width)
    if scale == 1:
        return picture
    size = (max(short_px, round(width * scale)), max(short_px, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=method).astype(np.uint8)


def centre_square(rgb: Rgb) -> Rgb:
    """The middle of a picture, as wide and high as its short side."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return rgb[top : top + side, left : left + side]


def finite_psnr(rgb: Rgb, truth: Rgb) -> float | None:
    """Peak signal-to-noise ratio in dB; None where it is infinite, for pictures that are equal."""
    decibels = psnr(rgb, truth)
    return decibels if math.isfinite(decibels) else None


def capped_psnr(rgb: Rgb, truth: Rgb) -> float:
    """The same with a mean square error of at least 1e-5 of the peak's square: 50 dB at most."""
    error = np.square((rgb.astype(np.float64) - truth) / 255).mean()
    return float(-10 * np.log10(max(error, _LEAST_ERROR)))


class Screen:
    """Renders frames like the film, only smaller: 4:4:4, 256 px on the short side."""

    def __init__(self, film: FilmInfo) -> None:
        lines = max(SHOWN_SHORT_PX, round(SHOWN_SHORT_PX * film.height / film.width))
        pixels = PixelFormat(name="yuv444p", depth=8, chroma="444")
        self._film = film
        self._output = output_picture(film, pixel_format=pixels, range="full", max_lines=lines)

    def show(self, frame: Frame, proxy: ProxyFrame | None) -> Rgb:
        """The frame as RGB in the proxy's colours, in its own where there is none."""
        made = render_frame(frame, proxy=proxy, film=self._film, output=self._output)
        return with_short_side(as_rgb(made, output=self._output), SHOWN_SHORT_PX)
