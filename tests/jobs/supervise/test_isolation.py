"""A verb whose process crashes, hangs or is killed: one line, an exit code, and nothing left."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.media import make_film
from tests.stages import ROOT

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


def start(film: Path, out: Path, act: str, *, frames: int = 20, stall: int = 60) -> "subprocess.Popen[str]":
    """`kinochrome colorize` as its own program; `act` happens in the process that reads the film."""
    return start_with(AS_SOON_AS_IT_READS.format(frames=frames, act=act), film, out, stall=stall)


def start_with(code: str, film: Path, out: Path, *, stall: int = 60) -> "subprocess.Popen[str]":
    """The same, after some code of ours."""
    code = f"{code}\nimport sys\nfrom jobs.cli.main import main\nsys.exit(main())"
    return subprocess.Popen(
        [
            *(sys.executable, "-c", code, "colorize", str(film), "-o", str(out), "--json-events"),
            *("--set", f"limits.stall_seconds={stall}", "--set", "device=cpu"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(out.parent)},
        start_new_session=True,
    )


def wait_until_up(process: "subprocess.Popen[str]") -> None:
    """Until the stand-in has written its line."""
    assert process.stdout is not None
    while process.stdout.readline() != "up\n":
        assert process.poll() is None


def end(process: "subprocess.Popen[str]") -> tuple[int, str, dict[str, object]]:
    """Exit code, the one line, the last event."""
    out, err = process.communicate(timeout=300)
    (line,) = err.splitlines()
    return process.returncode, line, json.loads(out.splitlines()[-1])


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
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
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
    process.communicate()
    until = time.monotonic() + 60
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()
