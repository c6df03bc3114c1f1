"""Colour arithmetic against formulas written out a second time, in double precision."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.color.colorimetry import (
    ab_to_chroma,
    chroma_to_plane,
    fit_gamut,
    lightness,
    luma_coefficients,
    luma_to_unit,
    resolve_color,
    unit_to_luma,
)
from pipeline.errors import SettingsError
from pipeline.media import Chroma
from tests.films import film_info

MATRICES = ("bt709", "smpte170m", "bt470bg", "fcc", "smpte240m", "bt2020nc")


@pytest.mark.parametrize(
    ("height", "chroma", "matrix", "expected"),
    [
        (576, "420", "unspecified", ("smpte170m", "smpte170m", "smpte170m", "left")),
        (577, "420", "unspecified", ("bt709", "bt709", "bt709", "left")),
        (480, "gray", "unspecified", ("smpte170m", "smpte170m", "smpte170m", "left")),
        (480, "420", "bt709", ("bt709", "bt709", "bt709", "left")),
        (1080, "420", "bt470bg", ("bt470bg", "bt470bg", "smpte170m", "left")),
        (480, "rgb", "gbr", ("bt709", "bt709", "bt709", "left")),
        (2160, "420", "bt2020nc", ("bt2020nc", "bt2020", "bt2020-10", "topleft")),
    ],
)
def test_gaps_in_the_tags_are_filled(
    height: int, chroma: Chroma, matrix: str, expected: tuple[str, str, str, str]
) -> None:
    color = resolve_color(film_info(64, height, chroma=chroma, matrix=matrix, range="full"))
    assert (color.matrix, color.primaries, color.transfer, color.chroma_site) == expected
    assert color.range == "full"


def test_tags_that_are_there_stay() -> None:
    assert resolve_color(film_info(chroma_site="center")).chroma_site == "center"
    assert resolve_color(film_info(codec="mpeg1video")).chroma_site == "center"


def test_a_matrix_without_coefficients_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"'ictcp'.*bt709"):
        luma_coefficients("ictcp")


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("range", ["limited", "full"])
def test_luma_survives_the_way_to_unit_and_back(depth: int, range: Literal["limited", "full"]) -> None:
    black, white = (0, 2**depth - 1) if range == "full" else (16 << (depth - 8), 235 << (depth - 8))
    values = np.arange(black, white + 1)[None]
    plane = values.astype(np.uint8) if depth == 8 else values.astype(np.uint16)
    unit = luma_to_unit(plane, depth=depth, range=range)
    assert unit.dtype == np.float32
    assert unit[0, 0] == 0
    assert unit[0, -1] == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(unit_to_luma(unit, depth=depth, range=range), plane)


def test_beyond_white_and_black_is_clipped() -> None:
    unit = luma_to_unit(np.array([[0, 255]], np.uint8), depth=8, range="limited")
    assert unit.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("depth", "range", "expected"),
    [
        (8, "limited", [16, 128, 240]),
        (10, "limited", [64, 512, 960]),
        (8, "full", [1, 128, 255]),
        (16, "full", [1, 32768, 65535]),
    ],
)
def test_chroma_numbers_are_those_of_the_standard(
    depth: int, range: Literal["limited", "full"], expected: list[int]
) -> None:
    plane = chroma_to_plane(np.array([-0.5, 0, 0.5], np.float32), depth=depth, range=range)
    np.testing.assert_allclose(plane, expected, atol=1 if range == "full" else 0)


def test_lightness_of_black_middle_and_white() -> None:
    found = lightness(np.array([0, 0.5, 1], np.float32))
    np.testing.assert_allclose(found, [0, 53.389, 100], atol=0.01)


def _chroma_in_doubles(luma: float, a: float, b: float, kr: float, kb: float) -> tuple[float, float]:
    """Cb and Cr of a colour in sRGB's primaries, the textbook way."""
    light = luma / 12.92 if luma <= 0.04045 else ((luma + 0.055) / 1.055) ** 2.4
    fy = np.cbrt(light) if light > 216 / 24389 else (24389 / 27 * light + 16) / 116
    values = np.array([fy + a / 500, fy, fy - b / 200])
    xyz = np.where(values > 6 / 29, values**3, 3 * (6 / 29) ** 2 * (values - 4 / 29))
    xyz *= [0.950456, 1, 1.088754]
    linear = (
        np.array(
            [
                [3.240479, -1.53715, -0.498535],
                [-0.969256, 1.875991, 0.041556],
                [0.055648, -0.204043, 1.057311],
            ]
        )
        @ xyz
    )
    red, green, blue = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055
    )
    y = kr * red + (1 - kr - kb) * green + kb * blue
    return float((blue - y) / 2 / (1 - kb)), float((red - y) / 2 / (1 - kr))


