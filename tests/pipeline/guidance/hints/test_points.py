"""Colours given at single places: they are obeyed there, shade what looks alike, and leave the rest."""

import time
import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.color.colorimetry import lightness
from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.points import MOST_KEYS, hints_from_points, pool_points

Floats = npt.NDArray[np.float32]
_RED = (45.0, 30.0)
_LIGHT_DISC, _DARK_GROUND = (0.5, 0.25), (0.9, 0.9)
"""Rows and columns in shares of the picture."""


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(settings=ColorSettings(short_side=128), device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def luma() -> Floats:
    """(128, 160): a light and a middle grey disc on dark ground, with a little grain."""
    picture = np.full((128, 160), 0.15, np.float32)
    cv2.circle(picture, (40, 64), 26, 0.7, -1)
    cv2.circle(picture, (118, 50), 20, 0.45, -1)
    grain = np.random.default_rng(0).normal(0, 0.01, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1) + grain, 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def sight(predictor: Predictor, luma: Floats) -> Sight:
    return predictor.see(lightness(luma))


@pytest.fixture(scope="module")
def small(luma: Floats, sight: Sight) -> Floats:
    return np.asarray(cv2.resize(luma, sight.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _hints(
    predictor: Predictor,
    sight: Sight,
    small: Floats,
    places: object,
    ab: object,
) -> HintMap:
    points = np.asarray(places, np.float32).reshape(-1, 2), np.asarray(ab, np.float32).reshape(-1, 2)
    return hints_from_points(sight, small, *points, bins=predictor.bins)


def _at(plane: Floats, place: tuple[float, float]) -> Floats:
    row, column = (int(share * side) for share, side in zip(place, plane.shape[-2:], strict=True))
    return plane[..., row, column]


def test_without_points_colours_stay_as_they_are(predictor: Predictor, sight: Sight, small: Floats) -> None:
    hints = _hints(predictor, sight, small, [], [])
    assert hints.over(sight.ab).tobytes() == sight.ab.tobytes()


@pytest.mark.parametrize("color", [_RED, (-40, 40), (5, -60), (0, 0)])
def test_place_gets_the_colour_that_it_was_given(
    predictor: Predictor, sight: Sight, small: Floats, color: tuple[float, float]
) -> None:
    hints = _hints(predictor, sight, small, [_LIGHT_DISC], [color])
    assert np.linalg.norm(_at(hints.over(sight.ab), _LIGHT_DISC) - color) < 3


def test_one_point_shades_the_thing_around_it_and_little_else(
    predictor: Predictor, sight: Sight, small: Floats
) -> None:
    ab = _hints(predictor, sight, small, [_LIGHT_DISC], [_RED]).over(sight.ab)
    disc = small > 0.65
    moved = np.linalg.norm(ab - sight.ab, axis=0)
    wanted = np.linalg.norm(np.reshape(_RED, (2, 1)) - sight.ab[:, disc], axis=0)
    assert np.median(moved[disc] / wanted) > 0.6
    assert np.median(moved[small < 0.2]) < 0.1 * np.median(wanted)


def test_two_things_keep_their_two_colours(predictor: Predictor, sight: Sight, small: Floats) -> None:
    other = (0.4, 118 / 160)
    ab = _hints(predictor, sight, small, [_LIGHT_DISC, other], [_RED, (-30, -20)]).over(sight.ab)
    assert np.linalg.norm(_at(ab, _LIGHT_DISC) - _RED) < 3
    assert np.linalg.norm(_at(ab, other) - (-30, -20)) < 3


def test_vividness_fades_where_a_colour_was_given(predictor: Predictor, sight: Sight, small: Floats) -> None:
    """The very colour that the network says, given as a point, comes out without vividness there, not elsewhere."""
    assert predictor.vividness > 1.5
    ab = _hints(predictor, sight, small, [_LIGHT_DISC], [_at(sight.plain, _LIGHT_DISC)]).over(sight.ab)
    np.testing.assert_allclose(_at(ab, _LIGHT_DISC), _at(sight.plain, _LIGHT_DISC), atol=0.01)
    dark = _at(sight.ab, _DARK_GROUND)
    assert np.linalg.norm(_at(ab, _DARK_GROUND) - dark) < 0.2 * np.linalg.norm(dark) + 0.5


def test_thousands_of_points_are_pooled_and_obeyed(predictor: Predictor, sight: Sight, small: Floats) -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 1, (10_000, 2))
    colors = np.stack((60 * places[:, 0] - 30, 40 * places[:, 1]), axis=1)
    tracemalloc.start()
    started = time.process_time()
    hints = _hints(predictor, sight, small, places, colors)
    seconds = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 10
    assert peak < 100e6
    height, width = sight.shape
    rows, columns = np.mgrid[:height, :width] + 0.5
    truth = np.stack((60 * rows / height - 30, 40 * columns / width))
    assert np.linalg.norm(hints.over(sight.ab) - truth, axis=0).mean() < 3


def test_points_of_one_cell_are_averaged() -> None:
    places = np.array([[0.01, 0.01], [0.02, 0.03], [0.99, 1.0]], np.float32)
    cells, ab = pool_points(places, np.array([[10, 0], [20, 4], [7, 8]], np.float32), (20, 30))
    np.testing.assert_array_equal(cells, [0, 599])
    np.testing.assert_allclose(ab, [[15, 2], [7, 8]])


def test_pooled_points_are_few_and_lie_among_those_that_they_stand_for() -> None:
    rows, columns = np.mgrid[:64, :90]
    places = np.stack(((rows + 0.5) / 64, (columns + 0.5) / 90), axis=-1).reshape(-1, 2).astype(np.float32)
    cells, ab = pool_points(places, 100 * places, (64, 90))
    assert MOST_KEYS / 2 < len(cells) <= MOST_KEYS
    assert len(np.unique(cells)) == len(cells)
    np.testing.assert_allclose(ab[:, 0], 100 * (cells // 90 + 0.5) / 64, atol=100 * 1 / 64)


def test_same_points_give_the_same_bytes(predictor: Predictor, sight: Sight, small: Floats) -> None:
    places = np.random.default_rng(1).uniform(0, 1, (50, 2))
    one, other = (_hints(predictor, sight, small, places, 30 * places) for _ in range(2))
    assert one.ab.tobytes() == other.ab.tobytes()
    assert one.confidence.tobytes() == other.confidence.tobytes()
    assert np.isfinite(one.ab).all()
    assert one.confidence.min() > 0
    assert one.confidence.max() <= 1


def test_network_without_maps_and_distribution_can_be_guided(
    predictor: Predictor, sight: Sight, small: Floats
) -> None:
    bare = replace(sight, packed_maps=(), packed_logits=np.zeros((0, *sight.shape), np.float32))
    points = np.array([_LIGHT_DISC], np.float32), np.array([_RED], np.float32)
    ab = hints_from_points(bare, small, *points, bins=np.zeros((0, 2), np.float32)).over(sight.ab)
    assert np.linalg.norm(_at(ab, _LIGHT_DISC) - _RED) < 3
