"""One stroke fills a region of a line drawing, and stays in it where the lines have gaps."""

import cv2
import numpy as np
import pytest

from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.sketch import find_regions, hints_from_sketch
from tests.benchmarks.sketches import draw, fill

SHAPE = (60, 80)
RED, BLUE = (60.0, 40.0), (20.0, -60.0)


def _house(gap: int) -> np.ndarray:
    """A square with a line down its middle; `gap` samples of the line and of the square's top are missing."""
    luma = np.full((240, 320), 0.95, np.float32)
    cv2.rectangle(luma, (60, 40), (260, 200), 0.1, 2)
    cv2.line(luma, (160, 40), (160, 200), 0.1, 2)
    luma[120 : 120 + gap, 155:166] = 0.95
    luma[35:46, 100 : 100 + gap] = 0.95
    return luma


def _dot(x: float, y: float, ab: tuple[float, float] = RED) -> PlacedMark:
    return PlacedMark(shape="stroke", path=((x - 0.02, y), (x + 0.02, y)), ab=ab)


def _mean(hints: HintMap, left: int, right: int) -> float:
    """Of the confidence, between two columns of the drawing and inside of the square's lines."""
    return float(hints.confidence[12:48, left // 4 : right // 4].mean())


@pytest.mark.parametrize("gap", [0, 4, 7])
def test_one_stroke_fills_its_region_and_gaps_stay_closed(gap: int) -> None:
    hints = hints_from_sketch(_house(gap), [_dot(0.3, 0.5)], SHAPE)
    assert _mean(hints, 68, 152) == pytest.approx(1, abs=0.01)
    assert _mean(hints, 168, 252) == pytest.approx(0, abs=0.01)
    assert hints.confidence[:8].max() == 0
    np.testing.assert_allclose(hints.ab[:, 30, 25], RED, atol=1e-3)


def test_a_wide_opening_is_no_border() -> None:
    hints = hints_from_sketch(_house(80), [_dot(0.3, 0.5)], SHAPE)
    assert _mean(hints, 168, 252) > 0.95


def test_a_stroke_that_strays_over_a_line_fills_one_region_only() -> None:
    stray = PlacedMark(shape="stroke", path=((0.3, 0.5), (0.52, 0.5)), ab=RED)
    assert _mean(hints_from_sketch(_house(0), [stray], SHAPE), 172, 252) < 0.01


def test_two_colours_in_a_region_meet_half_way_and_erasers_keep_theirs() -> None:
    marks = [_dot(0.25, 0.5), _dot(0.44, 0.5, BLUE)]
    hints = hints_from_sketch(_house(0), marks, SHAPE)
    np.testing.assert_allclose(hints.ab[:, 30, 18], RED, atol=1e-3)
    np.testing.assert_allclose(hints.ab[:, 30, 37], BLUE, atol=1e-3)
    eraser = PlacedMark(shape="erase", path=((0.44, 0.5),))
    erased = hints_from_sketch(_house(0), [marks[0], eraser], SHAPE)
    assert erased.confidence[30, 18] == 1 and erased.confidence[30, 37] == 0


def test_a_sheet_without_lines_is_one_region_and_ink_alone_fails_nothing() -> None:
    for level in (0.0, 0.5, 1.0):
        blank = np.full((240, 320), level, np.float32)
        assert (find_regions(blank) == 1).all()
        assert hints_from_sketch(blank, [_dot(0.5, 0.5)], SHAPE).confidence.min() == 1
    assert not hints_from_sketch(_house(0), [], SHAPE).confidence.any()


def test_drawings_with_gaps_are_filled() -> None:
    """Two of the drawings that the benchmark measures."""
    found = np.array([fill(draw(seed, gap=0.025)) for seed in (0, 1)])
    opened = np.array([fill(draw(seed, gap=0.025), closing=False) for seed in (0, 1)])
    assert found.mean() > 0.9 and found.mean() > opened.mean() + 0.2
