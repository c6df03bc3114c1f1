"""A verb whose process crashes, hangs or is killed: one line, an exit code, and nothing left."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.media import make_film
from tests.programs import Program

AS_SOON_AS_IT_READS = """
import os, signal, sys, threading, time
def fall():
    from pipeline.read_monitor import board
    def wait():
        while not any(place.frames >= {frames} for place in board().places()):
            time.sleep(0.0005)
        {act}
    threading.Thread(target=wait, daemon=True).start()
os.register_at_fork(after_in_child=fall)
"""
"""Runs in the supervised process, beside Kinochrome: the stand-in for a decoder with a fault."""

A_LIBRARY_THAT_KEEPS_AN_INTERRUPTION = """
import os, time, safetensors
def safe_open(*arguments, **options):
    os.write(1, b'up\\n')
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        {act}
safetensors.safe_open = safe_open
"""
"""The stand-in for C code that is called back when the signal comes, and is not made for that."""

UP = "os.write(1, b'up\\n')"
"""In one piece: other threads write events there."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film that takes a moment to read."""
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    make_film(path, frames=600, codec="mpeg4", pixel_format="yuv420p", gop=50)
    return path


def start(film: Path, out: Path, act: str, *, frames: int = 20, stall: int = 60) -> Program:
    """`kinochrome colorize` as its own program; `act` happens in the process that reads the film."""
    return start_with(AS_SOON_AS_IT_READS.format(frames=frames, act=act), film, out, stall=stall)


def start_with(setup: str, film: Path, out: Path, *, stall: int = 60) -> Program:
    """The same, after some code of ours."""
    settings = ("--set", f"limits.stall_seconds={stall}", "--set", "device=cpu")
    command = ("colorize", str(film), "-o", str(out), "--json-events", *settings)
    return Program(*command, setup=setup, supervised=True, environment={"TMPDIR": str(out.parent)})


def wait_until_up(process: Program) -> None:
    """Until the stand-in has written its line."""
    until = time.monotonic() + 300
    while "up\n" not in process.said("out"):
        assert process.poll() is None and time.monotonic() < until, process.said("err")
        time.sleep(0.02)


def end(process: Program) -> tuple[int, str, dict[str, object]]:
    """Exit code, the one line, the last event."""
    code, out, err = process.finish()
    (line,) = err.splitlines()
    return code, line, json.loads(out.splitlines()[-1])


def children(pid: int) -> list[int]:
    """The processes that were started by one."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("act", ["os.kill(os.getpid(), signal.SIGSEGV)", "os.abort()"])
def test_a_decoder_that_crashes_is_one_line_that_says_where(film: Path, tmp_path: Path, act: str) -> None:
    code, line, event = end(start(film, tmp_path / "out.mkv", act))
    assert code == 1
    assert line.startswith(f"kinochrome: error: {film}: after ")
    assert f"crashed ({'SIGABRT' if 'abort' in act else 'SIGSEGV'})" in line
    assert (event["event"], event["exit_code"]) == ("failed", 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_crash_before_the_first_frame_names_the_film(film: Path, tmp_path: Path) -> None:
    act = "import ctypes; ctypes.string_at(0)"
    code, line, _ = end(start(film, tmp_path / "out.mkv", act, frames=0))
    assert code == 1
    assert line.startswith(f"kinochrome: error: {film}: ")
    assert "SIGSEGV" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_process_that_hangs_is_ended(film: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    code, line, _ = end(start(film, tmp_path / "out.mkv", "os.kill(os.getpid(), signal.SIGSTOP)", stall=1))
    assert code == 1
    assert line.startswith(f"kinochrome: error: {film}: after ")
    assert " for 1 s, so it was ended" in line
    assert time.monotonic() - started < 120
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_one_that_is_killed_from_outside_may_be_tried_again(film: Path, tmp_path: Path) -> None:
    code, line, event = end(start(film, tmp_path / "out.mkv", "os.kill(os.getpid(), signal.SIGKILL)"))
    assert code == 128 + signal.SIGKILL
    assert "killed from outside (SIGKILL)" in line
    assert event["exit_code"] == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("to_all", [False, True])
def test_signals_are_passed_on_and_count_once(
    film: Path, tmp_path: Path, number: signal.Signals, to_all: bool
) -> None:
    process = start(film, tmp_path / "out.mkv", f"{UP}; time.sleep(600)", frames=0)
    wait_until_up(process)
    (os.killpg if to_all else os.kill)(process.pid, number)
    code, _, err = process.finish()
    assert code == 130
    assert err.splitlines() == ["kinochrome: interrupted; the same command goes on from here"]


@pytest.mark.slow
@pytest.mark.parametrize("act", ["raise ValueError('no shape') from None", "os.abort()"])
def test_what_a_library_makes_of_an_interruption_is_one_too(film: Path, tmp_path: Path, act: str) -> None:
    process = start_with(A_LIBRARY_THAT_KEEPS_AN_INTERRUPTION.format(act=act), film, tmp_path / "out.mkv")
    wait_until_up(process)
    process.send_signal(signal.SIGTERM)
    code, line, event = end(process)
    assert code == 130
    assert line == "kinochrome: interrupted; the same command goes on from here"
    assert (event["event"], event["exit_code"]) == ("interrupted", 130)
    assert [path.name for path in tmp_path.rglob("*") if ".partial" in path.name or "bug" in path.name] == []
    assert not (tmp_path / "out.mkv").exists()


@pytest.mark.slow
def test_the_process_does_not_outlive_its_supervisor(film: Path, tmp_path: Path) -> None:
    process = start(film, tmp_path / "out.mkv", f"{UP}; os.kill(os.getpid(), signal.SIGSTOP)")
    wait_until_up(process)
    (child,) = children(process.pid)
    process.kill()
    process.finish()
    until = time.monotonic() + 60
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()
