import numpy as np
import numpy.typing as npt
import pytest

from pipeline.colorize.vividness import bring_out

Floats = npt.NDArray[np.float32]


def _shown(hues: list[float], agreement: float, *, vividness: float = 1.94) -> tuple[Floats, Floats]:
    """Hues (degrees) and factors that colours of chroma 10 and these hues (degrees) come out with."""
    angles = np.radians(hues)
    colors = np.zeros((1, 3, 1, len(hues)), np.float32)
    colors[0, 0, 0], colors[0, 1, 0] = 10 * np.cos(angles), 10 * np.sin(angles)
    colors[0, 2] = 10 / agreement
    ab = bring_out(colors, vividness=vividness, everywhere=False)[0, :, 0]
    return np.degrees(np.arctan2(ab[1], ab[0])) % 360, np.hypot(*ab) / 10


def _factors(agreements: list[float], *, vividness: float, everywhere: bool = False) -> Floats:
    """By how much a warm colour of chroma 10 is brought out, by the agreement of those that it is a mean of."""
    colors = np.zeros((1, 3, 1, len(agreements)), np.float32)
    colors[0, 0], colors[0, 1] = 6, 8
    colors[0, 2] = 10 / np.array(agreements)
    found = bring_out(colors, vividness=vividness, everywhere=everywhere)
    assert found.dtype == np.float32
    return np.asarray(np.hypot(found[0, 0, 0], found[0, 1, 0]) / 10, np.float32)


def test_colours_that_agree_come_out_a_little_calmer() -> None:
    """The skin of held-out faces was more vivid than the truth."""
    np.testing.assert_allclose(_factors([1, 0.97], vividness=1.94), [0.92, 1.0], atol=0.01)


def test_the_less_colours_agree_the_more_their_mean_is_brought_out() -> None:
    np.testing.assert_allclose(_factors([0.8], vividness=1.94), 1.94, rtol=1e-5)
    assert (np.diff(_factors([1, 0.95, 0.88, 0.8, 0.76], vividness=1.94)) > 0.1).all()


def test_no_colour_is_brought_out_boldly() -> None:
    """A factor of 3 made bold stains of the suits and shirts of old photographs."""
    assert _factors(list(np.linspace(0.01, 1, 200)), vividness=1.94).max() < 2.5


def test_a_hue_that_little_speaks_for_is_brought_out_less() -> None:
    found = _factors([0.6, 0.5, 0.4, 0.35, 0.01], vividness=1.94)
    assert (np.diff(found) <= 1e-6).all()
    assert found[-1] == pytest.approx(1.94, rel=1e-5)


def test_a_cold_colour_that_little_speaks_for_turns_grey() -> None:
    """Pavements came out cyan, suits purple."""
    cold = [180.0, 195.0, 210.0, 270.0, 320.0]
    assert _shown(cold, 0.4)[1].max() < 0.01
    assert _shown([30.0, 70.0, 110.0], 0.4)[1].min() > 1.5


def test_a_sky_that_all_agree_on_stays_blue() -> None:
    hues, factors = _shown([250.0], 0.97)
    assert factors[0] == pytest.approx(1, abs=0.02)
    assert hues[0] == pytest.approx(250, abs=0.01)


def test_reds_and_greens_are_brought_out_less_than_skin_and_wood() -> None:
    """They made orange coats and yellow-green stones."""
    red, wood, green = _shown([0.0, 60.0, 135.0], 0.65)[1]
    assert wood == pytest.approx(1.94**1.35, rel=1e-3)
    assert green == pytest.approx(0.8 * wood, rel=1e-3)
    assert 0.5 * wood < red < 0.7 * wood


def test_hues_are_turned_a_little_and_none_passes_another() -> None:
    hues = list(np.linspace(0, 359, 360))
    shown = np.unwrap(np.radians(_shown(hues, 0.99)[0]))
    assert (np.diff(shown) > 0).all()
    assert np.abs(np.degrees(shown) - hues).max() < 25


def test_a_colour_without_chroma_stays_grey() -> None:
    grey = np.zeros((1, 3, 2, 2), np.float32)
    assert not bring_out(grey, vividness=1.94, everywhere=False).any()


@pytest.mark.parametrize("vividness", [0.5, 1.0, 2.0])
def test_everywhere_is_one_factor(vividness: float) -> None:
    colors = np.random.default_rng(0).normal(0, 20, (2, 3, 4, 5)).astype(np.float32)
    found = bring_out(colors, vividness=vividness, everywhere=True)
    np.testing.assert_allclose(found, colors[:, :2] * vividness, rtol=1e-6)


def test_without_vividness_a_warm_colour_is_as_pale_as_the_mean() -> None:
    np.testing.assert_allclose(_factors([0.88, 0.7, 0.1], vividness=1), 1, rtol=1e-5)
