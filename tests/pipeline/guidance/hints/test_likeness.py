"""What the network says of places: maps of one picture and of another of the same shot, at one scale."""

import numpy as np

from pipeline.colorize.predict import Predictor
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap, no_hints
from pipeline.guidance.hints.likeness import MapScale


def test_seeing_predicts_the_same_colours(predictor: Predictor, sights: list[Sight]) -> None:
    (ab,) = predictor.predict([sights[0].lightness])
    np.testing.assert_allclose(sights[0].ab, ab, atol=1e-3)
    again = predictor.colors(sights[0].logits, sights[0])
    np.testing.assert_allclose(again, ab, atol=1e-3)


def test_maps_of_a_place_are_alike_in_the_next_frames(sights: list[Sight]) -> None:
    scale = MapScale.of(sights[:1])
    here, there = (scale.apply(sight) for sight in sights)
    assert [one.shape[1] for one in here] == [sights[0].shape[0] // step for step in (1, 2, 4)]
    for one, other in zip(here, there, strict=True):
        same = np.square(one - other).sum(axis=0).mean()
        moved = np.square(one - np.roll(other, 5, axis=2)).sum(axis=0).mean()
        assert same < 0.5 * moved


def test_hints_lie_over_predicted_colours(sights: list[Sight]) -> None:
    ab = sights[0].ab
    assert np.array_equal(no_hints(sights[0].shape).over(ab), ab)
    given = HintMap(np.full_like(ab, 12), np.ones(sights[0].shape, np.float32))
    np.testing.assert_allclose(given.over(ab), 12, atol=1e-5)
