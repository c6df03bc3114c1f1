"""Workers that die, and jobs that were taken from them: each is done once, whoever does it."""

import os
import signal
import time
from pathlib import Path

import pytest

from jobs.queue.claim import Claim
from jobs.queue.entry import make_claim
from jobs.queue.folder import Spool, SpoolError
from pipeline.errors import OutputError
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
