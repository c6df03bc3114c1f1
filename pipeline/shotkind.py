"""What colour the shots of a film have already: none, one tint, or colours of their own.

Frames go in one at a time as a small luma picture and the film's own chroma, and are judged four by four, as their
mean, very small: noise in the chroma of a tape is another in every frame, and a colour is not. How much of it is left
is measured between even and odd frames, and taken off. What such a picture is, `quality.py` says with the rules by
which training sets are picked. Then a shot is

- `colour` where a fifth of its pictures have colours of their own: a colour shot may fade out or hold grey frames, and
  what is taken for grey loses its colours for good;
- else `tinted` where a fifth of them have one tint, or one for the lights and one for the shadows;
- else `grey`.

Pictures that are black do not count while there are others.
"""

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color import Floats, chroma_scale, chroma_to_rgb, luma_coefficients, luma_to_unit, resolve_color
from pipeline.media import FilmInfo, Plane, Shot, ShotKind
from pipeline.quality import (
    ColorScores,
    QualitySettings,
    find_color_fault,
    lightness_and_ab,
    measure_color,
)

GROUP_FRAMES = 4
"""Frames, at multiples of it, that are judged as one picture. A shot of eight frames or more holds one whole."""

JUDGED_PX = 32
"""Longer side of what is judged: half of what `quality` asks for. On 325 shots made of 25 photographs, coded with
x264, 50 of them with the noise of a worn tape, 4 were called wrong; with 64 samples 71, nearly all for that noise."""

_RULES = QualitySettings(black=0, white=100)
"""Dark pictures and bright ones may have colours too."""
_RULES_BLACK = QualitySettings().black
_LEAST_SHARE = 0.2
_LEAST_ACCENT = 10.0
"""CIE C* of half a percent of a picture that is grey otherwise."""
_NOTHING: npt.NDArray[np.float32] = np.zeros((), np.float32)
_KINDS: tuple[ShotKind, ...] = ("grey", "tinted", "colour")
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
            whole = self._rgb(np.mean(halves, axis=0))
            noise = _noise(*map(self._rgb, halves)) if len(halves) == 2 else 0.0
            scores = _without_noise(measure_color(whole), noise)
            kind = _KINDS.index(_kind_of(scores, accent=_accent(whole, noise)))
            self._found.append(kind + (_BLACK if scores.brightest <= _RULES_BLACK else 0))

    def _rgb(self, planes: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
        kr, kb = self._matrix
        rgb = chroma_to_rgb(planes[0], planes[1], planes[2], kr=kr, kb=kb)
        return (rgb * 255 + 0.5).clip(0, 255).astype(np.uint8)

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


def _kind_of(scores: ColorScores, *, accent: float) -> ShotKind:
    fault = find_color_fault(scores, _RULES)
    if fault in ("grey", "black") and accent > _LEAST_ACCENT:  # a title in a bath, a coat in the snow
        fault = "tinted" if scores.tint_spread <= _RULES.tint else None
    return "colour" if fault is None else "tinted" if fault in ("sepia", "tinted") else "grey"


def _noise(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> float:
    """Variance (CIE ab, both axes) of what differs between two pictures of one thing, in their mean.

    By the median, for what moves differs more, but only where it moves.
    """
    apart = lightness_and_ab(one)[1] - lightness_and_ab(other)[1]
    return float(np.median(np.square(apart).sum(axis=1))) / 4 / math.log(2)


def _without_noise(scores: ColorScores, noise: float) -> ColorScores:
    """The scores as they would be without noise of this variance, which lies around no colour."""
    spread = math.sqrt(max(scores.tint_spread**2 - noise, 0))
    chroma = math.sqrt(max(scores.chroma**2 - math.log(20) * noise, 0))
    return replace(scores, chroma=chroma, tint_spread=spread)


def _accent(rgb: npt.NDArray[np.uint8], noise: float) -> float:
    """CIE C* that half a percent of the picture exceed, without noise."""
    ab = lightness_and_ab(rgb)[1]
    return math.sqrt(max(float(np.percentile(np.square(ab).sum(axis=1), 99.5)) - math.log(200) * noise, 0))


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
