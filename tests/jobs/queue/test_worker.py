"""Workers: what becomes of jobs that end well, badly, or not at all. The jobs here are small programs."""

import signal
import time
from pathlib import Path

import pytest

from jobs.queue.control import cancel_job, retry_job
from jobs.queue.folder import Spool, SpoolError
from pipeline.errors import SettingsError
from tests.queue_workers import (
    IDLE,
    PATIENT_SECONDS,
    at_work,
    log_of,
    serve,
    wait_for,
    worker,
    worker_process,
)
from tests.spools import add_job, states


def test_jobs_end_in_done_with_what_they_said(spool: Spool) -> None:
    entries = [add_job(spool, name) for name in "abc"]
    assert serve(spool, "import sys; print('hello', sys.argv[1]); print('bye', file=sys.stderr)") == {
        "done": 3
    }
    assert set(states(spool).values()) == {"done"}
    for entry in entries:
        log = log_of(spool, entry)
        assert f"running/{entry.id}.1." in log
        assert "\nbye\n" in log
    assert list((spool.path / "running").iterdir()) == []


@pytest.mark.parametrize("code", [1, 2])
def test_a_fault_of_the_job_fails_at_once(spool: Spool, code: int) -> None:
    entry = add_job(spool)
    told = f"import sys; print('film.mkv: no video stream'); sys.exit({code})"
    assert serve(spool, told) == {"failed": 1}
    assert [entry.attempts for entry in spool.entries("failed")] == [1]
    assert f"film.mkv: no video stream\n=== ended with exit code {code}" in log_of(spool, entry)


@pytest.mark.parametrize(
    ("death", "told"),
    [
        ("import sys; sys.exit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("import os; os.kill(os.getpid(), 15)", "SIGTERM"),
        ("import sys; sys.exit(130)", "exit code 130"),
    ],
)
def test_poison_is_tried_again_and_then_fails_with_its_log(spool: Spool, death: str, told: str) -> None:
    poison = add_job(spool, "poison", priority=99, attempts=2)
    add_job(spool, "good")
    code = f"import sys\nif '-poison-out-' in sys.argv[1]:\n    {death}"
    assert serve(spool, code) == {"back in the queue": 1, "failed": 1, "done": 1}
    assert states(spool) == {"poison": "failed", "good": "done"}
    log = log_of(spool, poison)
    assert f"{told} in attempt 1 of 2" in log
    assert f"{told} in attempt 2 of 2" in log
    assert [entry.attempts for entry in spool.entries("failed")] == [2]


def test_a_retried_job_starts_counting_anew(spool: Spool, tmp_path: Path) -> None:
    add_job(spool, attempts=1)
    code = f"import sys, pathlib; sys.exit(0 if pathlib.Path({str(tmp_path / 'space')!r}).exists() else 3)"
    assert serve(spool, code) == {"failed": 1}
    (tmp_path / "space").touch()
    (failed,) = spool.entries("failed")
    assert retry_job(spool, failed.key).attempts == 0
    assert serve(spool, code) == {"done": 1}


def test_a_waiting_job_is_cancelled_by_moving_it(spool: Spool) -> None:
    entry = add_job(spool)
    cancel_job(spool, entry.id)
    assert states(spool) == {"film": "cancelled"}
    assert serve(spool, IDLE) == {}
    with pytest.raises(SettingsError, match=r"has ended: it is in cancelled/"):
        cancel_job(spool, entry.id)


def test_a_running_job_is_cancelled_within_a_heartbeat(spool: Spool) -> None:
    entry = add_job(spool)
    with at_work(worker(spool, IDLE)) as thread:
        wait_for(lambda: spool.entries("running"))
        assert cancel_job(spool, entry.id).state == "running"
        thread.join(PATIENT_SECONDS)
        assert states(spool) == {"film": "cancelled"}
    assert list((spool.path / "running").iterdir()) == []


def test_a_job_that_ignores_being_asked_is_killed_with_all_its_children(spool: Spool, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import signal, subprocess, sys, os, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}\\n'); time.sleep(600)"
    )
    entry = add_job(spool)
    with at_work(worker(spool, code, grace_seconds=0.2)) as thread:
        wait_for(lambda: pids.exists() and pids.read_text().endswith("\n"))
        cancel_job(spool, entry.id)
        thread.join(PATIENT_SECONDS)
    assert states(spool) == {"film": "cancelled"}
    for pid in pids.read_text().split():
        wait_for(lambda pid=pid: not is_alive(int(pid)))  # type: ignore[misc]


def test_a_worker_that_is_stopped_gives_its_job_back_uncounted(spool: Spool) -> None:
    add_job(spool)
    process = worker_process(spool, IDLE)
    wait_for(lambda: spool.entries("running"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENT_SECONDS) == 0
    assert [(entry.state, entry.attempts) for entry in spool.entries()] == [("queue", 0)]
    assert list((spool.path / "running").iterdir()) == []


def test_a_spool_that_goes_and_comes_back_is_waited_for(
    spool: Spool, capsys: pytest.CaptureFixture[str]
) -> None:
    add_job(spool)
    elsewhere = spool.path.with_name("elsewhere")
    made = worker(spool, "import time; time.sleep(1)")
    with at_work(made) as thread:
        wait_for(lambda: spool.entries("running"))
        spool.path.rename(elsewhere)
        time.sleep(1.5)  # the job ends meanwhile
        elsewhere.rename(spool.path)
        thread.join(PATIENT_SECONDS)
    assert [(entry.state, entry.attempts) for entry in spool.entries()] == [("done", 1)]
    said = capsys.readouterr().err
    assert said.count("waiting for it") == 1
    assert said.count("is back") == 1


def test_with_once_a_missing_spool_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="`kinochrome submit` and `worker"):
        serve(Spool(tmp_path / "none"), IDLE, once=True, drain=False)


def test_once_takes_one_job(spool: Spool) -> None:
    add_job(spool, "a")
    add_job(spool, "b")
    assert serve(spool, "", once=True, drain=False) == {"done": 1}
    assert sorted(states(spool).values()) == ["done", "queue"]


def test_a_job_file_that_somebody_spoilt_fails_alone(spool: Spool) -> None:
    spoilt, _ = add_job(spool, "spoilt"), add_job(spool, "good")
    spool.file(spoilt).write_text("input: x\n")
    assert serve(spool, "") == {"failed": 1, "done": 1}
    assert "its first line is not that of a submitted job" in log_of(spool, spoilt)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
