import numpy as np
import numpy.typing as npt
import pytest

from pipeline.colorize.vividness import bring_out

Floats = npt.NDArray[np.float32]


def _factors(agreements: list[float], *, vividness: float, everywhere: bool = False) -> Floats:
    """By how much a colour of chroma 10 is brought out, by the agreement of those that it is a mean of."""
    colors = np.zeros((1, 3, 1, len(agreements)), np.float32)
    colors[0, 0], colors[0, 1] = 6, -8
    colors[0, 2] = 10 / np.array(agreements)
    found = bring_out(colors, vividness=vividness, everywhere=everywhere)
    np.testing.assert_allclose(found[0, 0] * -8, found[0, 1] * 6, rtol=1e-5)
    assert found.dtype == np.float32
    return np.asarray(found[0, 0, 0] / 6, np.float32)


def test_colours_that_agree_stay_as_they_are() -> None:
    np.testing.assert_allclose(_factors([1, 0.99], vividness=1.94), [1, 1.02], atol=0.01)


def test_the_less_colours_agree_the_more_their_mean_is_brought_out() -> None:
    np.testing.assert_allclose(_factors([0.75], vividness=1.94), 1.94, rtol=1e-5)
    assert (np.diff(_factors([1, 0.9, 0.8, 0.72], vividness=1.94)) > 0.1).all()


def test_no_colour_is_brought_out_boldly() -> None:
    """A factor of 3 made bold stains of the suits and shirts of old photographs."""
    assert _factors(list(np.linspace(0.01, 1, 200)), vividness=1.94).max() < 2.3


def test_a_hue_that_nothing_speaks_for_stays_pale() -> None:
    found = _factors([0.6, 0.5, 0.4, 0.35, 0.01], vividness=1.94)
    assert (np.diff(found) <= 0).all()
    assert found[-1] == pytest.approx(1.94**0.3)


def test_a_colour_without_chroma_stays_grey() -> None:
    grey = np.zeros((1, 3, 2, 2), np.float32)
    assert not bring_out(grey, vividness=1.94, everywhere=False).any()


@pytest.mark.parametrize("vividness", [0.5, 1.0, 2.0])
def test_everywhere_is_one_factor(vividness: float) -> None:
    found = _factors([1, 0.7, 0.1], vividness=vividness, everywhere=True)
    np.testing.assert_allclose(found, vividness, rtol=1e-6)


def test_a_vividness_of_1_changes_nothing() -> None:
    np.testing.assert_allclose(_factors([1, 0.7, 0.1], vividness=1), 1, rtol=1e-6)
