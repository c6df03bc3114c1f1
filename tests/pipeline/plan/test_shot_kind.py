"""Shots are called grey, tinted or colour as an eye would call them, whatever noise lies in the chroma."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.media import FilmInfo, Shot, ShotKind
from pipeline.plan.plan import scan_film
from pipeline.plan.plan_file import read_plan, write_plan
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shot_kind import KindFinder
from pipeline.plan.shots import ShotSettings
from pipeline.source.probe import probe
from tests.color_films import Rgb, make_color_film, scene
from tests.films import film_info
from tests.media import make_film

_FRAMES = 24


def _kinds(
    frames: Sequence[Rgb], *, starts: Sequence[int] = (0,), noise: float = 0, seed: int = 0
) -> list[ShotKind]:
    """The kinds of shots of a full-range 4:4:4 film of these frames, with noise of so many steps in its chroma."""
    film: FilmInfo = film_info(160, 120, chroma="444", range="full", matrix="bt709")
    finder, rng = KindFinder(film), np.random.default_rng(seed)
    for rgb in frames:
        unit = rgb.astype(np.float32) / 255
        luma = unit @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        parts = (unit[..., 2] - luma) / 1.8556, (unit[..., 0] - luma) / 1.5748
        chroma = [_coded(part * 255 + 128 + _streaks(part.shape, noise, rng)) for part in parts]
        finder.push(cv2.resize(_coded(luma * 255), (80, 60)).astype(np.uint8), (chroma[0], chroma[1]))
    ends = [*starts[1:], len(frames)]
    shots = [Shot(index=i, start=a, end=b) for i, (a, b) in enumerate(zip(starts, ends, strict=True))]
    return [shot.kind for shot in finder.finish(shots)]


def _coded(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    coded: npt.NDArray[np.uint8] = np.rint(values).clip(0, 255).astype(np.uint8)
    return coded


def _streaks(shape: tuple[int, ...], steps: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Noise as a tape has it in its chroma: longer than it is high."""
    if not steps:
        return np.zeros(shape, np.float32)
    noise = cv2.GaussianBlur(rng.normal(size=shape).astype(np.float32), (0, 0), sigmaX=4, sigmaY=0.7)
    return np.asarray(noise * (steps / noise.std()), np.float32)


def _colours() -> list[Rgb]:
    return [scene(3, size=(160, 120), shift=number) for number in range(_FRAMES)]


def _tinted(lights: Sequence[float], shadows: Sequence[float] = (0, 0, 0)) -> list[Rgb]:
    """The same pictures with one colour for the lights and, where given, another in the shadows."""
    made = []
    for rgb in _colours():
        luma = (rgb @ np.array([0.2126, 0.7152, 0.0722]))[..., None] / 255
        made.append(_coded((luma * np.array(lights) + (1 - luma) * np.array(shadows)) * 255))
    return made


def _grey() -> list[Rgb]:
    return _tinted((1, 1, 1))


def _share(frames: Sequence[Rgb], factor: float) -> list[Rgb]:
    """The frames with less colour."""
    return [
        _coded(grey + (rgb - grey) * factor) for rgb in frames for grey in [rgb.mean(axis=2, keepdims=True)]
    ]


def test_grey_tinted_and_colour_shots_of_one_film() -> None:
    frames = [*_grey(), *_tinted((1, 0.85, 0.6)), *_colours()]
    assert _kinds(frames, starts=(0, _FRAMES, 2 * _FRAMES)) == ["grey", "tinted", "colour"]


@pytest.mark.parametrize(
    ("lights", "shadows"),
    [((1, 0.85, 0.6), (0, 0, 0)), ((0.6, 0.7, 1), (0, 0, 0)), ((1, 0.9, 0.7), (0.05, 0.1, 0.25))],
    ids=["sepia", "blue", "tinted and toned"],
)
def test_one_hue_or_two_by_lightness_are_a_tint(lights: Sequence[float], shadows: Sequence[float]) -> None:
    assert _kinds(_tinted(lights, shadows)) == ["tinted"]


def test_a_tint_that_drifts_is_a_tint() -> None:
    one, other = _tinted((1, 0.8, 0.5)), _tinted((0.6, 0.75, 1))
    drifting = [
        _coded(one[n] + (other[n].astype(float) - one[n]) * n / (_FRAMES - 1)) for n in range(_FRAMES)
    ]
    assert _kinds(drifting) == ["tinted"]


