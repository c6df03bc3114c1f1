"""What the marks of a frame cover of the grid of the predicted ab: the seeds that colour spreads from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.errors import SettingsError
from pipeline.guidance.hints.marks import PlacedMark, Point

Floats = npt.NDArray[np.float32]

MOST_POINTS_OF_A_FRAME = 200_000
MOST_LAYERS = 32
"""Colours of one frame; a box counts as one, all strokes and points of a colour together count as one."""
_OVERSAMPLING, _LONGEST_CANVAS = 8, 4096
"""Marks are drawn that much finer than the grid, so that their edges are smooth; less so on a large grid."""
_FRACTION_BITS = 4
_BOX_CORE = 0.5
"""Of a box's sides: the part about its middle that is sure to have the colour."""


@dataclass(frozen=True, eq=False)
class Seeds:
    """Places of one frame whose colour is given, by layers that compete for the places between."""

    ab: Floats
    """(K, 2), CIE units: the colour of each layer."""
    coverage: Floats
    """(K, h, w) in 0..1: the share of each place that is marked."""
    erased: Floats
    """(h, w) in 0..1: the share that keeps the predicted colour."""
    reach: Floats
    """(K, h, w) in 0..1: where a layer's colour may spread to; 0 outside of a box."""
    lightness: Floats | None = None
    """(K,): L* that each layer's colour was named with; None where any is meant."""


def rasterise(marks: Sequence[PlacedMark], shape: tuple[int, int]) -> Seeds:
    """What the marks cover of a grid (h, w), anti-aliased; of marks on one place the later one counts.

    Raises SettingsError for more than 32 colours and boxes, or 200,000 points.
    """
    points = sum(len(mark.path) for mark in marks)
    if points > MOST_POINTS_OF_A_FRAME:
        raise SettingsError(
            f"its marks have {points:,} points; {MOST_POINTS_OF_A_FRAME:,} would work: draw fewer marks, "
            "or leave points out of their paths"
        )
    layers = _layers(marks)
    count = len(layers)
    if count > MOST_LAYERS:
        raise SettingsError(
            f"its marks have {count} colours and boxes; {MOST_LAYERS} would work: use fewer colours, or "
            "strokes in place of boxes"
        )
    finer = max(1, min(_OVERSAMPLING, _LONGEST_CANVAS // max(shape)))
    canvas = np.zeros((shape[0] * finer, shape[1] * finer), np.uint8)
    erase = count + 1
    reach = np.ones((count, *shape), np.float32)
    for mark in marks:
        if mark.shape == "erase":
            _draw(canvas, mark, erase)
            continue
        layer = layers[_key(mark)]
        if mark.shape == "box":
            reach[layer] = _box_coverage(mark, shape)
        _draw(canvas, mark, layer + 1)
    ab = np.array([key.ab for key in layers], np.float32).reshape(-1, 2)
    lightness = np.array([key.lightness for key in layers], np.float32)
    coverage = np.array([_share(canvas, layer + 1, shape) for layer in range(count)], np.float32)
    return Seeds(ab, coverage.reshape(count, *shape), _share(canvas, erase, shape), reach, lightness)


class _Layer(NamedTuple):
    """What marks of one layer have in common."""

    ab: Point
    lightness: float
    corners: tuple[Point, ...]
    """Of a box."""


def _layers(marks: Iterable[PlacedMark]) -> dict[_Layer, int]:
    """The number of each layer."""
    layers: dict[_Layer, int] = {}
    for mark in marks:
        if mark.shape != "erase":
            layers.setdefault(_key(mark), len(layers))
    return layers


def _key(mark: PlacedMark) -> _Layer:
    assert mark.ab is not None
    return _Layer(mark.ab, mark.lightness, mark.path if mark.shape == "box" else ())


def _draw(canvas: npt.NDArray[np.uint8], mark: PlacedMark, value: int) -> None:
    height, width = canvas.shape
    if mark.shape == "box":
        left, top, right, bottom = _corners(mark)
        middle, half = ((left + right) / 2, (top + bottom) / 2), _BOX_CORE / 2
        across, down = (right - left) * half, (bottom - top) * half
        path = [(middle[0] - across, middle[1] - down), (middle[0] + across, middle[1] + down)]
        first, last = _pixels(path, width, height)
        cv2.rectangle(canvas, first, last, value, cv2.FILLED, shift=_FRACTION_BITS)
        return
    radius = mark.radius * min(height, width)
    points = _pixels(mark.path, width, height)
    for end in (points[0], points[-1]):
        size = max(1, round(radius * 2**_FRACTION_BITS))
        cv2.circle(canvas, end, size, value, cv2.FILLED, shift=_FRACTION_BITS)
    line = np.array(points, np.int32)
    cv2.polylines(canvas, [line], False, value, max(1, round(2 * radius)), shift=_FRACTION_BITS)


def _pixels(path: Sequence[Point], width: int, height: int) -> list[tuple[int, int]]:
    """In OpenCV's fixed-point numbers, where whole numbers are the middles of pixels."""
    one = 2**_FRACTION_BITS
    return [(round((x * width - 0.5) * one), round((y * height - 0.5) * one)) for x, y in path]


def _share(canvas: npt.NDArray[np.uint8], value: int, shape: tuple[int, int]) -> Floats:
    marked = (canvas == value).astype(np.float32)
    return np.asarray(cv2.resize(marked, shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _corners(mark: PlacedMark) -> tuple[float, float, float, float]:
    (x, y), (other_x, other_y) = mark.path
    return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


def _box_coverage(mark: PlacedMark, shape: tuple[int, int]) -> Floats:
    left, top, right, bottom = _corners(mark)
    rows, columns = np.arange(shape[0], dtype=np.float32), np.arange(shape[1], dtype=np.float32)
    down = (np.minimum(rows + 1, bottom * shape[0]) - np.maximum(rows, top * shape[0])).clip(0)
    across = (np.minimum(columns + 1, right * shape[1]) - np.maximum(columns, left * shape[1])).clip(0)
    return np.asarray(np.outer(down, across), np.float32)
