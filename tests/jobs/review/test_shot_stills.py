"""Pictures of shots: which frames, upright, in the aspect of the screen, in the colour of the proxy."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from jobs.review.shot_stills import ShotStills, StillsMaker
from pipeline.media import FilmInfo, Orientation, Shot
from tests.films import film_info
from tests.shot_frames import ONE_SHOT, decode, push_shots


def test_stills_have_the_proxy_s_colour_on_the_film_s_luma() -> None:
    """Cr of 0.2 at luma 0.5: red = 0.5 + 1.402 * 0.2 (BT.601), blue stays, green loses 0.714 * 0.2."""
    (still,) = _stills(film_info(320, 240, range="full", matrix="smpte170m"), luma=128, cr=0.2)
    grey, color = decode(still.grey), decode(still.color)
    assert grey.shape == color.shape == (240, 320, 3)
    assert grey[75, 100].tolist() == pytest.approx([128] * 3, abs=1)
    assert [decode(picture).shape for picture in still.small] == [(120, 160, 3)] * 2
    for picture in (color, *map(decode, still.small)):
        blue, green, red = picture[75, 100].astype(int)
        assert (red, green, blue) == pytest.approx((199, 92, 128), abs=4)


def test_the_middle_frame_is_large_and_of_two_the_last() -> None:
    for end, frames, shown in ((9, (0, 4, 8), 4), (2, (0, 1), 1), (1, (0,), 0)):
        (still,) = _stills(film_info(64, 48), shots=[Shot(index=0, start=0, end=end)])
        assert (still.frames, still.shown, len(still.small)) == (frames, shown, len(frames) - 1)


def test_pictures_are_shown_as_a_player_shows_them() -> None:
    anamorphic = film_info(72, 58, sample_aspect=Fraction(2))
    assert (_stills(anamorphic)[0].width, _stills(anamorphic)[0].height) == (238, 96)
    turned = replace(film_info(320, 240), orientation=Orientation(degrees=90))
    (still,) = _stills(turned, left_luma=200)
    assert (still.width, still.height) == (240, 320)
    picture = decode(still.grey)
    assert picture[40, 120, 0] > picture[280, 120, 0]  # what was left is on top after a clockwise turn


def test_films_of_many_shots_have_smaller_pictures() -> None:
    heights = {}
    for count in (1, 150, 500):
        shots = [Shot(index=n, start=n, end=n + 1) for n in range(count)]
        heights[count] = _stills(film_info(320, 240), shots=shots)[0].height
    assert heights == {1: 240, 150: 160, 500: 96}


def _stills(
    film: FilmInfo,
    *,
    luma: int = 100,
    left_luma: int | None = None,
    cr: float = 0.0,
    shots: Sequence[Shot] = ONE_SHOT,
) -> list[ShotStills]:
    maker = StillsMaker(film, shots=shots)
    push_shots(maker, film, shots, luma=luma, left_luma=left_luma, cr=cr)
    return maker.stills
