"""`kinochrome dataset` as its users see it: films and stills in, a set of pictures with a manifest out."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.dataset.build import make_dataset
from jobs.dataset.records import KeptPicture, remove_pictures
from jobs.progress.reporters import QuietProgress
from jobs.settings.dataset import DatasetConfig, make_dataset_job
from pipeline.dataset.dedup import difference_hash
from pipeline.dataset.samples import decode_rgb
from pipeline.dataset.training_set import split_by_origin
from pipeline.errors import OutputError, SettingsError, SourceError
from tests.color_films import Rgb, make_color_film, scene
from tests.color_pictures import save_picture

ROOT = Path(__file__).parents[3]


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Three films of two shots each; the second shot of c is the first of a."""
    folder = tmp_path / "films"
    for number, name in enumerate(("a", "b", "c")):
        first, second = scene(10 + number), scene(10 if name == "c" else 20 + number)
        make_color_film(folder / f"{name}.mkv", [*[first] * 10, *[second] * 10])
    return folder


def _make(*paths: Path, out: Path, workers: int = 1, overrides: Sequence[str] = ()) -> list[dict[str, str]]:
    """Makes a set and returns the rows of its manifest."""
    job = make_dataset_job(paths, out=out, workers=workers, overrides=overrides)
    make_dataset(job, progress=QuietProgress())
    return _rows(out)


def _rows(out: Path) -> list[dict[str, str]]:
    with (out / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _grey(rgb: Rgb) -> Rgb:
    return np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)


def _pictures(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in (out / "frames").rglob("*") if path.is_file())


_KEPT: dict[str, Any] = {
    **dict.fromkeys(("source", "size_bytes", "pts", "shot", "width", "height"), 0),
    "dhash": "",
    "tiny": "",
    "scores": {},
    "why": "",
}


