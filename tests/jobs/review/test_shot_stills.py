"""Pictures of shots: which frames, upright, in the aspect of the screen, in the colour of the proxy."""

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from jobs.review.shot_stills import ShotStills, StillsMaker
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.media import FilmInfo, Frame, Orientation, Shot
from tests.films import film_info


def test_stills_have_the_proxy_s_colour_on_the_film_s_luma() -> None:
    """Cr of 0.2 at luma 0.5: red = 0.5 + 1.402 * 0.2 (BT.601), blue stays, green loses 0.714 * 0.2."""
    (still,) = _stills(film_info(320, 240, range="full", matrix="smpte170m"), luma=128, cr=0.2)
    grey, color = _decode(still.grey), _decode(still.color)
    assert grey.shape == color.shape == (240, 320, 3)
    assert grey[75, 100].tolist() == pytest.approx([128] * 3, abs=1)
    assert [_decode(picture).shape for picture in still.small] == [(120, 160, 3)] * 2
    for picture in (color, *map(_decode, still.small)):
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
    picture = _decode(still.grey)
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
    shots: list[Shot] | None = None,
) -> list[ShotStills]:
    plane = np.full((film.height, film.width), luma, np.uint8)
    if left_luma is not None:
        plane[:, : film.width // 2] = left_luma
    small = np.zeros((12, 16), np.float32)
    proxy = ProxyFrame(luma=small + np.float32(0.5), cb=small, cr=small + np.float32(cr))
    maker = StillsMaker(film, shots=shots or [Shot(index=0, start=0, end=9)])
    for number in range(shots[-1].end if shots else 9):
        if maker.wants(number):
            maker.push(number, Frame(pts=number, luma=plane), proxy=proxy)
    return maker.stills


def _decode(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.astype(np.uint8)
