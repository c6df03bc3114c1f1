"""A worker that is stopped, and wakes up when its job is another's. The jobs are small programs."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.progress.reporters import LineProgress
from jobs.queue.claim import Claim
from jobs.queue.entry import Entry, make_claim
from jobs.queue.folder import Spool
from jobs.queue.heartbeat import HeartbeatWatch
from jobs.queue.recovery import return_dead
from jobs.queue.settings import WorkerSettings
from jobs.queue.worker import Worker
from tests.queue_workers import wait_for
from tests.spools import add_job

ROOT = Path(__file__).parents[3]
PATIENT_SECONDS = 120.0
DEAD_SECONDS = 1.0
SERVE = """
import sys
from pathlib import Path
from jobs.progress.reporters import LineProgress
from jobs.queue.folder import Spool
from jobs.queue.settings import WorkerSettings
from jobs.queue.worker import Worker
settings = WorkerSettings(drain=True, poll_seconds=0.05, beat_seconds=0.05, dead_seconds=60)
run = [sys.executable, "-c", sys.argv[2]]
tally = Worker(Spool(Path(sys.argv[1])), settings=settings, progress=LineProgress(), run=run).serve()
print(tally.ended, file=sys.stderr)
"""


@contextmanager
def stopped_worker(spool: Spool, code: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker that runs `code` for its job and was stopped meanwhile; `code` goes on."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(spool.path), code],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: list((spool.path / "running").glob("*.beat")))
        began = spool.path.parent / "began"
        wait_for(lambda: began.exists() and began.read_text().endswith("."))
        process.send_signal(signal.SIGSTOP)
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def wake(process: "subprocess.Popen[str]") -> str:
    """What the worker says until it ends."""
    process.send_signal(signal.SIGCONT)
    said = process.communicate(timeout=PATIENT_SECONDS)[1]
    assert process.returncode == 0
    return said


def until(name: Path) -> str:
    """A job that ends well once there is a file of that name."""
    began = name.with_name("began")
    return (
        f"import os, time, pathlib; pathlib.Path({str(began)!r}).write_text(f'{{os.getpid()}}.')\n"
        f"while not pathlib.Path({str(name)!r}).exists(): time.sleep(0.02)"
    )


def taken_for_dead(spool: Spool) -> Entry:
    """Looks until the stopped worker's job is back in the queue; the job."""
    watch, moved = HeartbeatWatch(dead_seconds=DEAD_SECONDS), list[Entry]()

    def look() -> bool:
        moved.extend(entry for entry, state in return_dead(spool, watch) if state == "queue")
        return bool(moved)

    wait_for(look)
    return moved[0]


def other_worker(spool: Spool, code: str) -> dict[str, int]:
    settings = WorkerSettings(drain=True, poll_seconds=0.05, beat_seconds=0.05, dead_seconds=DEAD_SECONDS)
    run = [sys.executable, "-c", code]
    return Worker(spool, settings=settings, progress=LineProgress(), run=run).serve().ended


def outcome(spool: Spool) -> list[tuple[str, int]]:
    return [(entry.state, entry.attempts) for entry in spool.entries()]


def test_a_worker_that_wakes_up_lets_go_of_a_job_that_another_one_has_done(
    spool: Spool, tmp_path: Path
) -> None:
    add_job(spool)
    with stopped_worker(spool, until(tmp_path / "never")) as process:
        assert other_worker(spool, "") == {"done": 1}
        said = wake(process)
    assert outcome(spool) == [("done", 2)]
    assert "lost" not in said
    assert "warning" not in said
    assert "{'done': 1}" in said
    assert list((spool.path / "running").iterdir()) == []


def test_a_film_that_is_done_while_its_worker_sleeps_is_done(spool: Spool, tmp_path: Path) -> None:
    """Its job went back into the queue meanwhile; nobody runs it again."""
    entry = add_job(spool)
    with stopped_worker(spool, until(tmp_path / "go")) as process:
        taken_for_dead(spool)
        assert outcome(spool) == [("queue", 1)]
        (tmp_path / "go").touch()
        run = Path("/proc", (tmp_path / "began").read_text().rstrip("."), "stat")
        wait_for(lambda: run.read_text().rpartition(")")[2].split()[0] == "Z")
        said = wake(process)
    assert outcome(spool) == [("done", 1)]
    assert "{'done': 1}" in said
    assert "warning" not in said
    assert "now in done/" in spool.log_path(entry.id).read_text()


def test_a_worker_that_wakes_up_beside_the_next_one_lets_go_quietly(spool: Spool, tmp_path: Path) -> None:
    """Its run ends, for it may not publish; the log does not say that the job has failed."""
    entry = add_job(spool)
    code = f"{until(tmp_path / 'go')}\nimport sys; sys.exit(1)"
    with stopped_worker(spool, code) as process:
        taken_for_dead(spool)
        assert spool.claim(make_claim(host="other", pid=1)) is not None
        (tmp_path / "go").touch()
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: "attempt 1 ends" in spool.log_path(entry.id).read_text())
        (running,) = spool.entries("running")
        spool.move(running, "done")
        said = process.communicate(timeout=PATIENT_SECONDS)[1]
    assert "let go: another worker has it now" in said
    assert "warning" not in said
    assert "failed" not in spool.log_path(entry.id).read_text()


def test_a_run_that_waited_for_one_that_publishes_has_nothing_left_to_do(
    spool: Spool, tmp_path: Path
) -> None:
    """The first run passed its last check before its worker was taken for dead, and holds the work folder still."""
    add_job(spool)
    first = spool.claim(make_claim(host="here", pid=1))
    assert first is not None
    output, work = tmp_path / "film-out.mkv", tmp_path / ".film-out.mkv.kinochrome"
    work.mkdir()
    with (work / "job.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        partial = tmp_path / "partial"
        partial.write_bytes(b"a film")
        Claim(spool.file(first)).before_publish(partial)
        spool.move(first, "queue")
        second = spool.claim(make_claim(host="here", pid=2))
        assert second is not None
        process = run_of(spool, second)
        assert process.stderr is not None
        assert "waiting for it" in process.stderr.readline()
        partial.rename(output)
    assert said_at_end(process) == (0, "was finished by the attempt before\n")
    assert output.read_bytes() == b"a film"
    assert not work.exists()


def test_a_run_whose_job_is_gone_says_so_in_a_line(spool: Spool) -> None:
    add_job(spool)
    taken = spool.claim(make_claim(host="here", pid=1))
    assert taken is not None
    spool.move(taken, "queue")
    process = run_of(spool, taken)
    assert said_at_end(process) == (
        1,
        "kinochrome: error: this job was cancelled or another worker has it now\n",
    )


def run_of(spool: Spool, taken: Entry) -> "subprocess.Popen[str]":
    """The process in which a worker runs a job."""
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.cli.queued_job", str(spool.file(taken))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def said_at_end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Exit code and the rest of stderr; stdin, the run's lifeline, stays open until then."""
    assert process.stdin is not None
    assert process.stderr is not None
    code = process.wait(PATIENT_SECONDS)
    with process.stdin, process.stderr:
        return code, process.stderr.read()
