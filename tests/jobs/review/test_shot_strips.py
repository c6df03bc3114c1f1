"""Pictures of shots: which frames, upright, in the aspect of the screen, in the colour of the proxy."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from jobs.review.shot_strips import Strip, StripMaker, strip_frames
from pipeline.media import FilmInfo, Orientation, Shot
from tests.films import film_info
from tests.shot_frames import ONE_SHOT, decode, push_shots

GAP_PX = 4


@pytest.mark.parametrize(
    ("shot", "numbers"),
    [((0, 24), (0, 11, 23)), ((5, 8), (5, 6, 7)), ((5, 7), (5, 6)), ((9, 10), (9,))],
)
def test_first_middle_and_last_frame_are_shown(shot: tuple[int, int], numbers: tuple[int, ...]) -> None:
    assert strip_frames(Shot(index=0, start=shot[0], end=shot[1])) == numbers


def test_a_strip_has_the_proxy_s_colour_on_the_film_s_luma() -> None:
    """Cr of 0.2 at luma 0.5: red = 0.5 + 1.402 * 0.2 (BT.601), blue stays, green loses 0.714 * 0.2."""
    (strip,) = _strips(film_info(320, 240, range="full", matrix="smpte170m"), luma=128, cr=0.2)
    grey, color = decode(strip.grey), decode(strip.color)
    assert grey.shape == color.shape == (150, 3 * 200 + 2 * GAP_PX, 3)
    assert grey[75, 100].tolist() == [128] * 3
    blue, green, red = color[75, 100].astype(int)
    assert (red, green, blue) == pytest.approx((199, 92, 128), abs=4)


def test_pictures_are_shown_as_a_player_shows_them() -> None:
    anamorphic = film_info(72, 58, sample_aspect=Fraction(2))
    assert (_strips(anamorphic)[0].width, _strips(anamorphic)[0].height) == (3 * 372 + 2 * GAP_PX, 150)
    turned = replace(film_info(320, 240), orientation=Orientation(degrees=90))
    (strip,) = _strips(turned, left_luma=200)
    assert strip.width == 3 * 112 + 2 * GAP_PX
    picture = decode(strip.grey)
    assert picture[20, 56, 0] > picture[130, 56, 0]  # what was left is on top after a clockwise turn


def test_films_of_many_shots_have_smaller_pictures() -> None:
    heights = {}
    for count in (1, 150, 500):
        shots = [Shot(index=n, start=n, end=n + 1) for n in range(count)]
        heights[count] = _strips(film_info(320, 240), shots=shots)[0].height
    assert heights == {1: 150, 150: 100, 500: 64}


def _strips(
    film: FilmInfo,
    *,
    luma: int = 100,
    left_luma: int | None = None,
    cr: float = 0.0,
    shots: Sequence[Shot] = ONE_SHOT,
) -> list[Strip]:
    maker = StripMaker(film, shots=shots)
    push_shots(maker, film, shots, luma=luma, left_luma=left_luma, cr=cr)
    return maker.strips
