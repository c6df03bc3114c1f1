"""Exports to render farms: what they have in common, what is refused, and the film that a farm makes."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.farm.film_job import FarmJob, make_title
from tests.farms import (
    HOSTILE,
    KINOCHROME,
    LINES,
    Place,
    export,
    make_place,
    numbers,
    run_command,
    run_lists,
    run_openjd,
)


def test_the_film_is_planned_once(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    export("commands", place, place.folder / "film.txt", "--work", place.folder / "work")
    plan = place.folder / "work" / "out.mkv" / "plan.json"
    before = plan.stat()
    capsys.readouterr()
    export("slurm", place, place.folder / "film.sh", "--work", place.folder / "work")
    assert "scan" not in capsys.readouterr().err
    assert plan.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("farm", ["openjd", "slurm", "commands"])
def test_existing_files_are_kept_unless_told(
    place: Place, farm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place.folder / "film.json"
    taken = place.folder / "film.3-mux.json" if farm == "commands" else path
    taken.write_text("mine")
    assert run_command("export", farm, place.job, "-o", path) == 1
    assert f"{taken} exists" in capsys.readouterr().err
    assert taken.read_text() == "mine"
    assert run_command("export", farm, place.job, "-o", path, "--overwrite") == 0
    assert taken.read_text() != "mine"
    assert list(place.folder.glob("*.partial")) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("-o", "./film.yaml", "--overwrite"), "is the job file"),
        (("-o", "film.txt"), ".json, .yaml, .yml"),
        (("-o", "none/film.json"), "no such folder"),
        (("-o", "."), "template's suffix"),
        (("-o", "x.json", "--set", f"suffix=.mkv # {'x' * 1030}"), "1024"),
        (("-o", "x.json", *(f"--set=batch={n}" for n in range(1, 60))), "59 settings"),
    ],
)
def test_what_cannot_work_is_told(
    place: Place,
    options: Sequence[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(place.folder)
    before = place.job.read_text()
    assert run_command("export", "openjd", place.job, *options) == 1
    assert told in capsys.readouterr().err
    assert place.job.read_text() == before
    assert {path.suffix for path in place.folder.iterdir()} <= {".yaml", ".mkv", ".kinochrome", ".log", ".py"}


@pytest.mark.parametrize("option", ["--chunk=0", "--chunk=x", "--gpus=-1", "--timeout=0", "--program='"])
def test_a_wrong_option_is_2(place: Place, option: str) -> None:
    assert run_command("export", "slurm", place.job, "-o", place.folder / "x.sh", option) == 2


def test_stills_are_no_work_for_a_farm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    job = tmp_path / "job.yaml"
    job.write_text("input: in\noutput: out\n")
    assert run_command("export", "slurm", job, "-o", tmp_path / "x.sh") == 1
    assert "stills" in capsys.readouterr().err


@given(shots=st.integers(1, 3000), chunk=st.integers(1, 3000))
def test_chunks_hold_every_shot_once(shots: int, chunk: int) -> None:
    farm = FarmJob(title="x", program=("x",), job_file=Path("/x"), shots=shots, chunk=chunk)
    found = [number for text in farm.ranges() for number in numbers(text)]
    assert found == list(range(shots))
    assert len(list(farm.ranges())) == farm.chunk_count


def test_a_title_is_one_line() -> None:
    assert make_title(LINES) == "Kinochrome two openjd_env: A=b # lines"
    assert len(make_title("x" * 500)) <= 100


@pytest.fixture(scope="session")
def whole(film: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What `run` makes of the film."""
    place = make_place(film, tmp_path_factory.mktemp("whole"), "film")
    assert run_command("run", place.job, "--quiet") == 0
    return (place.folder / "out.mkv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("farm", ["openjd", "commands"])
def test_a_farm_makes_the_film_that_run_makes(film: Path, tmp_path: Path, farm: str, whole: bytes) -> None:
    place = make_place(film, tmp_path, HOSTILE)
    path = place.folder / "film.json" if farm == "openjd" else tmp_path / "film.txt"
    chunk = (
        "--chunk=3" if farm == "commands" else "--chunk=5"
    )  # two at once, as xargs starts them, or one for all
    export(farm, place, path, chunk, program=shlex.join(KINOCHROME))
    if farm == "openjd":
        assert "openjd_progress: 100.0" in run_openjd("run", path)
    else:
        run_lists(tmp_path)
    assert (place.folder / "out.mkv").read_bytes() == whole
    assert list(tmp_path.rglob("*.partial")) == []
