"""A set that is made again: what counts stays, what changed or is gone is read, and what cannot be read is named."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.cli.main import main
from tests.color_films import make_color_film, scene
from tests.color_sets import make_set, manifest_rows, stored_pictures

ROOT = Path(__file__).parents[3]


def test_a_second_run_does_nothing_and_says_so(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["dataset", str(films), "-o", str(tmp_path / "set"), "--workers", "1"]
    assert main(command) == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(command) == 0
    assert "is finished already: 5 pictures" in capsys.readouterr().err
    kept = {path: time for path, time in before.items() if ".kinochrome/job" not in path.as_posix()}
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_and_run_again_the_manifest_is_the_same(tmp_path: Path, workers: int) -> None:
    folder, out = tmp_path / "films", tmp_path / "set"
    for number in range(4):
        frames = [scene(number, size=(320, 240), shift=3 * n) for n in range(80)]
        make_color_film(folder / f"{number}.mkv", frames, pixel_format="yuv420p")
    make_set(folder, out=tmp_path / "undisturbed")
    command = [
        sys.executable,
        "-m",
        "jobs.cli.main",
        "dataset",
        str(folder),
        "-o",
        str(out),
        "--workers",
        str(workers),
    ]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not list((out / ".kinochrome").glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    assert list((out / ".kinochrome").glob("*.json"))
    assert not (out / "manifest.csv").exists()
    make_set(folder, out=out)
    assert (out / "manifest.csv").read_bytes() == (tmp_path / "undisturbed" / "manifest.csv").read_bytes()
    assert stored_pictures(out) == stored_pictures(tmp_path / "undisturbed")


def test_a_film_that_cannot_be_decoded_is_left_out_and_named(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (films / "broken.mp4").write_bytes(b"this is text, not a film")
    (films / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    out = tmp_path / "set"
    assert main(["dataset", str(films), "-o", str(out), "--workers", "1"]) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if "error:" in line]
    assert len(errors) == 3
    assert "broken.mp4: is a text file" in errors[0]
    assert "cut.png: cannot be read as a picture" in errors[1]
    assert "2 files could not be used" in errors[2]
    assert len(manifest_rows(out)) == 5
    failed = json.loads((out / "summary.json").read_text())["failed"]
    assert [Path(failure["path"]).name for failure in failed] == ["broken.mp4", "cut.png"]


def test_the_same_film_twice_counts_once(films: Path, tmp_path: Path) -> None:
    (films / "copy of a.mkv").write_bytes((films / "a.mkv").read_bytes())
    rows = make_set(films, films / "a.mkv", out=tmp_path / "set")
    assert [row["film"] for row in rows] == ["a.mkv", "a.mkv", "b.mkv", "b.mkv", "c.mkv"]


def test_films_added_keep_the_splits_and_films_removed_give_back_their_scenes(
    films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    before = {row["film"]: row["split"] for row in make_set(films, out=out)}
    for number in range(4):
        make_color_film(films / f"d{number}.mkv", [scene(70 + number)] * 10)
    after = {row["film"]: row["split"] for row in make_set(films, out=out)}
    assert len(after) == 7
    assert all(after[film] in (split, "train") for film, split in before.items())
    (films / "a.mkv").unlink()
    rows = make_set(films, out=out)
    assert [row["shot"] for row in rows if row["film"] == "c.mkv"] == ["0", "1"]
    assert all((out / row["path"]).is_file() for row in rows)


def test_a_picture_that_is_gone_and_other_settings_make_the_film_be_read_again(
    films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    rows = make_set(films, out=out)
    manifest = (out / "manifest.csv").read_bytes()
    (out / rows[2]["path"]).unlink()
    make_set(films, out=out)
    assert (out / "manifest.csv").read_bytes() == manifest
    assert (out / rows[2]["path"]).is_file()
    smaller = make_set(films, out=out, overrides=["frames.format=webp"])
    assert stored_pictures(out) == sorted(row["path"] for row in smaller)
    assert all(row["path"].endswith(".webp") for row in smaller)