@given(st.floats(0.4, 0.7), st.floats(-14, 14), st.floats(-14, 14), st.sampled_from(["bt709", "smpte170m"]))
def test_a_flat_patch_gets_its_colour_within_one_code_value(
    luma: float, a: float, b: float, matrix: str
) -> None:
    kr, kb = luma_coefficients(matrix)
    patch = np.full((1, 2, 3), luma, np.float32)
    ab = np.stack([np.full((2, 3), a), np.full((2, 3), b)])[None].astype(np.float32)
    found = ab_to_chroma(patch, ab, kr=kr, kb=kb)
    for plane, expected in zip(found, _chroma_in_doubles(luma, a, b, kr, kb), strict=True):
        assert plane.shape == (1, 2, 3)
        np.testing.assert_allclose(plane * 224, expected * 224, atol=0.5)


@pytest.mark.parametrize("primaries", ["bt709", "smpte170m", "bt470bg", "bt2020", "smpte432", "film"])
def test_grey_stays_grey_in_all_primaries(primaries: str) -> None:
    luma = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 8, 8)
    found = ab_to_chroma(luma, np.zeros((1, 2, 8, 8), np.float32), kr=0.2126, kb=0.0722, primaries=primaries)
    assert np.abs(found).max() < 1e-4


def test_a_colour_looks_paler_in_numbers_of_wide_primaries() -> None:
    luma, ab = np.full((1, 1, 1), 0.5, np.float32), np.array([40, 30], np.float32).reshape(1, 2, 1, 1)
    narrow, wide = (
        ab_to_chroma(luma, ab, kr=0.2627, kb=0.0593, primaries=name)[1].item() for name in ("bt709", "bt2020")
    )
    assert 0 < wide < 0.9 * narrow


def _rgb(
    luma: npt.NDArray[np.float32], cb: npt.NDArray[np.float32], cr: npt.NDArray[np.float32], matrix: str
) -> npt.NDArray[np.float32]:
    kr, kb = luma_coefficients(matrix)
    red, blue = luma + 2 * (1 - kr) * cr, luma + 2 * (1 - kb) * cb
    return np.stack([red, (luma - kr * red - kb * blue) / (1 - kr - kb), blue])


@pytest.mark.parametrize("matrix", MATRICES)
def test_the_gamut_is_never_left_and_hue_is_kept(matrix: str) -> None:
    rng = np.random.default_rng(3)
    luma = rng.random((4, 16, 16), dtype=np.float32)
    ab = rng.uniform(-100, 100, (4, 2, 16, 16)).astype(np.float32)
    kr, kb = luma_coefficients(matrix)
    rgb = _rgb(luma, *ab_to_chroma(luma, ab, kr=kr, kb=kb), matrix)
    assert rgb.min() >= -1e-5
    assert rgb.max() <= 1 + 1e-5

    cb, cr = (rng.uniform(-0.5, 0.5, (16, 16)).astype(np.float32) for _ in range(2))
    before = cb.copy(), cr.copy()
    dark, bright = np.minimum(luma[0], luma[1]), np.maximum(luma[0], luma[1])
    fit_gamut(cb, cr, darkest=dark, brightest=bright, kr=kr, kb=kb)
    both = np.stack([_rgb(dark, cb, cr, matrix), _rgb(bright, cb, cr, matrix)])
    assert both.min() >= -1e-5
    assert both.max() <= 1 + 1e-5
    np.testing.assert_allclose(cb * before[1], cr * before[0], atol=1e-6)


def test_colours_inside_the_gamut_are_left_alone() -> None:
    cb, cr = np.full((4, 4), 0.1, np.float32), np.full((4, 4), -0.05, np.float32)
    middle = np.full((4, 4), 0.5, np.float32)
    fit_gamut(cb, cr, darkest=middle, brightest=middle, kr=0.2126, kb=0.0722)
    np.testing.assert_allclose(cb, 0.1, atol=1e-7)
    np.testing.assert_allclose(cr, -0.05, atol=1e-7)
