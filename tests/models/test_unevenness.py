import numpy as np
import numpy.typing as npt
import pytest

from models.unevenness import flat_regions, spread, unevenness

Floats = npt.NDArray[np.float32]


def test_walls_and_skies_are_regions_and_foliage_is_none() -> None:
    lightness = _street()
    wall, sky = sorted(flat_regions(lightness), key=lambda mask: int(mask[5, 60]))
    assert wall[40, 20]
    assert sky[5, 60]
    assert not (wall | sky)[30:, 50:].any()  # foliage
    assert not (wall & sky).any()


def test_a_spot_of_less_than_two_percent_is_no_region() -> None:
    lightness = np.random.default_rng(0).uniform(0, 100, (56, 80)).astype(np.float32)
    lightness[10:20, 10:20] = 50
    assert flat_regions(lightness) == []
    lightness[10:30, 10:30] = 50
    assert len(flat_regions(lightness)) == 1


def test_a_wall_that_changes_colour_is_uneven_and_one_as_true_as_it_is_is_not() -> None:
    lightness = _street()
    truth = np.random.default_rng(1).normal(10, 2, (2, *lightness.shape)).astype(np.float32)
    washed = truth + np.linspace(-20, 20, lightness.shape[1], dtype=np.float32)
    assert [one.ratio for one in unevenness(truth, truth, lightness)] == [1, 1]
    for region in unevenness(washed, truth, lightness):
        assert region.spread_truth == pytest.approx(np.hypot(2, 2), rel=0.1)
        assert region.spread > 3
        assert region.ratio > 2
    grey = unevenness(np.zeros_like(truth), truth, lightness)
    assert [one.ratio for one in grey] == [0, 0]


def test_a_surface_that_is_truly_of_one_colour_does_not_divide_by_zero() -> None:
    lightness = np.full((56, 80), 60, np.float32)
    truth = np.full((2, 56, 80), 5, np.float32)
    washed = truth + np.linspace(0, 1, 80, dtype=np.float32)
    (region,) = unevenness(washed, truth, lightness)
    assert region.share > 0.9
    assert region.ratio == pytest.approx(spread(washed) / 0.5, rel=0.1)


def test_spread_is_the_deviation_of_both_channels_together() -> None:
    assert spread(np.array([[1, -1], [3, 3]], np.float32)) == 1
    assert spread(np.array([[3, -3], [4, -4]], np.float32)) == 5


def test_sizes_that_do_not_fit_are_told() -> None:
    with pytest.raises(ValueError, match=r"\(2, 4, 4\).*\(5, 5\) do not fit"):
        unevenness(np.zeros((2, 4, 4)), np.zeros((2, 4, 4)), np.zeros((5, 5)))


def _street() -> Floats:
    """A wall to the left that darkens slowly, a sky above, foliage to the right."""
    lightness = np.random.default_rng(0).uniform(10, 60, (56, 80)).astype(np.float32)
    lightness[:24] = 95
    lightness[24:, :44] = np.linspace(70, 40, 44, dtype=np.float32)
    return lightness
