"""A key frame's colours, found again by look alone."""

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.likeness import MapScale
from pipeline.guidance.hints.match import match

Floats = npt.NDArray[np.float32]
SHAPE = (15, 21)
COLORS = np.array([(40.0, 30.0), (-20.0, 25.0), (0.0, -35.0)], np.float32)


def sight_of(things: npt.NDArray[np.intp], *, with_maps: bool) -> Sight:
    """A picture of things 0, 1, 2; all are equally bright where there are maps to tell them apart."""
    lightness = np.full((SHAPE[0] * 4, SHAPE[1] * 4), 50, np.float32)
    if not with_maps:
        lightness = np.kron(20 + 30 * things, np.ones((4, 4))).astype(np.float32)
    none = np.zeros((2, *SHAPE), np.float32)
    maps: list[Floats] = []
    if with_maps:
        own = np.eye(3, dtype=np.float32)[things]
        noise = np.random.default_rng(things.sum()).normal(0, 0.05, own.shape).astype(np.float32)
        maps = [np.ascontiguousarray(np.moveaxis((own + noise)[::step, ::step], -1, 0)) for step in (1, 2, 4)]
    return Sight.of(
        lightness=lightness,
        ab=none,
        plain=none,
        logits=np.zeros((0, *SHAPE), np.float32),
        maps=tuple(maps),
    )


def things_from(column: int) -> npt.NDArray[np.intp]:
    things = np.zeros(SHAPE, np.intp)
    things[:, column : column + 8] = 1
    things[8:] = 2
    return things


def colors_of(things: npt.NDArray[np.intp]) -> Floats:
    return np.ascontiguousarray(np.moveaxis(COLORS[things], -1, 0))


@pytest.mark.parametrize("with_maps", [False, True])
def test_what_looks_alike_takes_the_colour(with_maps: bool) -> None:
    before, after = things_from(2), things_from(11)
    key, sight = (sight_of(things, with_maps=with_maps) for things in (before, after))
    given = HintMap(colors_of(before), np.ones(SHAPE, np.float32))
    found = match(sight, key, given, scale=MapScale.of([key]))
    off = np.linalg.norm(found.hints.ab - colors_of(after), axis=0)
    assert np.linalg.norm(colors_of(before) - colors_of(after), axis=0).mean() > 15
    assert np.median(off) < 2
    np.testing.assert_allclose(found.hints.confidence, 1, atol=1e-4)


def test_colours_of_what_looks_alike_lie_apart() -> None:
    things = things_from(2)
    key = sight_of(things, with_maps=True)
    checks = np.where(np.indices(SHAPE).sum(axis=0) % 2, 40, -40).astype(np.float32)
    ab = np.where(things == 2, np.stack([checks, checks]), 20).astype(np.float32)
    found = match(key, key, HintMap(ab, np.ones(SHAPE, np.float32)), scale=MapScale.of([key]))
    assert found.spread[10:].mean() > 20
    assert found.spread[:7].mean() < 2


def test_only_places_that_are_asked_for_get_a_hint() -> None:
    things = things_from(2)
    key = sight_of(things, with_maps=True)
    given = HintMap(colors_of(things), np.ones(SHAPE, np.float32))
    everywhere = match(key, key, given, scale=MapScale.of([key]))
    where = np.zeros(SHAPE, np.bool_)
    where[3:9, 4:17] = True
    found = match(key, key, given, scale=MapScale.of([key]), where=where)
    np.testing.assert_allclose(found.hints.ab[:, where], everywhere.hints.ab[:, where], atol=1e-2)
    assert not found.hints.confidence[~where].any()


def test_a_hint_on_one_thing_is_found_on_that_thing_only() -> None:
    before, after = things_from(2), things_from(11)
    key, sight = (sight_of(things, with_maps=True) for things in (before, after))
    given = HintMap(colors_of(before), (before == 1).astype(np.float32))
    found = match(sight, key, given, scale=MapScale.of([key]))
    assert found.hints.confidence[after == 1].mean() > 0.8
    assert found.hints.confidence[after != 1].mean() < 0.1
