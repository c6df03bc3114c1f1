"""A film's own colours as Lab and back: by the definitions, and the same again."""

import cv2
import numpy as np
import pytest

from pipeline.color.chroma_lab import chroma_to_lab, lab_to_chroma
from pipeline.color.colorimetry import ab_to_chroma, luma_coefficients
from pipeline.media import ColorDescription

Floats = np.ndarray
COLORS = {
    "bt709": ColorDescription(matrix="bt709", primaries="bt709", transfer="bt709"),
    "601": ColorDescription(matrix="smpte170m", primaries="smpte170m", transfer="smpte170m"),
    "pq": ColorDescription(matrix="bt2020nc", primaries="bt2020", transfer="smpte2084"),
    "hlg": ColorDescription(matrix="bt2020nc", primaries="bt2020", transfer="arib-std-b67"),
}


def _chroma(rgb: Floats, color: ColorDescription) -> tuple[Floats, Floats, Floats]:
    kr, kb = luma_coefficients(color.matrix)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    return (
        luma.astype(np.float32),
        ((blue - luma) * (0.5 / (1 - kb))).astype(np.float32),
        ((red - luma) * (0.5 / (1 - kr))).astype(np.float32),
    )


@pytest.mark.parametrize("color", COLORS.values(), ids=COLORS)
def test_colours_come_back_as_they_went_in(color: ColorDescription) -> None:
    rgb = np.random.default_rng(1).uniform(0.02, 0.9, (40, 50, 3)).astype(np.float32)
    luma, cb, cr = _chroma(rgb, color)
    lab = chroma_to_lab(luma, cb, cr, color=color)
    again = lab_to_chroma(luma, lab, color=color)
    np.testing.assert_allclose(np.stack(again), np.stack((cb, cr)), atol=2e-3)


def test_lab_is_that_of_the_standard() -> None:
    rgb = np.random.default_rng(2).uniform(0, 1, (30, 30, 3)).astype(np.float32)
    rgb[0, :3] = np.eye(3)
    lab = chroma_to_lab(*_chroma(rgb, COLORS["bt709"]), color=COLORS["bt709"])
    standard = np.moveaxis(cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab), -1, 0)
    np.testing.assert_allclose(lab, standard, atol=0.5)  # OpenCV's cube root is a table


def test_a_deep_blue_keeps_its_chroma_where_a_lightness_from_luma_would_lose_it() -> None:
    luma, cb, cr = _chroma(np.full((2, 2, 3), (0.05, 0.05, 0.9), np.float32), COLORS["bt709"])
    lab = chroma_to_lab(luma, cb, cr, color=COLORS["bt709"])
    kr, kb = luma_coefficients("bt709")
    assert abs(float(lab_to_chroma(luma, lab, color=COLORS["bt709"])[0][0, 0]) - cb[0, 0]) < 2e-3
    assert float(ab_to_chroma(luma, lab[1:], kr=kr, kb=kb)[0][0, 0]) < 0.8 * cb[0, 0]


@pytest.mark.parametrize("color", COLORS.values(), ids=COLORS)
def test_no_chroma_is_no_chroma_and_none_leaves_the_gamut(color: ColorDescription) -> None:
    luma = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    zero = np.zeros_like(luma)
    lab = chroma_to_lab(luma, zero, zero, color=color)
    assert np.abs(lab[1:]).max() < 0.02
    assert np.abs(np.stack(lab_to_chroma(luma, lab, color=color))).max() < 2e-4
    lab[1:] = 120
    cb, cr = lab_to_chroma(luma, lab, color=color)
    kr, kb = luma_coefficients(color.matrix)
    red, blue = luma + 2 * (1 - kr) * cr, luma + 2 * (1 - kb) * cb
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    assert min(part.min() for part in (red, green, blue)) > -1e-3
    assert max(part.max() for part in (red, green, blue)) < 1 + 1e-3
