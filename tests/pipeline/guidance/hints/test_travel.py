"""Hints on one frame of a made film: where they are in its other frames."""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.colorize.optical_flow import Flow
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.likeness import MapScale
from pipeline.guidance.hints.travel import Carried, KeyFrame, TravelledHints, carry, merge, nowhere, start

Floats = npt.NDArray[np.float32]
SHAPE = (28, 40)
RED, GREEN = (50.0, 35.0), (-30.0, 30.0)
SIDE = 8
FRAMES = 12


def sight_of(luma: Floats) -> Sight:
    """As a network without maps would see it."""
    none = np.zeros((2, *SHAPE), np.float32)
    return Sight.of(
        lightness=luma * 100, ab=none, plain=none, logits=np.zeros((0, *SHAPE), np.float32), maps=()
    )


class SquareFilm:
    """A bright square with a pattern that moves over a darker texture, and what colours it has."""

    def __init__(self, *, step: float = 1.0, seed: int = 3) -> None:
        rng = np.random.default_rng(seed)
        ground, thing = (
            cv2.GaussianBlur(rng.random((SHAPE[0] * 4, SHAPE[1] * 4)).astype(np.float32), (0, 0), 2)
            for _ in range(2)
        )
        ground, thing = ((one - one.mean()) / one.std() * np.float32(0.06) for one in (ground, thing))
        self.lumas, self.inside, lumas = [], [], []
        for number in range(FRAMES):
            across, down = 6 + number * step, 10
            luma = np.float32(0.3) + ground
            rows, columns = (slice(round(at * 4), round(at * 4) + SIDE * 4) for at in (down, across))
            luma[rows, columns] = np.float32(0.7) + thing[: SIDE * 4, : SIDE * 4]
            mask = np.zeros_like(luma)
            mask[rows, columns] = 1
            lumas.append(luma.clip(0, 1))
            self.inside.append(cv2.resize(mask, SHAPE[::-1], interpolation=cv2.INTER_AREA))
        flow = Flow(SHAPE, tolerance=8)
        for luma in lumas:
            flow.push((luma * 255 + 0.5).astype(np.uint8))
        self.to_previous, self.to_next = flow.to_previous, flow.to_next
        self.lumas = [cv2.resize(one, SHAPE[::-1], interpolation=cv2.INTER_AREA) for one in lumas]
        self.sights = [sight_of(luma) for luma in lumas]

    def key(self, number: int, hints: HintMap) -> KeyFrame:
        return KeyFrame(number, self.sights[number], self.lumas[number], hints)

    def ab(self, number: int) -> Floats:
        """The square red, the ground green."""
        inside = self.inside[number]
        return np.stack([inside * one + (1 - inside) * other for one, other in zip(RED, GREEN, strict=True)])

    def hints_at(self, number: int, *keys: KeyFrame) -> TravelledHints:
        return merge(
            self.sights[number],
            self.lumas[number],
            [self.carried(key, number) for key in keys],
            keys,
            MapScale.of([key.sight for key in keys]),
        )

    def carried(self, key: KeyFrame, number: int) -> Carried:
        carried = start(key.hints.confidence.shape)
        for frame in range(key.number + 1, number + 1):
            carried = carry(carried, self.to_previous[frame - 1])
        for frame in range(key.number - 1, number - 1, -1):
            carried = carry(carried, self.to_next[frame])
        return carried


@pytest.fixture(scope="module")
def film() -> SquareFilm:
    return SquareFilm()


def everywhere(film: SquareFilm, number: int) -> HintMap:
    return HintMap(film.ab(number), np.ones(SHAPE, np.float32))


def on_the_square(film: SquareFilm, number: int, color: tuple[float, float] = RED) -> HintMap:
    ab = np.broadcast_to(np.array(color, np.float32)[:, None, None], (2, *SHAPE)).copy()
    return HintMap(ab, (film.inside[number] > 0.99).astype(np.float32))


