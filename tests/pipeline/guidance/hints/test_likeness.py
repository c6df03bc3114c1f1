"""What the network says of places: maps of one picture and of another of the same shot, at one scale."""

from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.color.colorimetry import lightness
from pipeline.colorize.net_frame import net_size, shrink
from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap, no_hints
from pipeline.guidance.hints.likeness import MapScale

CLIP = Path(__file__).parents[3] / "data" / "chaplin_street.mp4"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(settings=ColorSettings(short_side=128), device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def sights(predictor: Predictor) -> list[Sight]:
    """Two frames of the bundled clip, a few frames apart."""
    size = net_size(width=440, height=360, sample_aspect=1, short_side=128)
    with av.open(str(CLIP)) as container:
        frames = [frame for frame, _ in zip(container.decode(video=0), range(4), strict=False)]
    lumas = [
        np.asarray(frame.to_ndarray(format="gray")[:, 100:540], np.float32) / np.float32(255)
        for frame in (frames[0], frames[3])
    ]
    return [predictor.see(lightness(shrink(luma, size))) for luma in lumas]


def test_seeing_predicts_the_same_colours(predictor: Predictor, sights: list[Sight]) -> None:
    (ab,) = predictor.predict([sights[0].lightness])
    np.testing.assert_allclose(sights[0].ab, ab, atol=1e-3)
    again = predictor.colors(sights[0].logits, sights[0].lightness)
    np.testing.assert_allclose(again, ab, atol=1e-3)


def test_the_network_is_shown_hints(predictor: Predictor, sights: list[Sight]) -> None:
    shape = sights[0].shape
    red = np.stack([np.full(shape, 60, np.float32), np.full(shape, 40, np.float32)])
    seen = predictor.see(sights[0].lightness, hints=(red, np.ones(shape, np.float32)))
    assert seen.plain[0].mean() > sights[0].plain[0].mean() + 3


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
