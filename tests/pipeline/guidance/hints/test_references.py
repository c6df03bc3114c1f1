"""A coloured still finds its frame in a shot and gives it its colours."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.color.colorimetry import lightness
from pipeline.errors import SettingsError
from pipeline.guidance.hints.references import (
    check_shape,
    find_frame,
    hints_from_still,
    luma_of_still,
    needs_reference,
    score,
)
from pipeline.guidance.hints.travel import TravelledHints

Rgb = npt.NDArray[np.uint8]
SHAPE = (112, 160)


def scene(seed: int, *, width: int = 400) -> Rgb:
    """A wide colour picture with structure of all sizes."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((SHAPE[0], width, 3), np.float32)
    for cell in (32, 16, 8, 4):
        coarse = rng.random((SHAPE[0] // cell + 1, width // cell + 1, 3)).astype(np.float32)
        picture += cv2.resize(coarse, (width, SHAPE[0]), interpolation=cv2.INTER_CUBIC) * cell
    return np.asarray((picture / picture.max() * 255).clip(0, 255), np.uint8)


def shot(seed: int, frames: int = 20) -> list[Rgb]:
    """The camera pans over the scene, 4 pixels a frame."""
    wide = scene(seed)
    return [np.ascontiguousarray(wide[:, 4 * n : 4 * n + SHAPE[1]]) for n in range(frames)]


def lightness_of(rgb: Rgb) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0], np.float32)


def true_ab(rgb: Rgb) -> npt.NDArray[np.float32]:
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 1:]
    small = cv2.resize(lab, (SHAPE[1] // 4, SHAPE[0] // 4), interpolation=cv2.INTER_AREA)
    return np.asarray(np.moveaxis(np.asarray(small), -1, 0), np.float32)


def graded(rgb: Rgb) -> Rgb:
    """Brighter, flatter and twice as large."""
    curve = (np.linspace(0, 1, 256) ** 0.7 * 200 + 30).astype(np.uint8)
    return np.asarray(cv2.resize(curve[rgb], None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR), np.uint8)


@pytest.mark.parametrize("number", [0, 7, 19])
def test_a_still_finds_its_frame_whatever_its_exposure(number: int) -> None:
    frames = shot(1)
    small = [luma_of_still(frame) for frame in frames]
    found = find_frame(luma_of_still(graded(frames[number])), small)
    assert found.number == number
    assert found.is_of_shot


def test_a_still_of_another_scene_is_known_as_one() -> None:
    small = [luma_of_still(frame) for frame in shot(1)]
    assert not find_frame(luma_of_still(graded(shot(2)[3])), small).is_of_shot
    assert not find_frame(np.full(SHAPE, 90, np.uint8), small).is_of_shot


def test_a_still_gives_its_frame_its_colours() -> None:
    frame = shot(1)[5]
    hints = hints_from_still(frame, lightness_of(frame))
    np.testing.assert_allclose(hints.ab, true_ab(frame), atol=0.5)
    assert hints.confidence.mean() > 0.95
    half = hints_from_still(frame, lightness_of(frame), weight=0.5)
    np.testing.assert_allclose(half.confidence, hints.confidence / 2, atol=1e-5)


@pytest.mark.parametrize(
    "shares",
    [(0.299, 0.587, 0.114), (0.2126, 0.7152, 0.0722), (0.05, 0.55, 0.4)],
    ids=["601", "709", "orthochromatic"],
)
def test_vivid_colours_count_whatever_grey_the_film_made_of_them(shares: tuple[float, ...]) -> None:
    """A red shirt is darker in luma than its L* says, a blue one much darker."""
    still = shot(1)[5]
    shirts = ((40, 60, (200, 20, 25)), (40, 110, (30, 40, 220)), (80, 85, (240, 220, 20)))
    for y, x, color in shirts:
        cv2.circle(still, (x, y), 18, color, -1)
    grey = lightness((still.astype(np.float32) / 255 @ np.array(shares)).astype(np.float32))
    hints = hints_from_still(still, grey)
    for y, x, _ in shirts:
        inside = np.s_[y // 4 - 2 : y // 4 + 3, x // 4 - 2 : x // 4 + 3]
        assert hints.confidence[inside].mean() > 0.8
        np.testing.assert_allclose(hints.ab[:, *inside], true_ab(still)[:, *inside], atol=6)


def test_a_still_that_lies_beside_its_frame_is_aligned() -> None:
    frames = shot(1)
    frame, beside = frames[5], frames[6]
    hints = hints_from_still(beside, lightness_of(frame))
    inside = np.s_[:, 3:-3, 3:-3]
    before = np.abs(true_ab(beside) - true_ab(frame))[inside].mean()
    after = np.abs(hints.ab - true_ab(frame))[inside].mean()
    assert after < 0.4 * before


def test_colours_do_not_count_where_the_still_shows_something_else() -> None:
    frame = shot(1)[5]
    painted = frame.copy()
    painted[30:80, 40:100] = scene(9)[30:80, 40:100]
    confidence = hints_from_still(painted, lightness_of(frame)).confidence
    inside = np.zeros(SHAPE, np.bool_)
    inside[30:80, 40:100] = True
    inside = inside[::4, ::4]
    assert confidence[inside].mean() < 0.5
    assert confidence[~inside].mean() > 0.85


def test_a_still_of_another_shape_is_refused_with_one_line() -> None:
    still = np.zeros((90, 160, 3), np.uint8)
    check_shape(still, (1920, 1080), name="a.png")
    check_shape(np.zeros((576, 720, 3), np.uint8), (720, 576), sample_aspect=64 / 45, name="a.png")
    with pytest.raises(SettingsError, match=r"reference stills/a\.png: 160x90 .*640x480") as caught:
        check_shape(still, (640, 480), name="stills/a.png")
    assert "\n" not in str(caught.value)


def test_a_shot_whose_colours_lie_apart_needs_another_reference() -> None:
    none = np.zeros((2, 8, 8), np.float32)

    def shot_of(spread: float, confidence: float = 1) -> list[TravelledHints]:
        planes = [np.full((8, 8), value, np.float32) for value in (confidence, spread)]
        return [TravelledHints(none, *planes)] * 3

    scores = [score(shot_of(spread)) for spread in (0, 1, 4, 9)]
    assert scores[0] == 1
    assert scores == sorted(scores, reverse=True)
    assert not needs_reference(scores[1])
    assert needs_reference(scores[2])
    assert needs_reference(score(shot_of(0, confidence=0.1)))
    assert needs_reference(score([]))
