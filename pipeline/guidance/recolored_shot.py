"""Gives the colours that a shot has already another theme: the source's own chroma goes through a look, luma stays.

The result is a proxy as large as the source's chroma, so that no detail of it is lost; it is rendered as any other.
"""

from collections.abc import Generator
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.color.chroma_lab import chroma_to_lab, lab_to_chroma
from pipeline.color.chroma_siting import chroma_size
from pipeline.color.colorimetry import resolve_color
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.segment_colors import own_colors
from pipeline.guidance.looks.look import Look, parse_look
from pipeline.guidance.looks.palette_transfer import sample_ab
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.guidance.shot_memory import sampled_frames
from pipeline.media import FilmInfo, Frame, Segment, Shot
from pipeline.progress import FrameDone
from pipeline.source.frame_reader import FrameReader

_MOST_LINES = 540
"""Of a proxy; chroma of more lines is averaged."""


class RecoloredShot:
    """A shot in colour with the look that is given for it; a palette is fitted once for all its segments."""

    def __init__(self, guidance: ShotGuidance, shot: Shot, *, film: FilmInfo) -> None:
        """Nothing of the film is read yet. `guidance` has a look."""
        self._guidance, self._shot, self._film = guidance, shot, film
        self._color = resolve_color(film)
        chroma = "444" if film.pixel_format.chroma == "rgb" else film.pixel_format.chroma
        height, width = chroma_size(film.height, film.width, chroma=chroma)
        lines = min(height, _MOST_LINES)
        self._size = lines, max(1, round(width * lines / height))
        self._reader: FrameReader

    def colors(
        self, reader: FrameReader, segment: Segment, *, on_frame: FrameDone | None = None
    ) -> Generator[ProxyFrame, None, None]:
        """The segment's frames in their new colours; `on_frame` is called once for each of them."""
        self._reader = reader
        look = self._look
        for frame in reader.read(segment.start, segment.end, chroma=True):
            yield self._recolored(frame, look)
            if on_frame is not None:
                on_frame()

    def _recolored(self, frame: Frame, look: Look) -> ProxyFrame:
        """What lies in the film's black borders stays as it is."""
        own = self._own(frame)
        area, (height, width) = self._shot.picture, self._size
        inside = (
            slice(round(area.top * height), round(area.bottom * height)),
            slice(round(area.left * width), round(area.right * width)),
        )
        luma = np.ascontiguousarray(own.luma[inside])
        lab = chroma_to_lab(luma, own.cb[inside], own.cr[inside], color=self._color)
        lab[1:] = look.recolor(lab[0], lab[1:])
        own.cb[inside], own.cr[inside] = lab_to_chroma(luma, lab, color=self._color)
        return own

    def _own(self, frame: Frame) -> ProxyFrame:
        height, width = self._size
        return own_colors(frame, film=self._film, height=height, width=width)

    @cached_property
    def _look(self) -> Look:
        given = {"name": self._guidance.look, "strength": self._guidance.look_strength}
        look = parse_look(given, Path())
        return look.for_shot(sample_ab(self._sampled())) if look.needs_sample else look

    def _sampled(self) -> Generator[npt.NDArray[np.float32], None, None]:
        for number in sampled_frames(self._shot):
            (frame,) = self._reader.read(number, number + 1, chroma=True)
            own = self._own(frame)
            yield chroma_to_lab(own.luma, own.cb, own.cr, color=self._color)[1:]
