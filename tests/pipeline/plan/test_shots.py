"""Which cuts `ShotFinder` finds, and what old film does that is no cut."""

from collections.abc import Iterable
from dataclasses import asdict

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.plan.shots import ShotFinder, ShotSettings, small_luma

Small = npt.NDArray[np.uint8]
Film = npt.NDArray[np.float32]
"""(N, h, w) luma, 0 to 255, not yet rounded."""


def _scene(seed: int, frame_count: int, *, shift_px: int = 0) -> Film:
    """Blobs around mid grey, the same for the same seed, that drift by a pixel every second frame."""
    rng = np.random.default_rng(seed)
    wide = cv2.GaussianBlur(rng.normal(0.0, 1.0, (48, 160)), (0, 0), 6.0)
    wide = 120.0 + 45.0 * (wide - wide.mean()) / wide.std()
    starts = [20 + shift_px + number // 2 for number in range(frame_count)]
    return np.stack([wide[:, start : start + 64] for start in starts]).astype(np.float32)


def _starts(film: Film, shot_settings: ShotSettings | None = None) -> list[int]:
    finder = ShotFinder(shot_settings or ShotSettings())
    for picture in np.clip(np.rint(film), 0, 255).astype(np.uint8):
        finder.push(picture)
    shots = finder.finish()
    assert [shot.index for shot in shots] == list(range(len(shots)))
    assert [shot.end for shot in shots] == [*(shot.start for shot in shots[1:]), len(film)]
    return [shot.start for shot in shots]


def _join(*films: Film) -> Film:
    return np.concatenate(films)


def test_cuts_are_found_to_the_frame() -> None:
    assert _starts(_join(_scene(1, 20), _scene(2, 15), _scene(3, 21))) == [0, 20, 35]


def test_a_cut_between_two_dark_shots_is_found() -> None:
    film = _join(_scene(1, 20), _scene(2, 20))
    assert _starts(20.0 + (film - 120.0) * 0.12) == [0, 20]


def test_a_cut_between_bright_and_dark_is_found() -> None:
    assert _starts(_join(_scene(1, 20) + 60.0, _scene(2, 20) * 0.2)) == [0, 20]


@pytest.mark.parametrize("frame_count", [1, 2])
@pytest.mark.parametrize("step", [60.0, -60.0, 255.0])
def test_an_exposure_pulse_is_no_cut(frame_count: int, step: float) -> None:
    film = _scene(1, 40)
    film[18 : 18 + frame_count] += step
    assert _starts(film) == [0]


def test_a_step_of_exposure_is_no_cut() -> None:
    film = _scene(1, 40)
    film[20:] = film[20:] * 0.6 + 50.0
    assert _starts(film) == [0]


def test_flash_frames_of_another_picture_are_no_cut() -> None:
    film = _scene(1, 60)
    film[20] = _scene(2, 1)[0]
    film[40:42] = _scene(3, 2)
    assert _starts(film) == [0]


def test_flicker_grain_weave_dust_and_scratches_are_no_cuts_and_hide_none() -> None:
    rng = np.random.default_rng(5)
    film = _join(_scene(1, 30), _scene(2, 30))
    for picture in film:
        picture *= rng.uniform(0.75, 1.25)
        picture += rng.normal(0.0, 5.0, picture.shape)
        picture[:] = np.roll(picture, rng.integers(-1, 2), axis=0)
        picture[:, rng.integers(64)] = rng.choice([0.0, 255.0])
        top, left = rng.integers(40), rng.integers(56)
        picture[top : top + 8, left : left + 8] = rng.choice([0.0, 255.0])
    assert _starts(film) == [0, 30]


def test_a_splice_within_a_shot_is_no_cut() -> None:
    film = _join(_scene(1, 40)[:20], _scene(1, 40, shift_px=2)[26:])
    film[20, :6] = 255.0
    assert _starts(film) == [0]


def test_fades_are_no_cuts() -> None:
    film = _scene(1, 70)
    film *= np.abs(np.linspace(-1.0, 1.0, 70, dtype=np.float32))[:, None, None]
    assert _starts(film) == [0]


def test_from_fade_to_fade_cuts_lie_in_the_black_only() -> None:
    fade = np.concatenate([np.ones(20), np.linspace(1.0, 0.0, 20)]).astype(np.float32)[:, None, None]
    black = np.zeros((10, 48, 64), np.float32)
    starts = _starts(_join(_scene(1, 40) * fade, black, _scene(2, 40) * fade[::-1]))
    assert 2 <= len(starts) <= 3
    assert all(38 <= start <= 52 for start in starts[1:])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("black_frames", [0, 1, 12])
def test_after_a_fade_to_black_a_shot_begins_with_its_first_picture(seed: int, black_frames: int) -> None:
    fade = np.linspace(1.0, 0.0, 16).astype(np.float32)[:, None, None]
    black = np.zeros((black_frames, 48, 64), np.float32)
    film = _join(_scene(seed, 16) * fade, black, _scene(seed + 100, 20), _scene(seed + 200, 20))
    assert _starts(film) == [0, 16 + black_frames, 36 + black_frames]


def test_black_at_the_beginning_and_in_the_midst_of_a_scene_changes_nothing_else() -> None:
    black = np.zeros((10, 48, 64), np.float32)
    scene = _scene(1, 40)
    assert _starts(_join(black, scene)) == [0, 10]
    assert _starts(_join(scene[:20], black, scene[20:])) == [0]


def test_a_dissolve_is_not_many_cuts() -> None:
    mix = np.linspace(0.0, 1.0, 16, dtype=np.float32)[:, None, None]
    dissolve = _scene(1, 36)[20:] * (1.0 - mix) + _scene(2, 16) * mix
    assert _starts(_join(_scene(1, 20), dissolve, _scene(2, 36)[16:])) == [0]


def test_black_with_noise_has_no_cuts() -> None:
    film = np.random.default_rng(3).normal(16.0, 1.5, (60, 48, 64)).astype(np.float32)
    assert _starts(film) == [0]


def test_a_shot_shorter_than_the_least_length_is_not_cut_off() -> None:
    film = _join(_scene(1, 20), _scene(2, 6), _scene(3, 20), _scene(4, 5))
    assert _starts(film) == [0, 20]
    assert _starts(film, ShotSettings(min_shot_frames=4)) == [0, 20, 26, 46]


def test_a_higher_threshold_and_a_higher_ratio_find_fewer_cuts() -> None:
    film = _join(_scene(1, 20), 0.6 * _scene(1, 20) + 0.4 * _scene(2, 20))
    assert _starts(film, ShotSettings(threshold=8.0)) == [0, 20]
    assert _starts(film, ShotSettings(threshold=40.0)) == [0]
    assert _starts(film, ShotSettings(threshold=8.0, ratio=250.0)) == [0]


@pytest.mark.parametrize("frame_count", [1, 2, 3, 4, 5])
def test_the_shortest_films_are_one_shot(frame_count: int) -> None:
    assert _starts(_scene(1, frame_count)) == [0]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(8, 16), min_size=1, max_size=6))
