"""Which frames of a film are kept."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.dataset.rgb_frames import Rgb
from pipeline.dataset.samples import decode_rgb
from pipeline.dataset.select_frames import LIMIT, NEAR_DUPLICATE, Judged, judge_film, judge_still
from pipeline.dataset.settings import DatasetSettings, FrameSettings
from pipeline.errors import SourceError
from pipeline.source.probe import probe
from tests.color_films import make_color_film, scene
from tests.color_pictures import save_picture

SETTINGS = DatasetSettings()
SHARP_FRAME = 5
TICKS = 40
"""Of a frame in Matroska at 25 frames a second."""


def _judge(path: Path, settings: DatasetSettings = SETTINGS) -> list[Judged]:
    return list(judge_film(probe(path), settings=settings))


def _soft(rgb: Rgb) -> Rgb:
    return cv2.GaussianBlur(rgb, (0, 0), 0.6).astype(np.uint8)


def test_a_still_shot_is_kept_once_by_its_sharpest_frame(tmp_path: Path) -> None:
    frames = [scene(1) if number == SHARP_FRAME else _soft(scene(1)) for number in range(24)]
    path = make_color_film(tmp_path / "film.mkv", frames, start=3)
    once = replace(SETTINGS, frames=FrameSettings(per_shot=2))
    judged = _judge(path, once)
    kept = [one for one in judged if one.rule is None]
    assert [(one.pts, one.shot) for one in kept] == [((SHARP_FRAME + 3) * TICKS, 0)]
    assert Counter(one.rule for one in judged) == {None: 1, LIMIT: 11, NEAR_DUPLICATE: 12}
    assert np.abs(decode_rgb(kept[0].encoded).astype(int) - scene(1)).mean() < 4


def test_every_shot_is_kept_and_a_moving_one_from_end_to_end(tmp_path: Path) -> None:
    still, moving = [scene(1)] * 12, [scene(2, shift=4 * number) for number in range(16)]
    path = make_color_film(tmp_path / "film.mkv", [*still, *moving], pixel_format="yuv420p")
    judged = _judge(path, replace(SETTINGS, frames=FrameSettings(per_shot=4)))
    kept = [one for one in judged if one.rule is None]
    assert [one.shot for one in kept] == [0, 1, 1, 1, 1]
    assert [(one.pts // TICKS - 12) // 4 for one in kept[1:]] == [0, 1, 2, 3]
    assert len(judged) == 28
    assert sorted(one.pts // TICKS for one in judged) == list(range(28))


def test_frames_that_break_a_rule_are_left_out_with_the_reason(tmp_path: Path) -> None:
    black = [np.full((48, 64, 3), 4, np.uint8)] * 10
    path = make_color_film(tmp_path / "film.mkv", [*black, *[scene(3)] * 14])
    judged = _judge(path)
    assert {one.rule for one in judged if one.pts < 10 * TICKS} == {"black"}
    assert sum(one.rule is None for one in judged if one.pts >= 10 * TICKS) == 1


def test_borders_are_cut_off(tmp_path: Path) -> None:
    framed = [np.pad(scene(4, shift=n)[8:-8], ((8, 8), (0, 0), (0, 0))) for n in range(16)]
    path = make_color_film(tmp_path / "film.mkv", framed)
    kept = [one for one in _judge(path) if one.rule is None]
    assert {(one.width, one.height) for one in kept} == {(64, 32)}


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_pictures_are_stored_as_asked(tmp_path: Path, format: str) -> None:
    path = make_color_film(tmp_path / "film.mkv", [scene(5, size=(160, 128))] * 9)
    frames = FrameSettings(max_lines=64, format=format, quality=90)  # type: ignore[arg-type]
    kept = next(one for one in _judge(path, replace(SETTINGS, frames=frames)) if one.rule is None)
    assert (kept.width, kept.height) == (80, 64)
    assert kept.encoded[:3] == (b"\xff\xd8\xff" if format == "jpeg" else b"RIF")
    assert decode_rgb(kept.encoded).shape == (64, 80, 3)


def test_progress_ends_at_twice_the_frames(tmp_path: Path) -> None:
    path = make_color_film(tmp_path / "film.mkv", [scene(1)] * 12)
    told: list[tuple[int, int | None]] = []
    list(judge_film(probe(path), settings=SETTINGS, progress=lambda done, total: told.append((done, total))))
    assert [done for done, _ in told] == list(range(1, 25))
    assert told[-1] == (24, 24)


def test_stills_are_judged_by_the_same_rules(tmp_path: Path) -> None:
    kept = judge_still(save_picture(tmp_path / "a.png", scene(6)), settings=SETTINGS)
    assert kept.rule is None
    assert np.abs(decode_rgb(kept.encoded).astype(int) - scene(6)).mean() < 4
    grey = np.repeat(cv2.cvtColor(scene(6), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)
    left = judge_still(save_picture(tmp_path / "b.png", grey), settings=SETTINGS)
    assert (left.rule, left.encoded) == ("grey", b"")


def test_a_film_without_frames_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.mkv").write_bytes(b"this is text")
    with pytest.raises(SourceError, match=r"bad\.mkv"):
        _judge(tmp_path / "bad.mkv")
