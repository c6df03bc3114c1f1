"""Paths of a job: what is completed, what they are relative to, and what cannot work."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.settings.job_file import load_job, make_job
from jobs.settings.output_paths import work_folder
from pipeline.errors import SettingsError
from tests.job_files import Write, faults


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("https://example.org/film.mkv", "found an address (https:), and only files are read"),
        ("file:///films/film.mkv", "found an address (file:)"),
        (r"films\a.mkv", "films/a.mkv is there and would work"),
        (r"C:\films\a.mkv", "here / separates the parts of a path"),
    ],
)
def test_addresses_and_paths_of_other_systems_are_told(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mkv").write_bytes(b"x")
    (tmp_path / "job.yaml").write_text(f"input: '{name}'\noutput: out.mkv\n")
    with pytest.raises(SettingsError) as caught:
        load_job(tmp_path / "job.yaml")
    assert says in str(caught.value)


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_an_output_that_is_the_input_is_refused(
    write: Write, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    link(tmp_path / "film.mkv", tmp_path / "same.mkv")
    path = write("input: film.mkv\noutput: same.mkv\noverwrite: true\n", whole=True)
    assert faults(path) == ["job.yaml:2: output: found the input itself, same.mkv; another name would work"]


def test_an_existing_output_needs_overwrite(write: Write, tmp_path: Path) -> None:
    (tmp_path / "out" / "film.mkv").write_bytes(b"somebody's")
    told = (
        "job.yaml:2: output: out/film.mkv exists; another name, or --overwrite (overwrite: true) would work"
    )
    assert faults(write("")) == [told]
    assert load_job(write("overwrite: true")).overwrite


@pytest.mark.parametrize(
    ("output", "completed"),
    [
        ("out", "out/film.mp4"),
        ("out/", "out/film.mp4"),
        ("out/new", "out/new.mp4"),
        ("out/a.mov", "out/a.mov"),
    ],
)
def test_an_output_without_a_name_or_suffix_is_completed(
    write: Write, tmp_path: Path, output: str, completed: str
) -> None:
    job = load_job(write(f"input: film.mkv\noutput: {output}\n", whole=True))
    assert job.output == tmp_path / completed


def test_stills_keep_their_suffix_and_folders_stay_folders(write: Write, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"a still")
    job = load_job(write("input: a.tif\noutput: out\n", whole=True))
    assert job.output == tmp_path / "out" / "a.tif"
    assert load_job(write("input: out\noutput: colour\n", whole=True)).output == tmp_path / "colour"


def test_an_output_with_a_foreign_suffix_is_refused(write: Write) -> None:
    found = faults(write("input: film.mkv\noutput: out/film.txt\n", whole=True))
    assert len(found) == 1
    assert "'.txt' is none of .mkv, .mp4" in found[0]


def test_paths_are_relative_to_where_they_are_written(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "out"
    monkeypatch.chdir(elsewhere)
    job = load_job(write("work: scratch"), overrides=["output=other.mkv"])
    assert job.input == tmp_path / "film.mkv"
    assert job.output == elsewhere / "other.mkv"
    assert job.work == tmp_path / "scratch"
    assert work_folder(job.output, work=job.work) == tmp_path / "scratch" / "other.mkv"


def test_a_path_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mkv")
    with pytest.raises(SettingsError, match="a name in UTF-8 would work"):
        make_job({"input": path, "output": str(tmp_path / "x.mkv")})