def test_shots_are_the_scenes_whatever_their_lengths(lengths: list[int]) -> None:
    film = _join(*(_scene(seed, length) for seed, length in enumerate(lengths)))
    assert _starts(film) == [sum(lengths[:index]) for index in range(len(lengths))]


def test_a_finder_without_frames_or_with_a_change_of_size_says_so() -> None:
    with pytest.raises(ValueError, match="without frames"):
        ShotFinder(ShotSettings()).finish()
    finder = ShotFinder(ShotSettings())
    finder.push(np.zeros((48, 64), np.uint8))
    with pytest.raises(ValueError, match=r"frame 1: \(48, 63\)"):
        finder.push(np.zeros((48, 63), np.uint8))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("threshold", [0.0, -1.0, 46.0, float("nan")]),
        ("ratio", [0.5, float("nan"), float("inf")]),
        ("min_shot_frames", [0, -3]),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, values: Iterable[float]) -> None:
    for value in values:
        with pytest.raises(SettingsError, match=f"{name} {value}"):
            ShotSettings(**(asdict(ShotSettings()) | {name: value}))


@pytest.mark.parametrize(
    ("width", "height", "small"),
    [(64, 48, (48, 64)), (128, 99, (99, 128)), (129, 97, (48, 64)), (1921, 1080, (67, 120))],
)
@pytest.mark.parametrize(("depth", "dtype"), [(8, np.uint8), (10, np.uint16), (16, np.uint16)])
def test_small_luma_averages_squares_and_keeps_eight_bits(
    width: int, height: int, small: tuple[int, int], depth: int, dtype: type[np.uint8] | type[np.uint16]
) -> None:
    ramp = np.linspace(0.0, 255.0, width, dtype=np.float32)[None, :].repeat(height, axis=0)
    luma = np.rint(ramp * 2 ** (depth - 8)).astype(dtype)
    picture = small_luma(luma, depth=depth)
    assert picture.shape == small
    assert picture.dtype == np.uint8
    side = width // small[1]
    wanted = ramp[0, : small[1] * side].reshape(small[1], side).mean(axis=1)
    assert np.abs(picture - wanted).max() <= 1.5


def test_a_film_one_row_high_has_a_small_picture() -> None:
    assert small_luma(np.full((1, 500), 7, np.uint8), depth=8).tolist() == [[7] * 500]
