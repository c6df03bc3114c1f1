"""Small pictures of a film, grey and in colour, rendered like the film itself and upright as a player shows them."""

from fractions import Fraction

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.planes import upright
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.media import FilmInfo, Frame, PixelFormat, Plane
from pipeline.render.output_picture import OutputPicture, output_picture
from pipeline.render.render import as_rgb, output_luma, render_frame

Rgb = npt.NDArray[np.uint8]


class SmallPictures:
    """Makes the small pictures of a film."""

    def __init__(self, film: FilmInfo, *, lines: int) -> None:
        """`film` is what the frames come from: the source, or the finished film."""
        self._film, self._lines = film, lines
        self._output = _small_picture(film, lines)

    def grey(self, frame: Frame) -> Rgb:
        """A frame (lines, width, 3) in grey."""
        return self._grey(output_luma(frame, film=self._film, output=self._output))

    def pair(self, frame: Frame, proxy: ProxyFrame | None) -> tuple[Rgb, Rgb]:
        """A frame (lines, width, 3) in grey, and in the proxy's colours; without a proxy, in those that it brings."""
        made = render_frame(frame, proxy=proxy, film=self._film, output=self._output)
        rgb = as_rgb(made, output=self._output)
        return self._grey(made.luma), self._shown(rgb)

    def _grey(self, luma: Plane) -> Rgb:
        return self._shown(np.repeat(luma.astype(np.uint8)[..., None], 3, axis=-1))

    def _shown(self, rgb: Rgb) -> Rgb:
        """The picture as a player shows it: in its aspect, upright, all of one height."""
        turned = upright(rgb, self._film.orientation)
        aspect = Fraction(self._film.width, self._film.height) * self._film.sample_aspect
        if self._film.orientation.quarter_turns % 2:
            aspect = 1 / aspect
        width = min(max(1, round(self._lines * float(aspect))), 4 * self._lines)
        method = cv2.INTER_AREA if turned.shape[0] >= self._lines else cv2.INTER_CUBIC
        return cv2.resize(turned, (width, self._lines), interpolation=method).astype(np.uint8)


def _small_picture(film: FilmInfo, lines: int) -> OutputPicture:
    pixels = PixelFormat(name="yuv444p", depth=8, chroma="444")
    most = max(lines, 16) if film.orientation.quarter_turns % 2 == 0 else max(lines * 2, 16)
    return output_picture(film, pixel_format=pixels, range="full", max_lines=most)
