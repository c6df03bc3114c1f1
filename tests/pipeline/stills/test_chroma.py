import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.media import Plane
from pipeline.stills.chroma import luma_of_rgb, rgb_of_luma


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rounded_luma_of_rgb_is_the_source_for_every_pixel(dtype: type[np.uint8] | type[np.uint16]) -> None:
    rng = np.random.default_rng(1)
    peak = int(np.iinfo(dtype).max)
    luma: Plane = rng.integers(0, peak + 1, (600, 700)).astype(np.uint16)
    luma = luma.astype(np.uint8) if dtype is np.uint8 else luma
    luma[:2] = [[0], [peak]]
    luma[2:40] = rng.integers(0, 4, (38, 700))
    luma[40:80] = peak - rng.integers(0, 4, (40, 700))
    cb, cr = (rng.uniform(-0.5, 0.5, luma.shape).astype(np.float32) for _ in range(2))
    rgb = rgb_of_luma(luma, cb, cr)
    assert rgb.dtype == dtype
    exact = rgb.astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    assert np.array_equal(np.rint(exact), luma)
    assert np.abs(exact - luma).max() < 0.4
    assert np.array_equal(luma_of_rgb(rgb), luma)
    assert np.ptp(rgb.astype(np.int64), axis=-1).mean() > 0.1 * peak  # it is in colour


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 65535), st.floats(-0.5, 0.5, width=32), st.floats(-0.5, 0.5, width=32))
def test_luma_is_exact_at_16_bits(value: int, cb: float, cr: float) -> None:
    luma = np.full((1, 1), value, np.uint16)
    rgb = rgb_of_luma(luma, np.full((1, 1), cb, np.float32), np.full((1, 1), cr, np.float32))
    assert luma_of_rgb(rgb)[0, 0] == value
