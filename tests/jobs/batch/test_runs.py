"""Runs that are found from elsewhere by what they write: how far they are, and ended from there."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.batch.runs import find_runs
from jobs.cli.main import main
from jobs.progress.reporters import QuietProgress
from jobs.workdir.folder import WorkDir
from jobs.workdir.run_log import keep_notes
from jobs.workdir.running import read_state
from pipeline.errors import SettingsError
from tests.media import make_film
from tests.programs import Program

SLOW = """
import time
import jobs.segments.lanes as lanes
real = lanes._counter
def slow(report, stage, segment):
    count = real(report, stage, segment)
    def counted():
        time.sleep(0.2)
        count()
    return counted
lanes._counter = slow
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Program]:
    """`kinochrome colorize` of a film that takes a while, in a folder that is an output folder of nothing else."""
    make_film(tmp_path / "film.mkv", frames=24)
    command = ["colorize", str(tmp_path / "film.mkv"), "-o", str(tmp_path / "out.mkv"), "-q"]
    command += ["--set", "color.short_side=128", "--set", "segment_frames=8", "--set", "overlap_frames=8"]
    process = Program(*command, setup=SLOW, supervised=True)
    try:
        yield process
    finally:
        process.kill()


def wait_for_colours(folder: Path) -> None:
    until = time.monotonic() + 300
    while True:
        state = read_state(folder / ".out.mkv.kinochrome")
        if state is not None and state.percent > 10:
            return
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.slow
def test_a_run_is_seen_and_ended_from_elsewhere(
    run: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wait_for_colours(tmp_path)
    for path in (tmp_path / "out.mkv", tmp_path):
        assert main(["status", str(path), "--json-events"]) == 0
        (found,) = json.loads(capsys.readouterr().out)["runs"]
        assert (found["output"], found["state"], found["film"]) == (
            str(tmp_path / "out.mkv"),
            "running",
            "film.mkv",
        )
        assert 10 < found["percent"] < 100
    assert main(["status", str(tmp_path / "out.mkv")]) == 0
    assert "out.mkv: running " in capsys.readouterr().out
    assert main(["cancel", str(tmp_path / "out.mkv")]) == 0
    said = capsys.readouterr().err
    assert "asked to end" in said
    assert "what is done is kept" in said
    code, _, err = run.finish()
    assert code == 130
    assert "interrupted; the same command goes on from here" in err
    assert not (tmp_path / "out.mkv").exists()
    assert main(["status", str(tmp_path), "--watch"]) == 0  # nothing runs: one look is enough
    assert capsys.readouterr().out == f"{tmp_path}/out.mkv: stopped, the same command goes on\n"
    assert main(["cancel", str(tmp_path / "out.mkv")]) == 1
    assert "nothing runs there now" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_run_leaves_how_far_it_was(run: Program, tmp_path: Path) -> None:
    wait_for_colours(tmp_path)
    run.kill()
    assert run.finish()[0] == -signal.SIGKILL
    until = time.monotonic() + 60
    while (
        found := find_runs(tmp_path / "out.mkv")[0]
    ).is_running:  # the process that it watched dies with it
        assert time.monotonic() < until
        time.sleep(0.05)
    assert found.word == "stopped"
    assert found.as_json()["percent"] > 10
    assert " %, the same command goes on" in found.as_line()


def test_the_wish_to_end_does_not_reach_a_program_that_does_not_listen(tmp_path: Path) -> None:
    """A run from Python, where SIGTERM would end the whole program."""
    folder = tmp_path / ".out.mkv.kinochrome"
    with WorkDir(folder) as work, keep_notes(QuietProgress(), work, film="film.mkv") as progress:
        progress.stage("render", 1, 2)
        (folder / "cancel").touch()
        until = time.monotonic() + 20  # a second, on a machine that is not busy
        while (folder / "cancel").exists() and time.monotonic() < until:
            time.sleep(0.1)
        state = read_state(folder)
        assert state is not None
        assert (state.film, state.process) == ("film.mkv", os.getpid())
        assert find_runs(tmp_path / "out.mkv")[0].is_running
        assert not (folder / "cancel").exists()
    assert read_state(folder) is None


def test_where_nothing_is_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no queue, no job file, and no run"):
        find_runs(tmp_path)
