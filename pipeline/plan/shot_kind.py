"""Decides what colour the shots of a film have already: none (`grey`), one tint (`tinted`), or colours of their own
(`colour`).

Frames go in one at a time, as a small luma picture and the film's own chroma. Four frames in a row, shrunk to 32
samples on the longer side, are judged as one picture. A shot is

- `colour` where a fifth of its pictures have colours of their own: a colour shot may fade out or hold grey frames, and
  a colour shot that is taken for grey loses its colours for good;
- else `tinted` where a fifth of them have one tint, or one tint for the lights and one for the shadows;
- else `grey`.

Black pictures count only where a shot has no others.

A tint or a toning makes the colour of a sample a function of its lightness alone. That function is fitted and
subtracted; the residual is colour of the picture's own, noise, or a fault of the codec. To remove the noise, the mean
of the even frames is multiplied with the mean of the odd ones: noise differs from frame to frame, colour does not.
Faults of the codec persist from frame to frame but are finer than the things in a picture, so the residual of cells of
four by four samples is compared with the residual of single samples.

The limits (CIE ab) were chosen on 1,200 shots of `tests/benchmarks/mixedreel.py`: seeds 11 to 14, and 15 and 16 coded
worse (CRF 34 and 28). The residual in cells is up to 0.7 for tints, 0.9 with the noise of a worn tape. Of 340 colour
shots, most of them dark, pale, fading or half grey, one has 0.76, one 0.87, all others more than 1. Sepia prints have
0.2 to 1, two stained ones 1.2 and 1.8: where a tint is as uneven as that, the picture counts as one in colour, because
colour that is taken for a tint is lost.
"""

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import cast, get_args

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.colorimetry import (
    Floats,
    chroma_scale,
    chroma_to_rgb,
    luma_coefficients,
    luma_to_unit,
    resolve_color,
)
from pipeline.media import FilmInfo, Plane, Shot, ShotKind

GROUP_FRAMES = 4
"""Frames, at multiples of it, that are judged as one picture. A shot of eight frames or more holds one whole."""

JUDGED_PX = 32
"""Longer side of what is judged."""

_LEAST_SHARE = 0.2
_NOTHING: npt.NDArray[np.float32] = np.zeros((), np.float32)
_KINDS: tuple[ShotKind, ...] = get_args(ShotKind)
_BLACK = len(_KINDS)
"""Added to the kind of a picture that is black."""

_CELL_PX = 4
_BLACK_LIGHTNESS = 20.0
"""L* that 1 % of a picture have to exceed."""
_LEAST_OWN = 0.8
"""Left over in cells, root mean square: colours of the picture's own."""
_LEAST_SHARE_OF_TINT = 0.035
"""And of the chroma: strong tints leave more over, where they clip; tints up to 0.033, wood in warm light 0.05."""
_NOISE_IN_CELLS = 0.4
"""How much of the noise of single samples is left in the mean of a cell: a fourth, more where it comes in streaks."""
_LEAST_OWN_OF_GREY = 0.6
_LEAST_SHARE_OF_CHROMA = 0.25
"""Enough, too, where so much of the chroma is left over and half of it is no noise: a grey road, and a car."""
_LEAST_OWN_OF_SAMPLES = 3.5
_LEAST_ACCENT = 10.0
"""What half a percent of the samples leave over where a picture has a spot of colour; tints reach 8."""
_LEAST_TINT = 3.0
"""CIE C* of that function, which 5 % of a picture exceed: 1.3 at most without a tint, 4 at least with one."""
_LEAST_LETTERS = 5.0
"""CIE C* of half a percent of a picture that is grey otherwise: a title in a bath."""
_LETTERS_OVER_NOISE = 5.0
"""Titles have 20 times what they leave over, the noise of a tape 3.6 times."""
_MOST_KNOTS = 9
_SAMPLES_OF_KNOT = 32


class KindFinder:
    """Takes the frames of a film in order and gives the kinds of its shots at the end; holds one small picture."""

    def __init__(self, film: FilmInfo) -> None:
        self._film = film
        self._is_grey = film.pixel_format.chroma == "gray"
        self._matrix = luma_coefficients(resolve_color(film).matrix)
        self._sums, self._counts = [_NOTHING, _NOTHING], [0, 0]
        self._pushed = 0
        self._found = array("B")

    @property
    def every(self) -> int:
        """Of how many frames `push` needs the chroma of one (RGB films compute it); 0: of none, the film is grey."""
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
        """Judges the mean of the frames since the last call."""
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


