import numpy as np
import numpy.typing as npt

from pipeline.colorize.ab_filter import even_surfaces, filter_ab

Floats = npt.NDArray[np.float32]


def test_a_patch_on_a_flat_wall_fades() -> None:
    ab = _ab(10, 5)
    ab[:, 28:33, 40:45] = np.array([45, 40], np.float32)[:, None, None]
    found = _filtered(ab, np.full((224, 400), 70, np.float32))
    assert np.abs(found[:, 30, 42] - (10, 5)).max() < 2
    np.testing.assert_allclose(found[:, 5, 5], (10, 5), atol=0.5)


def test_a_wash_over_a_wall_becomes_one_colour_however_wide_the_wall_is() -> None:
    """Also where its light falls off."""
    ab = _ab(10, 5)
    ab += np.linspace(-20, 20, 100, dtype=np.float32)
    for lightness in (np.full((224, 400), 70, np.float32), _across(90, 45)):
        assert _filtered(ab, lightness)[0].std() < ab[0].std() / 3


def test_surfaces_keep_their_mean() -> None:
    ab = np.random.default_rng(0).normal(0, 20, (3, 2, 56, 100)).astype(np.float32)
    guide = np.random.default_rng(1).uniform(0, 100, (3, 56, 100)).astype(np.float32)
    np.testing.assert_allclose(even_surfaces(ab, guide).mean((2, 3)), ab.mean((2, 3)), atol=1e-2)


def test_colours_stay_apart_at_an_edge_of_luma() -> None:
    lightness = np.full((224, 400), 50, np.float32)
    lightness[:, 200:] = 60
    ab = _ab(-30, 30)
    ab[:, :, 50:] = np.array([5, -40], np.float32)[:, None, None]
    found = _filtered(ab, lightness)
    for near, far, color in ((49, 10, (-30, 30)), (50, 90, (5, -40))):
        np.testing.assert_allclose(found[:, 28, near], color, atol=1)
        np.testing.assert_allclose(found[:, 28, far], color, atol=1)


def test_texture_keeps_its_colours() -> None:
    ab = np.random.default_rng(0).normal(0, 20, (2, 56, 100)).astype(np.float32)
    texture = np.random.default_rng(1).choice([45.0, 60, 75, 90], (56, 100)).astype(np.float32)
    texture[::2] += 7
    found = _filtered(ab, texture.repeat(4, axis=0).repeat(4, axis=1))
    assert np.corrcoef(found.ravel(), ab.ravel())[0, 1] > 0.8


def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    ab = np.random.default_rng(0).normal(0, 20, (3, 2, 56, 100)).astype(np.float32)
    lightness = np.random.default_rng(1).uniform(40, 50, (3, 224, 400)).astype(np.float32)
    together = filter_ab(ab, lightness)
    for number in range(3):
        np.testing.assert_array_equal(together[number], _filtered(ab[number], lightness[number]))


def test_shadows_keep_a_little_colour_and_light_keeps_all() -> None:
    ab = _ab(20, 20)
    black, dark, light = (_filtered(ab, np.full((224, 400), level, np.float32)) for level in (0, 20, 60))
    np.testing.assert_allclose(black, 10, atol=0.01)
    np.testing.assert_allclose(light, 20, atol=0.01)
    assert 12 < dark.mean() < 19


def _filtered(ab: Floats, lightness: Floats) -> Floats:
    """Of a single picture."""
    (found,) = filter_ab(ab[np.newaxis], lightness[np.newaxis])
    return np.asarray(found, np.float32)


def _across(left: float, right: float) -> Floats:
    return np.tile(np.linspace(left, right, 400, dtype=np.float32), (224, 1))


def _ab(a: float, b: float) -> Floats:
    return np.ones((2, 56, 100), np.float32) * np.array([a, b], np.float32)[:, None, None]