def test_the_set_holds_each_scene_once_with_all_that_is_known(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    rows = _make(films, out=out)
    assert [(row["film"], row["shot"]) for row in rows] == [
        ("a.mkv", "0"), ("a.mkv", "1"), ("b.mkv", "0"), ("b.mkv", "1"), ("c.mkv", "0")
    ]  # fmt: skip
    scenes = [10, 20, 11, 21, 12]
    for row, seed in zip(rows, scenes, strict=True):
        rgb = decode_rgb((out / row["path"]).read_bytes())
        assert np.abs(rgb.astype(int) - scene(seed)).mean() < 4
        assert row["path"] == f"frames/{row['film'][0]}-{row['film_sha256'][:8]}/{row['pts']}.jpg"
        assert (row["width"], row["height"], row["time_base"]) == ("64", "48", "1/1000")
        assert (int(row["dhash"], 16) ^ difference_hash(rgb)).bit_count() <= 2
        assert float(row["sharpness"]) > 0.1
        assert float(row["colorfulness"]) > 15
        assert row["why"] == "first of its shot"
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    assert len({(row["film"], row["split"]) for row in rows}) == 3
    assert _pictures(out) == sorted(row["path"] for row in rows)


def test_summary_counts_every_picture_rule_by_rule(films: Path, tmp_path: Path) -> None:
    make_color_film(films / "grey.mkv", [_grey(scene(30))] * 10)
    out = tmp_path / "set"
    rows = _make(films, out=out)
    summary = json.loads((out / "summary.json").read_text())
    rules = {rule["rule"]: rule for rule in summary["rules"]}
    assert rules["black"]["before"] == summary["pictures"] == 70
    assert rules["grey"]["left_out"] == 10
    assert rules["duplicate"] == {"rule": "duplicate", "before": 6, "left_out": 1, "after": 5}
    assert summary["kept"] == len(rows) == 5
    for rule, after in zip(summary["rules"][1:], summary["rules"], strict=False):
        assert rule["before"] == after["after"]
    assert {film["name"]: film["kept"] for film in summary["films"]} == {
        "a.mkv": 2, "b.mkv": 2, "c.mkv": 1, "grey.mkv": 0
    }  # fmt: skip
    sheet = cv2.imread(str(out / "contact.jpg"))
    assert sheet is not None
    assert sheet.shape[1] > 1000


def test_training_takes_the_set_and_its_split(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    rows = _make(films, out=out)
    split = split_by_origin(out, validation=[], test=[])
    for kind, files in (("train", split.train), ("val", split.validation), ("test", split.test)):
        told = {row["path"] for row in rows if row["split"] == kind}
        assert {file.path.relative_to(out).as_posix() for file in files} == told


def test_stills_are_split_by_the_origins_of_their_manifest(tmp_path: Path) -> None:
    photos = tmp_path / "in" / "photos"
    table = "path,origin,licence\n"
    for number in range(12):
        save_picture(photos / f"{number}.png", scene(100 + number))
        table += f"photos/{number}.png,owner/{number % 4} : p{number},CC0-1.0\n"
    (tmp_path / "in" / "manifest.csv").write_text(table)
    rows = _make(photos, out=tmp_path / "set")
    assert len(rows) == 12
    assert {row["licence"] for row in rows} == {"CC0-1.0"}
    splits = {(row["origin"].split(" : ")[0], row["split"]) for row in rows}
    assert len(splits) == 4
    assert {split for _, split in splits} == {"train", "val", "test"}


def test_stills_without_a_manifest_have_their_folder_as_origin(tmp_path: Path) -> None:
    for number, folder in enumerate(("x", "y", "y/z")):
        save_picture(tmp_path / "in" / folder / "1.png", scene(number))
        save_picture(tmp_path / "in" / folder / "2.png", scene(40 + number))
    rows = _make(tmp_path / "in", out=tmp_path / "set")
    assert [row["origin"] for row in rows] == ["in/x", "in/x", "in/y", "in/y", "in/y/z", "in/y/z"]


def test_the_number_of_workers_changes_no_byte(films: Path, tmp_path: Path) -> None:
    for number in range(5):
        save_picture(films / "stills" / f"{number}.png", scene(60 + number))
    _make(films, out=tmp_path / "one", workers=1)
    _make(films, out=tmp_path / "two", workers=2)
    assert (tmp_path / "one" / "manifest.csv").read_bytes() == (
        tmp_path / "two" / "manifest.csv"
    ).read_bytes()
    assert _pictures(tmp_path / "one") == _pictures(tmp_path / "two")
    for name in _pictures(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


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
    _make(folder, out=tmp_path / "undisturbed")
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
    _make(folder, out=out)
    assert (out / "manifest.csv").read_bytes() == (tmp_path / "undisturbed" / "manifest.csv").read_bytes()
    assert _pictures(out) == _pictures(tmp_path / "undisturbed")


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
    assert len(_rows(out)) == 5
    failed = json.loads((out / "summary.json").read_text())["failed"]
    assert [Path(failure["path"]).name for failure in failed] == ["broken.mp4", "cut.png"]


def test_the_same_film_twice_counts_once(films: Path, tmp_path: Path) -> None:
    (films / "copy of a.mkv").write_bytes((films / "a.mkv").read_bytes())
    rows = _make(films, films / "a.mkv", out=tmp_path / "set")
    assert [row["film"] for row in rows] == ["a.mkv", "a.mkv", "b.mkv", "b.mkv", "c.mkv"]


def test_films_added_keep_the_splits_and_films_removed_give_back_their_scenes(
    films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    before = {row["film"]: row["split"] for row in _make(films, out=out)}
    for number in range(4):
        make_color_film(films / f"d{number}.mkv", [scene(70 + number)] * 10)
    after = {row["film"]: row["split"] for row in _make(films, out=out)}
    assert len(after) == 7
    assert all(after[film] in (split, "train") for film, split in before.items())
    (films / "a.mkv").unlink()
    rows = _make(films, out=out)
    assert [row["shot"] for row in rows if row["film"] == "c.mkv"] == ["0", "1"]
    assert all((out / row["path"]).is_file() for row in rows)


def test_a_picture_that_is_gone_and_other_settings_make_the_film_be_read_again(
    films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    rows = _make(films, out=out)
    manifest = (out / "manifest.csv").read_bytes()
    (out / rows[2]["path"]).unlink()
    _make(films, out=out)
    assert (out / "manifest.csv").read_bytes() == manifest
    assert (out / rows[2]["path"]).is_file()
    smaller = _make(films, out=out, overrides=["frames.format=webp"])
    assert _pictures(out) == sorted(row["path"] for row in smaller)
    assert all(row["path"].endswith(".webp") for row in smaller)


def test_a_set_without_colour_or_without_files_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(SourceError, match=r"in: no film \(.*\) and no still"):
        _make(tmp_path / "in", out=tmp_path / "set")
    with pytest.raises(SourceError, match="gone: no such file or folder"):
        _make(tmp_path / "gone", out=tmp_path / "set")
    make_color_film(tmp_path / "in" / "grey.mkv", [_grey(scene(1))] * 10)
    with pytest.raises(
        SourceError, match=r"no picture is left of 10 \(10 grey\); films in colour would work"
    ):
        _make(tmp_path / "in", out=tmp_path / "set")
    assert not (tmp_path / "set" / "manifest.csv").exists()


def test_a_link_to_a_folder_is_not_taken_for_a_set_and_pictures_behind_links_stay(
    films: Path, tmp_path: Path
) -> None:
    _make(films, out=tmp_path / "set")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    (tmp_path / "mine" / ".kinochrome").symlink_to(tmp_path / "set" / ".kinochrome")
    with pytest.raises(OutputError, match="holds other things than a dataset"):
        _make(films, out=tmp_path / "mine")
    pictures = sorted((tmp_path / "set" / "frames").rglob("*.jpg"))
    names = [KeptPicture(**dict(_KEPT, file=str(p.relative_to(tmp_path / "set")))) for p in pictures]
    (tmp_path / "set" / "frames").rename(tmp_path / "frames")
    (tmp_path / "set" / "frames").symlink_to(tmp_path / "frames")
    remove_pictures(tmp_path / "set", [*names, KeptPicture(**dict(_KEPT, file="../mine/letter.txt"))])
    assert all(path.exists() for path in (*pictures, tmp_path / "mine" / "letter.txt"))


def test_a_folder_of_other_things_is_not_written_into(films: Path, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds other things than a dataset"):
        _make(films, out=tmp_path / "set")
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["letter.txt"]
    with pytest.raises(OutputError, match="it is a file"):
        _make(films, out=tmp_path / "set" / "letter.txt")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_is_one_clear_line(films: Path, tmp_path: Path, workers: str) -> None:
    """A limit on the size of files stands in for the disk: writing past it fails in the same place."""
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY));"
        "from jobs.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    out = tmp_path / "set"
    command = [sys.executable, "-c", limited, "dataset", str(films), "-o", str(out), "--workers", workers]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 1, run.stderr
    errors = [line for line in run.stderr.splitlines() if "error" in line]
    assert len(errors) == 1
    assert "cannot write" in errors[0]
    assert not (out / "manifest.csv").exists()
    assert not list(out.rglob("*.partial"))


def test_every_wrong_setting_is_told_with_what_would_work(films: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        make_dataset_job(
            [films], out=tmp_path, overrides=["quality.gray=3", "frames.per_shot=0", "dedup.hash_distance=70"]
        )
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert any("quality.gray" in line and "did you mean 'grey'?" in line for line in lines)
    assert any("frames.per_shot" in line for line in lines)
    assert any("dedup.hash_distance" in line and "-1 to 15" in line for line in lines)
    with pytest.raises(SettingsError, match="--workers 0"):
        make_dataset_job([films], out=tmp_path, workers=0)


def test_the_example_says_the_defaults(tmp_path: Path) -> None:
    job = make_dataset_job([tmp_path], out=tmp_path, config=ROOT / "configs" / "dataset" / "default.yaml")
    assert job.config == DatasetConfig()
