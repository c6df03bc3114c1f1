"""Words: a named thing gets its colour where it is, and only where its mask is known to be right."""

import json
from collections.abc import Callable
from functools import cache
from statistics import fmean

import cv2
import numpy as np
import pytest

from pipeline.color.colorimetry import lightness
from pipeline.colorize.net_frame import net_size, shrink
from pipeline.colorize.predict import Predictor
from pipeline.colorize.sight import Sight
from pipeline.errors import SettingsError
from pipeline.guidance.hints.words import NOUNS, check_nouns, hints_from_words, noun_masks
from tests.nouns import FOLDER, drawn_masks, overlap, picture_names

See = Callable[[str], Sight]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def see(predictor: Predictor) -> See:
    @cache
    def seen(name: str) -> Sight:
        luma = cv2.imread(str(FOLDER / name), cv2.IMREAD_GRAYSCALE)
        assert luma is not None, name
        height, width = luma.shape
        size = net_size(width=width, height=height, sample_aspect=1, short_side=predictor.short_side)
        return predictor.see(lightness(shrink(luma.astype(np.float32) / np.float32(255), size)))

    return seen


def _showing(noun: str) -> list[str]:
    masks = json.loads((FOLDER / "masks.json").read_text(encoding="utf-8"))
    return [name for name in picture_names() if noun in masks[name]]


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_is_found_where_it_was_drawn(predictor: Predictor, see: See, noun: str) -> None:
    names = _showing(noun)
    assert len(names) >= 20
    found = []
    for name in names[::5]:
        mask = noun_masks(see(name), predictor.bins, [noun])[noun]
        assert mask.min() >= 0
        assert mask.max() <= 1
        found.append(overlap(mask > 0.5, drawn_masks(mask.shape, name=name)[noun]))
    assert fmean(found) > 0.5


def test_named_things_take_their_colours_and_others_keep_theirs(predictor: Predictor, see: See) -> None:
    name = next(name for name in _showing("sky") if name in _showing("greenery"))
    sight = see(name)
    sky, greenery = noun_masks(sight, predictor.bins, ["sky", "greenery"]).values()
    colors = {"sky": (100.0, -3.0, -25.0), "greenery": (100.0, -30.0, 30.0)}
    ab = hints_from_words(sight, predictor.bins, colors).over(sight.ab)
    for noun, mask, other in (("sky", sky, greenery), ("greenery", greenery, sky)):
        sure = (mask == 1) & (other == 0)
        assert sure.any()
        np.testing.assert_allclose(ab[:, sure].mean(axis=1), colors[noun][1:], atol=0.1)
    neither = (sky == 0) & (greenery == 0)
    assert np.array_equal(ab[:, neither], sight.ab[:, neither])


def test_what_is_not_in_the_picture_gives_no_colour(predictor: Predictor, see: See) -> None:
    name = next(name for name in _showing("sky") if name not in _showing("skin"))
    hints = hints_from_words(see(name), predictor.bins, {"skin": (100, 15, 20)})
    assert hints.confidence.mean() < 0.01


def test_another_noun_is_an_error_that_says_what_works() -> None:
    with pytest.raises(SettingsError) as caught:
        check_nouns({"sky": 1, "dress": 2})
    assert caught.value.lines == (
        "no colour can be given to 'dress' by name: greenery, skin and sky work (greenery is grass, leaves and trees); "
        "a point or a box with a colour works for anything",
    )


def test_weights_without_a_distribution_find_nothing_by_name(see: See) -> None:
    with pytest.raises(SettingsError, match="words: the weights predict one colour for each place"):
        hints_from_words(see(_showing("sky")[0]), np.zeros((0, 2), np.float32), {"sky": (100, 0, 0)})
