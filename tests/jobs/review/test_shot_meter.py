"""Figures of shots, against hand-made colour and the definitions that `evaluate` uses."""

import cv2
import numpy as np
import pytest

from jobs.review.shot_figures import ShotFigures
from jobs.review.shot_meter import ShotMeter
from models.colorfulness import colorfulness
from models.metrics import cdc
from pipeline.color.colorimetry import Floats, chroma_to_rgb, fit_gamut, luma_coefficients, to_8bit
from pipeline.colorize.chroma_proxy import ProxyFrame

KR, KB = luma_coefficients("bt709")


def test_grey_has_no_colour_no_flicker_and_no_edge() -> None:
    figures = _measure([_frame(luma=0.5)] * 5)
    assert (figures.colorfulness, figures.flicker, figures.gamut_share, figures.cdc) == (0, 0, 0, 0)
    assert (figures.unevenness, figures.drift) == (0, None)


def test_flicker_is_the_change_of_chroma_where_luma_stands_still() -> None:
    """Cb goes up and down by 10 steps, Cr stays: 5 in the mean. Half of the picture moves and does not count."""
    frames = []
    for number in range(6):
        frame = _frame(luma=0.5, cb=0.1 + number % 2 * 10 / 255)
        frame.luma[:, :8] += number % 2 * np.float32(0.1)
        frame.cb[:, :8] = number % 2 * np.float32(0.3)
        frames.append(frame)
    assert _measure(frames).flicker == pytest.approx(5, abs=1e-3)


def test_gamut_share_counts_coloured_pixels_at_the_edge() -> None:
    """Luma 0.5 with Cb 0.3: blue = 0.5 + 1.8556 * 0.3 is above 1; with Cb 0.1 it is inside. White has no colour."""
    frame = _frame(luma=0.5, cb=0.1)
    frame.cb[:3] = 0.3
    frame.luma[3:6], frame.cb[3:6] = 1, 0
    assert _measure([frame]).gamut_share == pytest.approx(3 / 12)


def test_cdc_and_colourfulness_are_those_of_the_metrics() -> None:
    rng = np.random.default_rng(5)
    frames = [_noise(rng) for _ in range(9)]
    shown = []
    for frame in frames:
        cb, cr = frame.cb.copy(), frame.cr.copy()
        fit_gamut(cb, cr, darkest=frame.luma, brightest=frame.luma, kr=KR, kb=KB)
        shown.append(to_8bit(chroma_to_rgb(frame.luma, cb, cr, kr=KR, kb=KB)))
    figures = _measure(frames)
    assert figures.cdc == pytest.approx(cdc(shown), abs=1e-6)
    assert figures.colorfulness == pytest.approx(np.mean([colorfulness(rgb) for rgb in shown]), abs=1e-3)
    grey = [cv2.cvtColor(to_8bit(frame.luma), cv2.COLOR_GRAY2RGB).astype(np.uint8) for frame in frames]
    assert figures.cdc_grey == pytest.approx(cdc(grey), abs=1e-6)
    assert figures.cdc_grey > 0


def test_a_large_proxy_is_measured_small() -> None:
    big, small = (_measure([_frame(luma=0.4, cb=0.2, size=size)] * 3) for size in ((512, 768), (12, 16)))
    assert big.colorfulness == pytest.approx(small.colorfulness, rel=1e-3)


def test_a_flat_surface_of_two_colours_is_uneven() -> None:
    """Half of it is 10 steps of Cb away from the other half: the standard deviation is 5."""
    frame = _frame(luma=0.5, size=(64, 96))
    frame.cb[:, 48:] = 10 / 255
    assert _measure([frame]).unevenness == pytest.approx(5, abs=0.3)


def test_a_frame_tells_what_is_plotted_of_it() -> None:
    meter = ShotMeter(kr=KR, kb=KB)
    meter.push(_frame(luma=0.25, cb=0.1))
    told = meter.push(_frame(luma=0.25, cb=0.1 + 4 / 255))
    assert told == pytest.approx(((0.1 * 255 + 4) / 2, 2, 0.25), abs=1e-3)


def test_a_shot_without_frames_has_no_figures() -> None:
    with pytest.raises(ValueError, match="without frames"):
        _measure([])


def _measure(frames: list[ProxyFrame]) -> ShotFigures:
    meter = ShotMeter(kr=KR, kb=KB)
    for frame in frames:
        meter.push(frame)
    return meter.finish()


def _frame(*, luma: float, cb: float = 0.0, cr: float = 0.0, size: tuple[int, int] = (12, 16)) -> ProxyFrame:
    planes: list[Floats] = [np.full(size, value, np.float32) for value in (luma, cb, cr)]
    return ProxyFrame(luma=planes[0], cb=planes[1], cr=planes[2])


def _noise(rng: np.random.Generator) -> ProxyFrame:
    luma = rng.uniform(0.2, 0.8, (24, 32)).astype(np.float32)
    cb, cr = rng.uniform(-0.3, 0.3, (2, 24, 32)).astype(np.float32)
    return ProxyFrame(luma=luma, cb=cb, cr=cr)
