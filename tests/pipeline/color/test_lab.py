"""sRGB to Lab and back: known colours, and the round trip."""

import numpy as np
import pytest

from pipeline.color.colorimetry import lightness
from pipeline.color.lab import lab_from_srgb, srgb_from_lab

KNOWN = {  # B. Lindbloom's calculator, D65
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (0, 0, 128): (12.9722, 47.5022, -64.7022),
    (255, 255, 255): (100, 0, 0),
    (0, 0, 0): (0, 0, 0),
}


@pytest.mark.parametrize(("rgb", "lab"), KNOWN.items())
def test_known_colors(rgb: tuple[int, ...], lab: tuple[float, ...]) -> None:
    found = lab_from_srgb(np.array(rgb, np.float32) / np.float32(255))
    np.testing.assert_allclose(found, lab, atol=0.03)


def test_there_and_back() -> None:
    rgb = np.random.default_rng(1).uniform(0, 1, (40, 50, 3)).astype(np.float32)
    back = srgb_from_lab(lab_from_srgb(rgb))
    assert back.shape == rgb.shape
    np.testing.assert_allclose(back, rgb, atol=2e-4)


def test_greys_have_the_lightness_of_a_film_s_luma() -> None:
    grey = np.linspace(0, 1, 101, dtype=np.float32)
    lab = lab_from_srgb(np.stack([grey] * 3, axis=-1))
    np.testing.assert_allclose(lab[:, 0], lightness(grey), atol=0.01)
    np.testing.assert_allclose(lab[:, 1:], 0, atol=0.01)
