import struct

import numpy as np
import pytest

from pipeline.color.planes import upright
from pipeline.media import UPRIGHT, Orientation
from pipeline.source.unnamed_metadata import orientation_of

ONE = 1 << 16


def _matrix(*terms: float) -> bytes:
    a, b, c, d = (round(term * ONE) for term in terms)
    return struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((1, 0, 0, 1), UPRIGHT),
        ((0, 1, -1, 0), Orientation(degrees=90)),
        ((-1, 0, 0, -1), Orientation(degrees=180)),
        ((0.866025, -0.5, 0.5, 0.866025), Orientation(degrees=330)),
        ((-1, 0, 0, 1), Orientation(is_mirrored=True)),
        ((1, 0, 0, -1), Orientation(degrees=180, is_mirrored=True)),
        ((0, -1, -1, 0), Orientation(degrees=270, is_mirrored=True)),
        ((2, 0, 0, 2), UPRIGHT),
        ((2, 0, 0, 1), Orientation(is_exact=False)),
        ((1, 0, 0.5, 1), Orientation(is_exact=False)),
        ((0, 0, 0, 1), UPRIGHT),
    ],
)
def test_a_display_matrix_is_a_turn_and_a_mirror(terms: tuple[float, ...], expected: Orientation) -> None:
    found = orientation_of(_matrix(*terms))
    assert (found.degrees, found.is_mirrored) == (
        expected.degrees,
        expected.is_mirrored,
    ) or not found.is_exact
    assert found.is_exact == expected.is_exact


def test_no_matrix_says_nothing() -> None:
    assert orientation_of(None) == orientation_of(b"short") == UPRIGHT
    assert not str(UPRIGHT)


def test_a_picture_is_turned_before_it_is_mirrored() -> None:
    picture = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    shown = upright(picture, Orientation(degrees=90, is_mirrored=True))
    np.testing.assert_array_equal(shown, [[1, 4], [2, 5], [3, 6]])
