import numpy as np
import numpy.typing as npt

from pipeline.colorize.ab_filter import filter_ab

Floats = npt.NDArray[np.float32]


def test_a_patch_on_a_flat_wall_fades() -> None:
    ab = _ab(10, 5)
    ab[:, 28:33, 40:45] = np.array([45, 40], np.float32)[:, None, None]
    found = filter_ab(ab, np.full((224, 400), 70, np.float32))
    assert np.abs(found[:, 30, 42] - (10, 5)).max() < 8
    np.testing.assert_allclose(found[:, 5, 5], (10, 5), atol=0.1)


def test_colours_stay_apart_at_an_edge_of_luma() -> None:
    lightness = np.full((224, 400), 50, np.float32)
    lightness[:, 200:] = 90
    ab = _ab(-30, 30)
    ab[:, :, 50:] = np.array([5, -40], np.float32)[:, None, None]
    found = filter_ab(ab, lightness)
    np.testing.assert_allclose(found[:, 28, 44], (-30, 30), atol=8)
    np.testing.assert_allclose(found[:, 28, 55], (5, -40), atol=8)


def test_shadows_keep_a_little_colour_and_light_keeps_all() -> None:
    ab = _ab(20, 20)
    black, dark, light = (filter_ab(ab, np.full((224, 400), level, np.float32)) for level in (0, 20, 60))
    np.testing.assert_allclose(black, 6, atol=0.01)
    np.testing.assert_allclose(light, 20, atol=0.01)
    assert 6 < dark.mean() < 20


def _ab(a: float, b: float) -> Floats:
    return np.ones((2, 56, 100), np.float32) * np.array([a, b], np.float32)[:, None, None]
