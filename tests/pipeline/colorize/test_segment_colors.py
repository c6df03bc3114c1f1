import numpy as np
import pytest

from pipeline.colorize.segment_colors import own_colors
from pipeline.media import Frame
from tests.films import film_info


def test_a_proxy_shows_the_own_colour() -> None:
    film = film_info(64, 48, chroma="420", matrix="bt709")
    luma = np.full((48, 64), 126, np.uint8)
    chroma = np.full((24, 32), 128 + 56, np.uint8), np.full((24, 32), 128 - 28, np.uint8)
    small = own_colors(Frame(pts=0, luma=luma, chroma=chroma), film=film, height=12, width=16)
    assert small.luma.shape == small.cb.shape == (12, 16)
    assert small.luma.mean() == pytest.approx(110 / 219, abs=1e-4)
    assert small.cb.mean() == pytest.approx(0.25, abs=1e-4)
    assert small.cr.mean() == pytest.approx(-0.125, abs=1e-4)
    assert not own_colors(Frame(pts=0, luma=luma), film=film, height=12, width=16).cb.any()
