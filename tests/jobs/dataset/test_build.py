"""`kinochrome dataset` as its users see it: films and stills in, a set of pictures with a manifest out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from jobs.dataset.records import KeptPicture, remove_pictures
from jobs.settings.dataset import DatasetConfig, make_dataset_job
from pipeline.dataset.dedup import difference_hash
from pipeline.dataset.samples import decode_rgb
from pipeline.dataset.training_set import split_by_origin
from pipeline.errors import OutputError, SettingsError, SourceError
from tests.color_films import Rgb, make_color_film, scene
from tests.color_pictures import save_picture
from tests.color_sets import make_set, stored_pictures

ROOT = Path(__file__).parents[3]


def _grey(rgb: Rgb) -> Rgb:
    return np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)


_KEPT: dict[str, Any] = {
    **dict.fromkeys(("source", "size_bytes", "pts", "shot", "width", "height"), 0),
    "dhash": "",
    "tiny": "",
    "scores": {},
    "why": "",
}


def test_the_set_holds_each_scene_once_with_all_that_is_known(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    rows = make_set(films, out=out)
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
    assert stored_pictures(out) == sorted(row["path"] for row in rows)


def test_summary_counts_every_picture_rule_by_rule(films: Path, tmp_path: Path) -> None:
    make_color_film(films / "grey.mkv", [_grey(scene(30))] * 10)
    out = tmp_path / "set"
    rows = make_set(films, out=out)
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
    rows = make_set(films, out=out)
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
    rows = make_set(photos, out=tmp_path / "set")
    assert len(rows) == 12
    assert {row["licence"] for row in rows} == {"CC0-1.0"}
    splits = {(row["origin"].split(" : ")[0], row["split"]) for row in rows}
    assert len(splits) == 4
    assert {split for _, split in splits} == {"train", "val", "test"}


def test_stills_without_a_manifest_have_their_folder_as_origin(tmp_path: Path) -> None:
    for number, folder in enumerate(("x", "y", "y/z")):
        save_picture(tmp_path / "in" / folder / "1.png", scene(number))
        save_picture(tmp_path / "in" / folder / "2.png", scene(40 + number))
    rows = make_set(tmp_path / "in", out=tmp_path / "set")
    assert [row["origin"] for row in rows] == ["in/x", "in/x", "in/y", "in/y", "in/y/z", "in/y/z"]


def test_the_number_of_workers_changes_no_byte(films: Path, tmp_path: Path) -> None:
    for number in range(5):
        save_picture(films / "stills" / f"{number}.png", scene(60 + number))
    make_set(films, out=tmp_path / "one", workers=1)
    make_set(films, out=tmp_path / "two", workers=2)
    assert (tmp_path / "one" / "manifest.csv").read_bytes() == (
        tmp_path / "two" / "manifest.csv"
    ).read_bytes()
    assert stored_pictures(tmp_path / "one") == stored_pictures(tmp_path / "two")
    for name in stored_pictures(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_set_without_colour_or_without_files_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(SourceError, match=r"in: no film \(.*\) and no still"):
        make_set(tmp_path / "in", out=tmp_path / "set")
    with pytest.raises(SourceError, match="gone: no such file or folder"):
        make_set(tmp_path / "gone", out=tmp_path / "set")
    make_color_film(tmp_path / "in" / "grey.mkv", [_grey(scene(1))] * 10)
    with pytest.raises(
        SourceError, match=r"no picture is left of 10 \(10 grey\); films in colour would work"
    ):
        make_set(tmp_path / "in", out=tmp_path / "set")
    assert not (tmp_path / "set" / "manifest.csv").exists()


def test_a_link_to_a_folder_is_not_taken_for_a_set_and_pictures_behind_links_stay(
    films: Path, tmp_path: Path
) -> None:
    make_set(films, out=tmp_path / "set")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    (tmp_path / "mine" / ".kinochrome").symlink_to(tmp_path / "set" / ".kinochrome")
    with pytest.raises(OutputError, match="holds other things than a dataset"):
        make_set(films, out=tmp_path / "mine")
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
        make_set(films, out=tmp_path / "set")
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["letter.txt"]
    with pytest.raises(OutputError, match="it is a file"):
        make_set(films, out=tmp_path / "set" / "letter.txt")


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
