import numpy as np
import pytest

from jobs.review.drift import Drift
from pipeline.color.colorimetry import Floats


def drift(frames: list[tuple[Floats, Floats]]) -> float | None:
    meter = Drift()
    for luma, chroma in frames:
        meter.push(luma, chroma)
    return meter.value()


def frame(cb: float, *, light: float = 0.5) -> tuple[Floats, Floats]:
    """Half of the picture at luma `light` with this Cb, half black without colour."""
    luma = np.zeros((16, 16), np.float32)
    luma[:, 8:] = light
    chroma = np.zeros((2, 16, 16), np.float32)
    chroma[0, :, 8:] = cb
    return luma, chroma


def test_colour_that_wanders_by_ten_steps_in_half_of_the_picture_drifts_by_five() -> None:
    frames = [frame(number // 4 * 10 / 255 / 3) for number in range(16)]
    assert drift(frames) == pytest.approx(5, abs=1e-3)


def test_light_that_changes_is_no_drift_and_neither_is_colour_that_comes_back() -> None:
    assert drift([frame(0.1, light=0.3 if number < 8 else 0.9) for number in range(16)]) == pytest.approx(0)
    assert drift([frame(0.1 if 4 <= number < 12 else 0) for number in range(16)]) == pytest.approx(0)


def test_a_short_shot_has_none() -> None:
    assert drift([frame(0.1)] * 7) is None
