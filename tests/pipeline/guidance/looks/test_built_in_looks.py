"""Each built-in look does to colours what its process did."""

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.color.colorimetry import Floats, fit_ab, lightness
from pipeline.color.lab import lab_from_srgb
from pipeline.guidance.looks.built_in_looks import BUILT_IN

SKIN, SKY, LAWN, BRICK, LEMON, VIOLET = (
    (225, 180, 150),
    (135, 206, 235),
    (90, 130, 50),
    (178, 60, 50),
    (250, 240, 60),
    (110, 60, 160),
)


def _seen(
    name: str, *colors: tuple[int, int, int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Chroma and hue in degrees (0..360) of sRGB colours in a look, as they are shown."""
    lab = lab_from_srgb(np.array([colors], np.float32) / np.float32(255))
    luma = _luma(lab[..., 0])
    ab = fit_ab(luma, BUILT_IN[name](lab[..., 0], np.moveaxis(lab[..., 1:], -1, 0)))
    return np.hypot(*ab)[0], np.degrees(np.arctan2(ab[1], ab[0]))[0] % 360


def _luma(l_star: Floats) -> Floats:
    steps = np.linspace(0, 1, 4096, dtype=np.float32)
    return np.interp(l_star, lightness(steps), steps).astype(np.float32)


def _all_colors() -> tuple[Floats, Floats]:
    """L (h, w) and ab (2, h, w) of an evenly filled RGB cube."""
    steps = np.linspace(0, 1, 14, dtype=np.float32)
    lab = lab_from_srgb(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(14, -1, 3))
    return lab[..., 0], np.moveaxis(lab[..., 1:], -1, 0)


def test_two_strip_has_red_orange_and_blue_green_and_nothing_else() -> None:
    a, b = BUILT_IN["two-strip"](*_all_colors())
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    colored = chroma > 0.5
    assert colored.mean() > 0.5
    assert (np.minimum(np.abs(hue - 42), np.abs(hue - 200))[colored] < 0.5).all()
    assert {round(float(h)) for h in hue[chroma > 20]} == {42, 200}


def test_two_strip_shows_flesh_and_teal_skies_and_loses_yellow() -> None:
    chroma, hue = _seen("two-strip", SKIN, BRICK, SKY, LAWN, LEMON)
    assert np.round(hue[:4]).tolist() == [42, 42, 200, 200]
    assert chroma[0] > 15
    assert chroma[1] > 35
    assert chroma[2] > 20
    assert chroma[4] < 15


def test_three_strip_is_more_colorful_and_keeps_greys() -> None:
    colors = (SKIN, SKY, LAWN, BRICK, LEMON, VIOLET)
    lab = lab_from_srgb(np.array(colors, np.float32) / np.float32(255))
    chroma, hue = _seen("three-strip", *colors)
    assert (chroma[:4] > 1.05 * np.hypot(lab[:4, 1], lab[:4, 2])).all()
    turned = (hue - np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) + 180) % 360 - 180
    assert np.abs(turned).max() < 25
    assert _seen("three-strip", (128, 128, 128), (30, 30, 30))[0].max() < 0.1


@pytest.mark.parametrize(("name", "least"), [("hand-tinting", 6), ("stencil", 3)])
def test_washes_are_few_flat_dyes_and_leave_weak_colors_grey(name: str, least: float) -> None:
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    strong = 40 * np.stack([np.cos(angles), np.sin(angles)]).reshape(2, 1, -1)
    middle = np.full((1, 720), 60, np.float32)
    a, b = BUILT_IN[name](middle, strong.astype(np.float32))
    hue = np.degrees(np.arctan2(b, a)) % 360
    dyes = np.array([10, 55, 90, 140, 260, 315])
    near = np.abs(hue[..., None] - dyes).min(axis=-1)
    assert np.mean(near < 8) > 0.6
    np.testing.assert_array_equal(BUILT_IN[name](middle, (strong / 40 * (least - 0.1)).astype(np.float32)), 0)


@pytest.mark.parametrize(
    ("name", "hues"),
    [
        ("sepia", (50, 80)),
        ("cyanotype", (240, 280)),
        ("copper", (30, 65)),
        ("amber", (65, 80)),
        ("night", (260, 280)),
        ("green", (135, 150)),
        ("rose", (5, 25)),
        ("fire", (25, 40)),
        ("lavender", (300, 320)),
    ],
)
def test_tints_and_tones_have_one_hue_whatever_was_predicted(name: str, hues: tuple[int, int]) -> None:
    greys = tuple((v, v, v) for v in range(40, 226, 20))
    chroma, hue = _seen(name, *greys)
    assert (hues[0] <= hue).all()
    assert (hue <= hues[1]).all()
    assert chroma.max() > 15
    l_star = np.full((1, 2), 50, np.float32)
    one, other = (BUILT_IN[name](l_star, np.full((2, 1, 2), ab, np.float32)) for ab in (-40, 30))
    np.testing.assert_array_equal(one, other)


def test_toning_colors_the_darks_and_tinting_the_lights() -> None:
    dark, light = (60, 60, 60), (215, 215, 215)
    for name in ("sepia", "cyanotype", "copper"):
        chroma = _seen(name, dark, light)[0]
        assert chroma[0] > chroma[1], name
    for name in ("amber", "green", "rose"):
        chroma = _seen(name, dark, light)[0]
        assert chroma[0] < chroma[1], name
    assert _seen("dusk", dark, light)[1] == pytest.approx([275, 5], abs=25)


@pytest.mark.parametrize("name", BUILT_IN)
def test_small_changes_over_time_stay_small(name: str) -> None:
    l_star, ab = _all_colors()
    for a, b in ((0.5, 0), (0, 0.5)):
        moved = BUILT_IN[name](l_star, ab + np.array([a, b], np.float32)[:, None, None])
        off = np.hypot(*(moved - BUILT_IN[name](l_star, ab)))
        assert np.percentile(off, 95) < 2.5


def test_silver_greys_and_neutral_has_no_color() -> None:
    given = np.hypot(*lab_from_srgb(np.array(BRICK, np.float32) / np.float32(255))[1:])
    assert 0.3 * given < _seen("bleach bypass", BRICK)[0][0] < 0.6 * given
    assert _seen("neutral", BRICK, SKY)[0].max() == 0
