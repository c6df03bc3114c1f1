"""Pictures of guidance that cannot be used are told before any frame is read, each with its line."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from jobs.segments.guidance_pictures import check_guidance_pictures
from jobs.settings.job_file import load_job
from pipeline.errors import SettingsError
from tests.films import film_info

FILM = film_info()
WIDTH, HEIGHT = FILM.width, FILM.height


def _picture(path: Path, width: int, height: int, *, grey: bool = False, alpha: int | None = None) -> None:
    picture = np.zeros((height, width, 3 if alpha is None else 4), np.uint8)
    picture[..., :3] = 128 if grey else (180, 60, 30)
    if alpha is not None:
        picture[: height // 3, : width // 3, 3] = alpha
    cv2.imwrite(str(path), picture)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "film.mkv").write_bytes(b"a film")
    _picture(tmp_path / "still.png", WIDTH, HEIGHT)
    _picture(tmp_path / "wide.png", 3 * WIDTH, HEIGHT)
    _picture(tmp_path / "grey.png", WIDTH, HEIGHT, grey=True)
    _picture(tmp_path / "paint.png", WIDTH, HEIGHT, alpha=255)
    _picture(tmp_path / "wide-paint.png", 2 * WIDTH, HEIGHT, alpha=255)
    _picture(tmp_path / "empty.png", WIDTH, HEIGHT, alpha=0)
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


def _check(place: Path, keys: str) -> None:
    path = place / "job.yaml"
    path.write_text("input: film.mkv\noutput: out.mkv\n" + keys)
    check_guidance_pictures(load_job(path), FILM)


def test_pictures_that_fit_pass(place: Path) -> None:
    _check(
        place,
        "guidance: {references: [{file: still.png, frame: 4}, {file: wide.png}], "
        "overlays: [{file: paint.png, frame: 1}]}\n",
    )


def test_every_picture_that_cannot_be_used_is_told_at_once(place: Path) -> None:
    keys = """guidance:
  references:
  - {file: still.png}
  - {file: grey.png}
  - {file: wide.png, frame: 2}
  overlays:
  - {file: wide-paint.png, frame: 1}
  - {file: empty.png, frame: 1}
shots:
  "3": {guidance: {references: [{file: text.png}]}}
"""
    with pytest.raises(SettingsError) as caught:
        _check(place, keys)
    lines = str(caught.value).splitlines()
    expected = {
        "job.yaml:6: guidance.references.1.file": "has no colour",
        "job.yaml:7: guidance.references.2.file": "has not the film's shape",
        "job.yaml:9: guidance.overlays.0.file": "differ in aspect",
        "job.yaml:10: guidance.overlays.1.file": "nothing is painted",
        "job.yaml:12: shots.3.guidance.references.0.file": "not a PNG, JPEG or TIFF",
    }
    assert len(lines) == len(expected)
    for line, (where, what) in zip(sorted(lines), sorted(expected.items()), strict=True):
        assert where in line
        assert what in line
