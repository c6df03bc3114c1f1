"""What colour the shots of a film have already: none, one tint, or colours of their own.

Frames go in one at a time as a small luma picture and the film's own chroma, and are judged four by four, very small,
the mean of the even ones against that of the odd ones: noise in the chroma of a tape is another in every frame, and a
colour is not. What such a picture is, `picturekind.py` says. Then a shot is

- `colour` where a fifth of its pictures have colours of their own: a colour shot may fade out or hold grey frames, and
  what is taken for grey loses its colours for good;
- else `tinted` where a fifth of them have one tint, or one for the lights and one for the shadows;
- else `grey`.

Pictures that are black do not count while there are others.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import cast, get_args

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.colorimetry import Floats, chroma_scale, luma_coefficients, luma_to_unit, resolve_color
from pipeline.media import FilmInfo, Plane, Shot, ShotKind
from pipeline.picturekind import judge_picture

GROUP_FRAMES = 4
"""Frames, at multiples of it, that are judged as one picture. A shot of eight frames or more holds one whole."""

JUDGED_PX = 32
"""Longer side of what is judged."""

_LEAST_SHARE = 0.2
_NOTHING: npt.NDArray[np.float32] = np.zeros((), np.float32)
_KINDS: tuple[ShotKind, ...] = get_args(ShotKind)
_BLACK = len(_KINDS)
"""Added to the kind of a picture that is black."""


class KindFinder:
    """Takes the frames of a film in order and says at the end of what kind its shots are; holds one small picture."""

    def __init__(self, film: FilmInfo) -> None:
        self._film = film
        self._is_grey = film.pixel_format.chroma == "gray"
        self._matrix = luma_coefficients(resolve_color(film).matrix)
        self._sums, self._counts = [_NOTHING, _NOTHING], [0, 0]
        self._pushed = 0
        self._found = array("B")

    @property
    def every(self) -> int:
        """Of how many frames one is wanted with its chroma, which RGB films have to compute; 0: none of a grey film."""
        if self._is_grey:
            return 0
        return GROUP_FRAMES if self._film.pixel_format.chroma == "rgb" else 1

    def push(self, small_luma: npt.NDArray[np.uint8], chroma: tuple[Plane, Plane] | None) -> None:
        """Takes the next frame: (h, w) luma of 8 bits, and Cb and Cr as the film has them; None where it has none."""
        if self._is_grey:
            return
        if chroma is not None:
            half = self._pushed % 2
            self._sums[half] = self._sums[half] + self._planes(small_luma, chroma)
            self._counts[half] += 1
        self._pushed += 1
        if self._pushed % GROUP_FRAMES == 0:
            self._judge()

    def finish(self, shots: Sequence[Shot]) -> tuple[Shot, ...]:
        """The shots, each with its kind; call it once."""
        if self._is_grey:
            return tuple(shots)
        self._judge()
        return tuple(replace(shot, kind=self._kind(shot)) for shot in shots)

    def _kind(self, shot: Shot) -> ShotKind:
        first, after = -(-shot.start // GROUP_FRAMES), -(-shot.end // GROUP_FRAMES)
        last = after if shot.end == self._pushed else shot.end // GROUP_FRAMES
        whole = self._found[first:last] or self._found[shot.start // GROUP_FRAMES : after]
        found = Counter([kind for kind in whole if kind < _BLACK] or [kind - _BLACK for kind in whole])
        least = _LEAST_SHARE * found.total()
        colour, tinted = found[_KINDS.index("colour")], found[_KINDS.index("tinted")]
        if colour and colour >= least:
            return "colour"
        return "tinted" if colour + tinted and colour + tinted >= least else "grey"

    def _judge(self) -> None:
        """Says of what kind the picture is that was summed up."""
        halves = [
            planes / np.float32(count)
            for planes, count in zip(self._sums, self._counts, strict=True)
            if count
        ]
        self._sums, self._counts = [_NOTHING, _NOTHING], [0, 0]
        if halves:
            kr, kb = self._matrix
            kind, is_black = judge_picture(halves, kr=kr, kb=kb)
            self._found.append(_KINDS.index(kind) + (_BLACK if is_black else 0))

    def _planes(
        self, small_luma: npt.NDArray[np.uint8], chroma: tuple[Plane, Plane]
    ) -> npt.NDArray[np.float32]:
        """Luma 0..1, Cb and Cr -0.5..0.5 in one array (3, h, w) of `JUDGED_PX` on its longer side, or less."""
        film = self._film
        longer = max(small_luma.shape)
        scale = min(1.0, JUDGED_PX / longer)
        size = (max(1, round(small_luma.shape[1] * scale)), max(1, round(small_luma.shape[0] * scale)))
        luma = cv2.resize(
            luma_to_unit(small_luma, depth=8, range=film.color.range), size, interpolation=cv2.INTER_AREA
        )
        range = "full" if film.pixel_format.chroma == "rgb" else film.color.range
        centre, span = chroma_scale(film.pixel_format.depth, range)
        small = [(_shrunk(plane, size) - np.float32(centre)) * np.float32(1 / span) for plane in chroma]
        return np.stack([cast(Floats, luma), *small])


def _shrunk(plane: Plane, size: tuple[int, int]) -> Floats:
    """The plane at (width, height): first the means of whole blocks, which is fast, then what is missing."""
    height, width = plane.shape
    down, across = max(height // (2 * size[1]), 1), max(width // (2 * size[0]), 1)
    if down > 1 or across > 1:
        whole = plane[: height // down * down, : width // across * across]
        plane = cast(
            Plane, cv2.resize(whole, (width // across, height // down), interpolation=cv2.INTER_AREA)
        )
    return cast(Floats, cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_AREA))
