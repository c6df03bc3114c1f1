"""Regions: the same things in every frame of a shot, with letters by which they get a colour."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipeline.colorize.sight import Sight
from pipeline.errors import SettingsError
from pipeline.guidance.hints.regions import Regions, hints_from_regions


def test_every_place_belongs_to_regions_and_mostly_to_one(sights: list[Sight]) -> None:
    share = Regions.of(sights[:1]).membership(sights[0])
    assert share.shape == (8, *sights[0].shape)
    assert share.min() >= 0
    np.testing.assert_allclose(share.sum(axis=0), 1, atol=1e-5)
    assert share.max(axis=0).mean() > 0.75
    assert np.unique(share.argmax(axis=0)).size == 8


def test_a_thing_keeps_its_region_in_the_next_frames(sights: list[Sight]) -> None:
    regions = Regions.of(sights[:1])
    here, there = (regions.membership(sight).argmax(axis=0) for sight in sights)
    assert (here == there).mean() > 0.85
    assert (here == np.roll(there, 8, axis=1)).mean() < 0.7


def test_the_same_pictures_give_the_same_regions_whatever_the_threads(sights: list[Sight]) -> None:
    regions = Regions.of(sights)
    threads = cv2.getNumThreads()
    try:
        for count in (1, 4):
            cv2.setNumThreads(count)
            cv2.setRNGSeed(count)
            again = Regions.of(sights)
            assert again.centres.tobytes() == regions.centres.tobytes()
            assert again.letters == regions.letters
            assert again.membership(sights[1]).tobytes() == regions.membership(sights[1]).tobytes()
    finally:
        cv2.setNumThreads(threads)


def test_letters_come_largest_first_and_cover_all_regions(sights: list[Sight]) -> None:
    regions = Regions.of(sights)
    masks = regions.lettered(sights[0])
    assert list(masks)[:2] == ["A", "B"]
    numbers = [number for group in regions.letters.values() for number in group]
    assert sorted(numbers) == list(range(8))
    areas = [sum(float(regions.lettered(sight)[letter].mean()) for sight in sights) for letter in masks]
    assert all(one > 0.9 * other for one, other in pairwise(areas))
    assert min(areas) > 0.02


def test_a_lettered_region_takes_its_colour_and_others_do_not(sights: list[Sight]) -> None:
    regions = Regions.of(sights)
    sight = sights[1]
    inside = regions.lettered(sight)["B"]
    ab = hints_from_regions(sight, regions, {"B": (100, 10, -50)}).over(sight.ab)
    np.testing.assert_allclose(ab[1][inside > 0.95], -50, atol=4)
    np.testing.assert_allclose(ab[:, inside < 0.02], sight.ab[:, inside < 0.02], atol=2)
    with pytest.raises(SettingsError, match=r"regions\.Z: there is no such region here; A, B"):
        hints_from_regions(sight, regions, {"A": (100, 0, 0), "Z": (100, 1, 1)})


def test_a_flat_picture_has_regions_by_place_or_only_one(sights: list[Sight]) -> None:
    flat = Sight.of(
        lightness=np.full((64, 64), 50, np.float32),
        ab=np.zeros((2, 16, 16), np.float32),
        plain=np.zeros((2, 16, 16), np.float32),
        logits=np.zeros((0, 16, 16), np.float32),
        maps=(),
    )
    regions = Regions.of([flat])
    share = regions.membership(flat)
    np.testing.assert_allclose(share.sum(axis=0), 1, atol=1e-5)
    assert 1 <= len(regions.letters) <= 8


def test_a_small_region_shares_the_letter_of_the_one_that_is_most_like_it() -> None:
    light = np.full((128, 192), 80, np.float32)
    light[:, 96:] = 20
    flat = np.zeros((4, 32, 48), np.float32)
    flat[:2, :, 24:] = 3
    flat[2:, 4:10, 4:10] = 2  # a spot of 2.3 % of the picture in its left half
    blank = np.zeros((2, 32, 48), np.float32)
    sight = Sight.of(lightness=light, ab=blank, plain=blank, logits=blank[:0], maps=(flat,))
    regions = Regions.of([sight])
    numbers = [number for group in regions.letters.values() for number in group]
    assert sorted(numbers) == list(range(8))
    masks = regions.lettered(sight)
    assert list(masks) == ["A", "B"]
    np.testing.assert_allclose(sum(masks.values()), 1, atol=1e-4)
    left = next(mask for mask in masks.values() if mask[30, 2] > 0.9)
    assert left[6, 6] > 0.9


def test_a_wall_that_looks_the_same_on_both_sides_has_one_letter() -> None:
    """k-means cuts a large even area into pieces by their place; whoever names a colour means all of it."""
    wall, thing = np.zeros((8, 32, 48), np.float32), slice(10, 22)
    wall[:, thing, 18:30] = np.random.default_rng(3).normal(size=(8, 1, 1))
    light = np.full((128, 192), 70, np.float32)
    light[40:88, 72:120] = 30
    blank = np.zeros((2, 32, 48), np.float32)
    sight = Sight.of(lightness=light, ab=blank, plain=blank, logits=blank[:0], maps=(wall,))
    regions = Regions.of([sight])
    assert len(regions.centres) == 8
    assert len(regions.letters) == 2
    masks = regions.lettered(sight)
    assert masks["A"][0, 0] > 0.9
    assert masks["A"][-1, -1] > 0.9
    assert masks["B"][16, 24] > 0.9
