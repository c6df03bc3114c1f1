"""What marks cover of a grid."""

import math
import time

import numpy as np
import pytest

from pipeline.errors import SettingsError
from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.seeds import MOST_LAYERS, rasterise

SHAPE = (60, 80)
RED, BLUE = (60.0, 40.0), (20.0, -60.0)


def test_a_mark_covers_its_area_wherever_it_lies() -> None:
    for x, y in ((0.5, 0.5), (0.503, 0.4981), (0.6, 0.37)):
        point = PlacedMark(shape="point", path=((x, y),), radius=0.1, ab=RED)
        seeds = rasterise([point], SHAPE)
        assert seeds.coverage.sum() == pytest.approx(math.pi * 6**2, rel=0.02)
        rows, columns = (np.arange(size) + 0.5 for size in SHAPE)
        middle = (seeds.coverage[0].sum(axis=1) @ rows, seeds.coverage[0].sum(axis=0) @ columns)
        np.testing.assert_allclose(np.array(middle) / seeds.coverage.sum(), (y * 60, x * 80), atol=0.1)
    assert np.unique(seeds.coverage).size > 10  # its edge is smooth


def test_a_stroke_is_as_wide_as_its_brush_and_as_long_as_its_path() -> None:
    stroke = PlacedMark(shape="stroke", path=((0.25, 0.5), (0.75, 0.5)), radius=0.05, ab=RED)
    (coverage,) = rasterise([stroke], SHAPE).coverage
    assert coverage[:, 40].sum() == pytest.approx(6, abs=0.3)
    assert coverage[30].sum() == pytest.approx(40 + 6, abs=0.5)
    thin = PlacedMark(shape="stroke", path=((0.25, 0.5), (0.75, 0.5)), radius=0.002, ab=RED)
    assert 0 < rasterise([thin], SHAPE).coverage.max() < 0.5


def test_of_two_colours_on_one_place_the_later_counts() -> None:
    first = PlacedMark(shape="stroke", path=((0.1, 0.5), (0.9, 0.5)), radius=0.1, ab=RED)
    second = PlacedMark(shape="stroke", path=((0.5, 0.1), (0.5, 0.9)), radius=0.1, ab=BLUE)
    seeds = rasterise([first, second], SHAPE)
    np.testing.assert_array_equal(seeds.ab, [RED, BLUE])
    assert seeds.coverage[:, 30, 40].tolist() == [0, 1]
    assert seeds.coverage[:, 30, 20].tolist() == [1, 0]
    again = rasterise([second, first], SHAPE)
    assert again.coverage[:, 30, 40].tolist() == [0, 1] and tuple(again.ab[1]) == RED
    eraser = PlacedMark(shape="erase", path=((0.5, 0.5),), radius=0.1)
    erased = rasterise([first, second, eraser], SHAPE)
    assert erased.coverage[:, 30, 40].tolist() == [0, 0] and erased.erased[30, 40] == 1
    assert rasterise([eraser, first], SHAPE).erased[30, 40] == 0
    assert (seeds.coverage.sum(axis=0) <= 1 + 1e-6).all()


def test_a_box_is_sure_of_its_middle_and_ends_at_its_sides() -> None:
    box = PlacedMark(shape="box", path=((0.75, 0.8), (0.25, 0.2)), ab=RED)
    seeds = rasterise([box], SHAPE)
    assert seeds.reach.sum() == pytest.approx(40 * 36)
    assert seeds.coverage.sum() == pytest.approx(20 * 18, rel=0.02)
    assert seeds.reach[0, 30, 40] == 1 and seeds.reach[0, 5, 5] == 0


def test_ten_thousand_strokes_take_seconds() -> None:
    rng = np.random.default_rng(1)
    marks = [
        PlacedMark(
            shape="stroke",
            path=tuple((float(x), float(y)) for x, y in rng.random((10, 2))),
            ab=(float(k % 20), 0),
        )
        for k in range(10_000)
    ]
    start = time.perf_counter()
    seeds = rasterise(marks, SHAPE)
    assert time.perf_counter() - start < 20
    assert seeds.coverage.shape == (20, *SHAPE)


def test_too_many_colours_or_points_are_one_line() -> None:
    colors = [PlacedMark(shape="point", path=((0.5, 0.5),), ab=(k, 0)) for k in range(MOST_LAYERS + 1)]
    with pytest.raises(SettingsError, match="have 33 colours and boxes; 32 would work"):
        rasterise(colors, SHAPE)
    boxes = [PlacedMark(shape="box", path=((0, 0), (1, (k + 1) / 50)), ab=RED) for k in range(40)]
    with pytest.raises(SettingsError, match="have 40 colours and boxes; 32 would work"):
        rasterise(boxes, SHAPE)
    assert len(rasterise(colors[:-1], SHAPE).ab) == MOST_LAYERS
    long = [PlacedMark(shape="stroke", path=((0.5, 0.5),) * 10_000, ab=RED)] * 21
    with pytest.raises(SettingsError, match="have 210,000 points; 200,000 would work"):
        rasterise(long, SHAPE)