def middle(mask: Floats) -> npt.NDArray[np.bool_]:
    """The inside of a thing, without its edge."""
    return cv2.erode((mask > 0.99).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def test_a_key_frame_has_its_own_hints(film: SquareFilm) -> None:
    given = everywhere(film, 4)
    hints = film.hints_at(4, film.key(4, given))
    np.testing.assert_allclose(hints.ab, given.ab, atol=1e-3)
    np.testing.assert_allclose(hints.confidence, 1, atol=1e-5)


@pytest.mark.parametrize(("key", "number"), [(0, FRAMES - 1), (FRAMES - 1, 0), (0, 3)])
def test_colours_go_with_a_square_that_moves(film: SquareFilm, key: int, number: int) -> None:
    hints = film.hints_at(number, film.key(key, everywhere(film, key)))
    off = np.linalg.norm(hints.over(np.zeros((2, *SHAPE), np.float32)) - film.ab(number), axis=0)
    still = np.linalg.norm(film.ab(key) - film.ab(number), axis=0)
    assert off.mean() < 5
    assert off[middle(film.inside[number])].mean() < 5
    if abs(key - number) > SIDE:
        assert still.mean() > 8


def test_a_hint_on_one_thing_moves_nothing_else(film: SquareFilm) -> None:
    key = film.key(0, on_the_square(film, 0))
    for number in range(1, FRAMES, 3):
        shift = np.linalg.norm(film.hints_at(number, key).over(np.zeros((2, *SHAPE), np.float32)), axis=0)
        outside = cv2.dilate(film.inside[number], np.ones((3, 3), np.uint8)) < 0.01
        assert shift[outside].mean() < 2
        assert shift[middle(film.inside[number])].mean() > 0.9 * np.linalg.norm(RED)


def test_two_key_frames_share_the_frames_between(film: SquareFilm) -> None:
    first = film.key(0, on_the_square(film, 0, RED))
    last = film.key(FRAMES - 1, on_the_square(film, FRAMES - 1, GREEN))
    inside = [
        film.hints_at(number, first, last).ab[0][middle(film.inside[number])].mean()
        for number in (1, FRAMES - 2)
    ]
    assert inside[0] > inside[1]


def test_a_hint_of_one_key_frame_is_not_lost_by_another_without_it(film: SquareFilm) -> None:
    first = film.key(0, on_the_square(film, 0))
    last = film.key(FRAMES - 1, HintMap(np.zeros((2, *SHAPE), np.float32), np.zeros(SHAPE, np.float32)))
    hints = film.hints_at(6, first, last)
    inside = middle(film.inside[6])
    assert hints.confidence[inside].mean() > 0.9
    np.testing.assert_allclose(hints.ab[0][inside].mean(), RED[0], rtol=0.05)


def with_maps(sight: Sight, inside: Floats) -> Sight:
    """As a network sees it that tells the square (1) from the ground (0)."""
    maps = []
    for step in (1, 2, 4):
        size = (-(-inside.shape[1] // step), -(-inside.shape[0] // step))
        small = cv2.resize(inside, size, interpolation=cv2.INTER_AREA)
        maps.append(np.stack([small, 1 - small]).astype(np.float32))
    return replace(sight, packed_maps=tuple(maps))


@pytest.mark.parametrize("knows_things", [True, False])
def test_a_still_of_another_scene_colours_only_what_it_shows(film: SquareFilm, knows_things: bool) -> None:
    shape = (20, 20)
    none = np.zeros((2, *shape), np.float32)
    still = Sight.of(
        lightness=np.full((80, 80), 30, np.float32),
        ab=none,
        plain=none,
        logits=np.zeros((0, *shape), np.float32),
        maps=(),
    )
    sight = film.sights[0]
    if knows_things:
        sight, still = with_maps(sight, film.inside[0]), with_maps(still, np.zeros(shape, np.float32))
    given = HintMap(np.full((2, *shape), 30, np.float32), np.ones(shape, np.float32))
    key = KeyFrame(-1, still, np.full(shape, 0.3, np.float32), given, is_foreign=True)
    hints = merge(sight, film.lumas[0], [nowhere(SHAPE)], [key], MapScale.of([sight]))
    assert not hints.confidence[middle(film.inside[0])].any()
    ground = hints.confidence[cv2.dilate(film.inside[0], np.ones((7, 7), np.uint8)) < 0.01]
    assert ground.mean() > 0.9 if knows_things else not ground.any()


def test_what_is_new_in_a_shot_is_less_sure_than_what_stays(film: SquareFilm) -> None:
    hints = film.hints_at(FRAMES - 1, film.key(0, everywhere(film, 0)))
    assert hints.spread.max() < 60
    assert film.hints_at(0, film.key(0, everywhere(film, 0))).spread.max() == 0


def test_without_key_frames_nothing_is_given(film: SquareFilm) -> None:
    hints = merge(film.sights[0], film.lumas[0], [], [], MapScale((), ()))
    assert not hints.confidence.any()
