"""Finds title cards, credits, leaders and blank frames: shots that show lettering or nothing on an even ground.

Every fourth frame is judged, by its luma alone and 129 to 256 samples wide. A smooth surface (a plane and a bowl, for
vignettes) is fitted to the ground, which is what most of the picture has in common. A frame is a card where

- the ground is even: what is left over has the size of grain, not of things, and it does not fall off to one side,
  as a sky does,
- the ink, which is what lies beyond the grain, covers less than a third,
- the ink is thin: a disc of 7.5 % of the height fits into little of it. Letters, ornaments, drawn frames
  and the lines of a leader are thin, things in front of a plain wall are not. Letters as thick as some things
  count where all ink is lighter than the ground, or all darker, and keeps off the edges of the picture,
- and no piece of it that is larger than a letter fills much of the rectangle around it, as a chandelier does.

It is blank where there is no ink. A shot is a card where nine tenths of its frames are, blank ones set aside, or where
all are blank.

The limits were chosen on 3,500 photographs and 250 cards of `tests/benchmarks/cards.py`, which prints how many of
others are found.
"""

from array import array
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal, cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.colorimetry import luma_to_unit, to_8bit
from pipeline.fields import seen_luma
from pipeline.media import FilmInfo, Frame, Shot, ShotKind
from pipeline.plan.shots import small_luma

EVERY_FRAMES = 4
"""One frame of so many is judged."""

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Judgement = Literal["scene", "card", "blank"]

_WIDTH_PX = 256
_LEAST_SIDE_PX = 32
"""Smaller pictures show nothing for certain."""
_MOST_GRAIN = 10.5
"""Robust deviation from the ground, in grey levels."""
_MOST_GRAIN_SMALL = 10.0
"""The same of a grid of samples in a picture half as wide, which is looked at first."""
_MOST_UNEVEN = 6.0
"""Deviation of the blurred ground between the ink."""
_MOST_UNEVEN_OF_STAINED = 4.0
"""The same where many samples lie between ground and ink: stained paper and soft lettering, or folds of cloth."""
_INK_OVER_GRAIN = 4.0
_LEAST_INK = 10.0
_MOST_INK = 0.33
_MOST_BETWEEN = 0.1
"""Share of samples that are neither ground nor ink: between half of the ink's least deviation and the whole."""
_LEAST_BETWEEN_OF_STAINED = 0.06
"""Grain alone leaves 0.045."""
_STROKE = 0.075
_MOST_THICK = 0.07
_MOST_THICK_OF_CLEAR = 0.25
_MOST_AT_EDGES = 0.08
"""Share of ink along the edges of a picture whose ink is clear of them."""
_MOST_OPPOSITE = 0.1
"""Share of the weaker side where nearly all ink lies on one side of the ground."""
_EDGE = 0.03
_LETTER = 0.22
"""Share of the height and width of the picture that a letter does not exceed."""
_MOST_FILLED = 0.13
"""Of the rectangle around a larger piece."""
_LEAST_LETTERS = 0.002
"""Share of ink below which a frame is blank."""
_MOST_SLOPE = 18.0
"""Grey levels from one side of the ground to the other."""
_LEAST_SHARE = 0.9
_GRID = 18
_ROUNDS = 6
_FIRST_ROUNDS = 3
_KINDS: dict[ShotKind, ShotKind] = {"grey": "card", "tinted": "tinted card"}


