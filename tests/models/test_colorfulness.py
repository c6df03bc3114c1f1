import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.colorfulness import colorfulness


def _flat(red: int, green: int, blue: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((4, 6, 3), (red, green, blue), dtype=np.uint8)


def test_colorfulness_of_one_colour_is_its_mean_term() -> None:
    # red-green 255, yellow-blue 127.5, no spread
    assert colorfulness(_flat(255, 0, 0)) == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_colorfulness_of_two_colours_by_hand() -> None:
    # red-green is +255 and -255: mean 0, deviation 255; yellow-blue is 127.5 throughout
    picture = np.concatenate([_flat(255, 0, 0), _flat(0, 255, 0)])
    assert colorfulness(picture) == pytest.approx(255 + 0.3 * 127.5)


@given(st.integers(0, 255))
def test_grey_has_no_colorfulness(level: int) -> None:
    assert colorfulness(_flat(level, level, level)) == 0