@pytest.mark.parametrize("steps", [4, 8])
@pytest.mark.parametrize("seed", range(3))
def test_noise_in_the_chroma_of_a_tape_is_no_colour(seed: int, steps: float) -> None:
    assert _kinds(_grey(), noise=steps, seed=seed) == ["grey"]
    assert _kinds(_tinted((1, 0.85, 0.6)), noise=steps, seed=seed) == ["tinted"]


def test_colour_shots_stay_colour_when_they_fade_are_pale_or_hold_grey_frames() -> None:
    colours = _colours()
    faded = [_coded(rgb * (1 - n / (_FRAMES - 1))) for n, rgb in enumerate(colours)]
    half_grey = [*_grey()[: 2 * _FRAMES // 3], *colours[2 * _FRAMES // 3 :]]
    for frames in (faded, half_grey, _share(colours, 0.3), [_coded(rgb * 0.2) for rgb in colours]):
        assert _kinds(frames) == ["colour"]


def _two_woods(first: Sequence[float], second: Sequence[float]) -> list[Rgb]:
    """Warm from edge to edge, as a toy on a table, in squares of two browns."""
    squares = np.kron(np.indices((3, 4)).sum(axis=0) % 2, np.ones((40, 40)))[..., None]
    pairs = zip(_tinted(first), _tinted(second), strict=True)
    return [_coded(one * squares + other * (1 - squares)) for one, other in pairs]


def test_two_hues_of_one_family_are_colours_where_lightness_does_not_explain_them() -> None:
    brown, other = (1, 0.72, 0.45), (1, 0.75, 0.44)
    assert _kinds(_two_woods(brown, other)) == ["colour"]
    assert _kinds(_two_woods(brown, brown)) == ["tinted"]


def test_a_lamp_in_a_grey_picture_is_a_colour() -> None:
    lit = _grey()
    for rgb in lit:
        rgb[50:62, 60:74] = (200, 60, 40)
    assert _kinds(lit) == ["colour"]
    assert _kinds(lit, noise=4) == ["colour"]


def test_very_dark_and_very_pale_pictures_have_colours_too() -> None:
    assert _kinds([_coded(rgb * 0.05) for rgb in _colours()]) == ["colour"]
    assert _kinds(_share(_colours(), 0.03)) == ["colour"]
    assert _kinds(_share(_colours(), 0.05), noise=4) == ["colour"]


def test_a_title_in_a_faint_bath_is_tinted_and_one_on_a_noisy_tape_is_not() -> None:
    card = np.full((120, 160), 15, np.uint8)
    cv2.putText(card, "Meanwhile...", (20, 65), cv2.FONT_HERSHEY_TRIPLEX, 0.6, 230, 1)
    grey = [np.repeat(card[..., None], 3, axis=2)] * _FRAMES
    bathed = [_coded(rgb * np.array([1, 0.92, 0.78])) for rgb in grey]
    assert _kinds(bathed) == ["tinted"]
    assert _kinds(grey, noise=4) == ["grey"]


def test_black_counts_only_where_there_is_nothing_else() -> None:
    black = [np.zeros((120, 160, 3), np.uint8)] * _FRAMES
    assert _kinds(black) == ["grey"]
    assert _kinds([*black, *_tinted((1, 0.8, 0.5))[:8]]) == ["tinted"]


def test_films_of_few_frames_have_a_kind_too() -> None:
    assert _kinds(_colours()[:1]) == ["colour"]
    assert _kinds(_colours()[:5]) == ["colour"]


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv420p", "yuv444p10le"])
def test_the_plan_keeps_the_kinds(tmp_path: Path, pixels: str) -> None:
    frames = [*_grey()[:12], *_colours()[:12]]
    make_color_film(tmp_path / "a.mkv", frames, pixel_format=pixels)  # type: ignore[arg-type]
    plan = scan_film(
        probe(tmp_path / "a.mkv"), shot_settings=ShotSettings(), segment_settings=SegmentSettings()
    )
    found = (
        {shot.kind for shot in plan.shots if shot.start >= 12},
        {s.kind for s in plan.shots if s.end <= 12},
    )
    assert found == ({"colour"}, {"grey"}) or [shot.kind for shot in plan.shots] == ["colour"]
    write_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json").shots == plan.shots


def test_a_film_of_grey_format_is_not_looked_at(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", pixel_format="gray10le")
    finder = KindFinder(probe(tmp_path / "a.mkv"))
    assert finder.every == 0
    (shot,) = finder.finish([Shot(index=0, start=0, end=24)])
    assert shot.kind == "grey"