class CardFinder:
    """Takes a film's frames in order, keeps a letter of every fourth, and says at the end which shots are cards."""

    def __init__(self, film: FilmInfo) -> None:
        self._film = film
        self._pushed = 0
        self._found = array("B")

    def push(self, small: Picture, frame: Frame) -> None:
        """Takes the next frame, and the small picture of it that shots are found by."""
        if self._pushed % EVERY_FRAMES == 0:
            self._found.append(_JUDGEMENTS.index(judge_frame(small, frame, film=self._film)))
        self._pushed += 1

    def finish(self, shots: Sequence[Shot]) -> tuple[Shot, ...]:
        """The shots; grey and tinted ones that are cards are called so."""
        return tuple(
            replace(shot, kind=_KINDS[shot.kind]) if shot.kind in _KINDS and self._is_card(shot) else shot
            for shot in shots
        )

    def _is_card(self, shot: Shot) -> bool:
        found = self._found[-(-shot.start // EVERY_FRAMES) : -(-shot.end // EVERY_FRAMES)]
        scenes, cards, blanks = (found.count(code) for code in range(len(_JUDGEMENTS)))
        return cards >= _LEAST_SHARE * (cards + scenes) if cards + scenes else blanks > 0


_JUDGEMENTS: tuple[Judgement, ...] = ("scene", "card", "blank")


def judge_frame(small: Picture, frame: Frame, *, film: FilmInfo) -> Judgement:
    """What a frame is; `small` is its `small_luma`."""
    range = film.color.range
    if min(small.shape) < _LEAST_SIDE_PX or not _may_be_card(_full_range(small, range)):
        return "scene"  # most frames end here, at a quarter of the work
    luma = small_luma(seen_luma(frame), depth=film.pixel_format.depth, width_px=_WIDTH_PX)
    luma = _full_range(luma, range)
    whole = judge_picture(luma)
    return whole if whole != "scene" else judge_picture(_without_borders(luma))


def judge_picture(luma: Picture) -> Judgement:
    """What a picture (h, w) of 129 to 256 columns is; its luma is of full range."""
    parts, _ = _fit(luma, _ROUNDS)
    surface = _terms(*luma.shape)[0] @ parts.astype(np.float32)
    off = luma.astype(np.float32) - surface.reshape(luma.shape)
    size = np.abs(off)
    grain = _deviation(size)
    if grain > _MOST_GRAIN:
        return "scene"
    least = max(_INK_OVER_GRAIN * grain, _LEAST_INK)
    ink = (size > least).astype(np.uint8)
    share, slope = float(ink.mean()), 2 * float(np.abs(parts[1:3]).max())
    between = float((size > least / 2).mean()) - share
    if share > _MOST_INK or between > _MOST_BETWEEN or slope > _MOST_SLOPE:
        return "scene"
    is_stained = between > _LEAST_BETWEEN_OF_STAINED
    if _unevenness(off, ink) > (_MOST_UNEVEN_OF_STAINED if is_stained else _MOST_UNEVEN):
        return "scene"
    if share < _LEAST_LETTERS:
        return "blank"
    most_thick = _MOST_THICK_OF_CLEAR if _is_clear(off, ink) else _MOST_THICK
    return "card" if _thick_share(ink) <= most_thick and _most_filled(ink) <= _MOST_FILLED else "scene"


def _may_be_card(small: Picture) -> bool:
    pictures = {picture.shape: picture for picture in (small, _without_borders(small))}
    return any(_fit(picture, _FIRST_ROUNDS)[1] <= _MOST_GRAIN_SMALL for picture in pictures.values())


def _fit(luma: Picture, rounds: int) -> tuple[npt.NDArray[np.floating[Any]], float]:
    """Factors of the surface's terms so that most of a grid of samples lie near it, and how far those lie off it."""
    terms, grid = _terms(*luma.shape)
    levels, known = luma.ravel()[grid].astype(np.float64), terms[grid].astype(np.float64)
    counts = np.convolve(np.bincount(luma.ravel()[grid], minlength=256), np.ones(17), "same")
    near = (np.abs(levels - counts.argmax()) < 24).astype(np.float64)
    for _ in range(rounds):
        weighted = (known * near[:, None]).T
        parts = np.linalg.solve(weighted @ known + 1e-2 * np.eye(known.shape[1]), weighted @ levels)
        off = np.abs(levels - known @ parts)
        reach = max(3 * _deviation(off[near > 0]), 6)
        near = np.maximum(1 - (off / reach) ** 2, 0) ** 2
        if not near.any():
            break
    return parts, _deviation(off)


@lru_cache(maxsize=8)
def _terms(height: int, width: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The terms of the surface at every sample (h w, 6), and the numbers of the samples on the grid."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1).reshape(-1, 6)
    step = max(height // _GRID, 1)
    numbers = np.arange(height * width).reshape(height, width)[step // 2 :: step, step // 2 :: step]
    return terms.astype(np.float32), numbers.ravel().astype(np.intp)


def _deviation(size: npt.NDArray[Any]) -> float:
    """The deviation of a normal distribution with this median of absolute values."""
    return 1.48 * float(np.median(size))


def _unevenness(off: Floats, ink: Picture) -> float:
    blurred = cv2.GaussianBlur(off, (0, 0), 1.5)
    between = cv2.dilate(ink, np.ones((3, 3), np.uint8)) == 0
    return float(blurred[between].std()) if between.any() else float("inf")


def _is_clear(off: Floats, ink: Picture) -> bool:
    """Whether the ink is all lighter than the ground, or all darker, and keeps off the edges."""
    width = max(2, round(_EDGE * min(ink.shape)))
    at_edges = ink.copy()
    at_edges[width:-width, width:-width] = 0
    count = ink.size - (ink.shape[0] - 2 * width) * (ink.shape[1] - 2 * width)
    both = np.abs(off[ink > 0]).sum()
    opposite = (both - abs(off[ink > 0].sum())) / (2 * both)
    return bool(at_edges.sum() <= _MOST_AT_EDGES * count and opposite <= _MOST_OPPOSITE)


def _thick_share(ink: Picture) -> float:
    """How much of the ink a disc fits into."""
    width = max(3, round(_STROKE * ink.shape[0]) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return float(cv2.morphologyEx(ink, cv2.MORPH_OPEN, disc).sum()) / float(ink.sum())


def _most_filled(ink: Picture) -> float:
    """How much of the rectangle around it the fullest piece fills that is larger than a letter both ways, or 0."""
    _, _, pieces, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = (
        pieces[1:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA)
    )
    large = (height > _LETTER * ink.shape[0]) & (width > _LETTER * ink.shape[1])
    return float((area[large] / (width[large] * height[large])).max(initial=0))


def _full_range(luma: Picture, range: Literal["limited", "full"]) -> Picture:
    return luma if range == "full" else to_8bit(luma_to_unit(luma, depth=8, range=range))


def _without_borders(luma: Picture) -> Picture:
    """The part of the picture inside black borders, if that is a large one."""
    level = min(int(luma.min()), 40) + 10
    rows, columns = (np.flatnonzero(luma.max(axis=axis) > level) for axis in (1, 0))
    if min(len(rows) / luma.shape[0], len(columns) / luma.shape[1]) < 0.4:
        return luma
    inside = luma[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cast(Picture, np.ascontiguousarray(inside))