def judge_picture(halves: Sequence[Floats], *, kr: float, kb: float) -> tuple[ShotKind, bool]:
    """The kind of a picture of 32 samples on its longer side, and whether it is too dark to count.

    `halves` holds the picture once, or the means of its even and of its odd frames. Each is (3, h, w): luma 0..1, Cb
    and Cr -0.5..0.5 in the matrix of `kr` and `kb`.
    """
    one, other = (_lab(halves[index], kr=kr, kb=kb) for index in (0, -1))
    lightness, ab = np.split(cast(Floats, (one + other) * np.float32(0.5)), (1,), axis=-1)
    is_black = bool(np.percentile(lightness, 99) <= _BLACK_LIGHTNESS)
    if not any(half[1:].any() for half in halves):
        return "grey", is_black  # as most films without colour are, frame by frame
    halves_ab = (one[..., 1:], other[..., 1:])
    left = [half - _of_lightness(lightness, half) for half in halves_ab]
    if _has_own_colors(*left, chroma=_most_chroma(ab)):
        return "colour", is_black
    tint = _of_lightness(lightness, ab)
    noise = _spread(ab - tint, ab - tint)
    is_title = _accent(*halves_ab) > max(_LEAST_LETTERS, _LETTERS_OVER_NOISE * noise)
    return "tinted" if is_title or _most_chroma(tint) > _LEAST_TINT else "grey", is_black


def _shrunk(plane: Plane, size: tuple[int, int]) -> Floats:
    """The plane at (width, height): first the means of whole blocks, which is fast, then what is missing."""
    least, most, *_ = cv2.minMaxLoc(plane)
    if least == most:  # as in a film without colour
        return np.full(size[::-1], least, np.float32)
    height, width = plane.shape
    down, across = max(height // (2 * size[1]), 1), max(width // (2 * size[0]), 1)
    if down > 1 or across > 1:
        whole = plane[: height // down * down, : width // across * across]
        plane = cast(
            Plane, cv2.resize(whole, (width // across, height // down), interpolation=cv2.INTER_AREA)
        )
    return cast(Floats, cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_AREA))


def _has_own_colors(one: Floats, other: Floats, *, chroma: float) -> bool:
    fine, in_cells = _spread(one, other), _spread(one, other, cell_px=_CELL_PX)
    noise = math.sqrt(max(fine**2 - _spread(one, other, cell_px=2) ** 2, 0) * 4 / 3)
    is_structure = in_cells > max(_LEAST_OWN_OF_GREY, _LEAST_SHARE_OF_CHROMA * chroma, fine / 2)
    own = max(_LEAST_OWN, _LEAST_SHARE_OF_TINT * chroma)
    is_plain = in_cells > math.hypot(own, _NOISE_IN_CELLS * noise)
    return is_plain or is_structure or fine > _LEAST_OWN_OF_SAMPLES or _accent(one, other) > _LEAST_ACCENT


def _lab(planes: Floats, *, kr: float, kb: float) -> Floats:
    """(h, w, 3) CIE Lab."""
    rgb = chroma_to_rgb(planes[0], planes[1], planes[2], kr=kr, kb=kb).clip(0, 1)
    return cast(Floats, cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab))


def _of_lightness(lightness: Floats, ab: Floats) -> Floats:
    """The ab (h, w, 2) that a broken line over lightness, fitted to `ab`, gives every sample."""
    knots = int(np.clip(lightness.size // _SAMPLES_OF_KNOT, 1, _MOST_KNOTS))
    at = lightness.ravel() / 100 * (knots - 1)
    weights = np.maximum(1 - np.abs(at[:, None] - np.arange(knots)), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    flat = ab.reshape(-1, 2)
    steady = weights.T @ weights + 1e-3 * np.eye(knots)  # knots that no sample is near to
    line = weights @ np.linalg.solve(steady, weights.T @ flat)
    return cast(Floats, line.astype(np.float32).reshape(ab.shape))


def _spread(one: Floats, other: Floats, *, cell_px: int = 1) -> float:
    """Root mean square of the part that both pictures share, of samples or of the means of square cells."""
    if cell_px > 1:
        size = [max(1, round(length / cell_px)) for length in one.shape[1::-1]]
        one, other = (
            cast(Floats, cv2.resize(half, size, interpolation=cv2.INTER_AREA)) for half in (one, other)
        )
    return math.sqrt(max(float((one * other).sum(axis=-1).mean()), 0))


def _accent(one: Floats, other: Floats) -> float:
    """What half a percent of the samples exceed, without noise."""
    return math.sqrt(max(float(np.percentile((one * other).sum(axis=-1), 99.5)), 0))


def _most_chroma(ab: npt.NDArray[np.float32]) -> float:
    """CIE C* that 5 % exceed."""
    return float(np.percentile(np.hypot(ab[..., 0], ab[..., 1]), 95))
