"""Workers: what becomes of jobs that end well, badly, or not at all. The jobs here are small programs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobs.progress.reporters import LineProgress
from jobs.queue.claim import Claim
from jobs.queue.control import cancel_job, retry_job
from jobs.queue.entry import Entry, make_claim
from jobs.queue.folder import Spool, SpoolError
from jobs.queue.settings import WorkerSettings
from jobs.queue.worker import Worker
from pipeline.errors import OutputError, SettingsError
from tests.spools import add_job, states

FAST = {"poll_seconds": 0.05, "beat_seconds": 0.05, "dead_seconds": 1.0, "longest_pause_seconds": 0.1}
PATIENT_SECONDS = 60.0
IDLE = "import time; time.sleep(600)"
SERVE = """
import sys
from pathlib import Path
from jobs.progress.reporters import LineProgress
from jobs.queue.folder import Spool
from jobs.queue.settings import WorkerSettings
from jobs.queue.worker import Worker, stopping
settings = WorkerSettings(drain=True, poll_seconds=0.05, beat_seconds=0.05, dead_seconds=float(sys.argv[2]))
worker = Worker(
    Spool(Path(sys.argv[1])), settings=settings, progress=LineProgress(), run=[sys.executable, "-c", sys.argv[3]]
)
with stopping(worker):
    worker.serve()
"""


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool.make(tmp_path / "spool")


def worker(spool: Spool, code: str, **settings: float) -> Worker:
    """One that runs `code` for every job and ends when nothing waits or runs."""
    return Worker(
        spool,
        settings=WorkerSettings(**{"drain": True, **FAST, **settings}),  # type: ignore[arg-type]
        progress=LineProgress(),
        run=[sys.executable, "-c", code],
    )


def serve(spool: Spool, code: str, **settings: float) -> dict[str, int]:
    return worker(spool, code, **settings).serve().ended


@contextmanager
def at_work(made: Worker) -> Iterator[threading.Thread]:
    """The worker in a thread, stopped at the end."""
    thread = threading.Thread(target=made.serve)
    thread.start()
    try:
        yield thread
    finally:
        made.stop.set()
        thread.join(PATIENT_SECONDS)
    assert not thread.is_alive()


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENT_SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.02)


def log_of(spool: Spool, entry: Entry) -> str:
    return spool.log_path(entry.id).read_text()


def worker_process(spool: Spool, code: str, *, dead_seconds: float = 1.0) -> "subprocess.Popen[bytes]":
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(spool.path), str(dead_seconds), code],
        cwd=root,
        start_new_session=True,
    )


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


def test_a_killed_worker_s_job_is_taken_over(spool: Spool, tmp_path: Path) -> None:
    entry = add_job(spool)
    pid = tmp_path / "pid"
    process = worker_process(
        spool, f"import os; open({str(pid)!r}, 'w').write(f'{{os.getpid()}}\\n'); {IDLE}"
    )
    wait_for(lambda: pid.exists() and pid.read_text().endswith("\n"))
    wait_for(lambda: list((spool.path / "running").glob("*.beat")))
    process.kill()
    process.wait()
    os.kill(int(pid.read_text()), signal.SIGKILL)  # on the machine that went down nothing is left of the job
    assert serve(spool, "print('done by the second')") == {"done": 1}
    assert [(entry.state, entry.attempts) for entry in spool.entries()] == [("done", 2)]
    assert "gave no sign of life in attempt 1" in log_of(spool, entry)
    wait_for(lambda: not [path for path in (spool.path / "running").iterdir() if path.suffix == ".beat"])


def test_a_job_that_kills_its_workers_fails_too(spool: Spool) -> None:
    entry = add_job(spool, attempts=2)
    for _ in range(2):
        taken = spool.claim(make_claim(host="gone", pid=1))
        assert taken is not None  # and that worker dies without a word
        watcher = worker(spool, IDLE, dead_seconds=0.3)
        with at_work(watcher):
            wait_for(lambda: not spool.holds(taken))  # noqa: B023
            watcher.stop.set()
    assert states(spool) == {"film": "failed"}
    assert "in attempt 2; now in failed/" in log_of(spool, entry)


def test_a_living_worker_keeps_its_job_though_clocks_jump(spool: Spool) -> None:
    """The times of its heartbeat file are of 1980, and nobody cares."""
    add_job(spool)
    others = worker(spool, IDLE, dead_seconds=0.6)
    first = worker_process(spool, "import time; time.sleep(3)", dead_seconds=60)
    wait_for(lambda: list((spool.path / "running").glob("*.beat")))
    with at_work(others) as thread:
        for _ in range(20):
            for beat in (spool.path / "running").glob("*.beat"):
                os.utime(beat, (315532800, 315532800))
            time.sleep(0.05)
        first.wait(PATIENT_SECONDS)
        thread.join(PATIENT_SECONDS)
    assert [(entry.state, entry.attempts) for entry in spool.entries()] == [("done", 1)]


def test_a_worker_whose_claim_was_taken_stops_without_a_result(spool: Spool, tmp_path: Path) -> None:
    add_job(spool)
    with at_work(
        worker(spool, f"import time; time.sleep(2); open({str(tmp_path / 'film')!r}, 'w')")
    ) as thread:
        wait_for(lambda: spool.entries("running"))
        (taken,) = spool.entries("running")
        spool.move(taken, "cancelled")  # a rename, as a thief would do it
        thread.join(PATIENT_SECONDS)
    assert states(spool) == {"film": "cancelled"}
    assert not (tmp_path / "film").exists()


def test_a_run_looks_at_its_claim_before_it_publishes(spool: Spool, tmp_path: Path) -> None:
    add_job(spool)
    taken = spool.claim(make_claim(host="here", pid=1))
    assert taken is not None
    claim = Claim(spool.file(taken), patience_seconds=0)
    partial = tmp_path / "film.partial"
    partial.write_bytes(b"a film")
    claim.before_publish(partial)
    spool.move(taken, "queue")
    with pytest.raises(OutputError, match="another worker has it now; nothing is published"):
        claim.before_publish(partial)
    spool.path.rename(tmp_path / "elsewhere")
    with pytest.raises(SpoolError, match="no spool at"):
        claim.before_publish(partial)


def test_a_film_that_was_published_just_before_the_end_counts(spool: Spool, tmp_path: Path) -> None:
    """Everything died after the film was renamed into place and before the job was moved."""
    add_job(spool)
    taken = spool.claim(make_claim(host="gone", pid=1))
    assert taken is not None
    output, work = tmp_path / "film-out.mkv", tmp_path / ".film-out.mkv.kinochrome"
    output.write_bytes(b"a film")
    work.mkdir()
    (work / "plan.json").touch()
    (work / "job.lock").write_bytes(b"process 1\n")  # the mark of a work folder
    Claim(spool.file(taken)).before_publish(output)
    assert serve(spool, "import sys; sys.exit(1)") == {"done": 1}
    assert not work.exists()
    assert output.read_bytes() == b"a film"
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
