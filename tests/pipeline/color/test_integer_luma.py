"""Luma in integers, compared with values that are worked out by hand."""

from typing import Literal

import numpy as np
import pytest

from pipeline.color.integer_luma import bt709_luma, convert_luma


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [((255, 0, 0), 54), ((0, 255, 0), 182), ((0, 0, 255), 18), ((77, 77, 77), 77), ((255, 255, 255), 255)],
)
def test_luma_of_rgb_has_the_weights_of_bt709(rgb: tuple[int, int, int], expected: int) -> None:
    assert bt709_luma(*(np.full((2, 3), value, np.uint8) for value in rgb)).tolist() == [[expected] * 3] * 2


def test_deep_white_does_not_overflow() -> None:
    white = np.full((1, 1), 65535, np.uint16)
    luma = bt709_luma(white, white, white)
    assert luma.dtype == np.uint16
    assert luma.tolist() == [[65535]]


@pytest.mark.parametrize(
    ("depth", "range", "to_depth", "to_range", "value", "expected"),
    [
        (8, "limited", 10, "limited", 235, 940),
        (8, "limited", 16, "limited", 255, 65280),
        (8, "full", 16, "full", 129, 129 * 257),
        (8, "full", 10, "full", 255, 1023),
        (10, "limited", 8, "limited", 1023, 255),
        (10, "limited", 8, "limited", 66, 17),
        (16, "full", 8, "full", 128 * 257 + 129, 129),
        (8, "full", 8, "limited", 255, 235),
        (8, "limited", 8, "full", 16, 0),
        (8, "limited", 8, "full", 250, 255),
    ],
)
def test_luma_at_another_depth_or_range(
    depth: int,
    range: Literal["limited", "full"],
    to_depth: int,
    to_range: Literal["limited", "full"],
    value: int,
    expected: int,
) -> None:
    plane = np.full((2, 2), value, np.uint8) if depth == 8 else np.full((2, 2), value, np.uint16)
    found = convert_luma(plane, depth=depth, range=range, to_depth=to_depth, to_range=to_range)
    assert found.dtype == (np.uint8 if to_depth == 8 else np.uint16)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("range", ["limited", "full"])
def test_deeper_and_back_is_the_same_luma(range: Literal["limited", "full"]) -> None:
    plane = np.arange(256, dtype=np.uint8)[None]
    deep = convert_luma(plane, depth=8, range=range, to_depth=10, to_range=range)
    back = convert_luma(deep, depth=10, range=range, to_depth=8, to_range=range)
    np.testing.assert_array_equal(back, plane)
