"""Several processes on one film: the same bytes, and nothing lost, hung or left behind whoever dies."""

import json
import os
import pickle
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from jobs.cli.main import main
from jobs.segments.task import SegmentTask, do_segments, job_as_json
from jobs.settings.job_file import load_job
from jobs.settings.output_paths import work_folder
from jobs.workers.devices import describe_seats, plan_seats
from tests.programs import Program
from tests.stages import digest, each_once, events, finish, make_place, published, start

SMALL_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))"
WORK = ".out.mkv.kinochrome"


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the film that one process makes."""
    job = make_place(tmp_path_factory.mktemp("one"))
    assert main(["run", str(job), "-q", "--workers", "1"]) == 0
    return digest(job.with_name("out.mkv"))


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job file, planned."""
    path = make_place(tmp_path)
    assert main(["plan", str(path), "-q"]) == 0
    return path


def workers_of(process: Program) -> list[int]:
    """The worker processes of a run that are alive."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process.pid and b"popen_loky_posix" in command:
            found.append(int(folder.name))
    return found


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def until(seconds: float = 120) -> Iterator[None]:
    """Turns of a loop that gives up at last."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
    pytest.fail("it did not happen in time")


def wait_for_work(job: Path, process: Program) -> list[int]:
    """Returns the workers once one of them is at a segment."""
    for _ in until():
        assert process.poll() is None, finish(process)
        if list(job.parent.glob(f"{WORK}/segments/*/attempts")):
            break
    return workers_of(process)


def run(job: Path, *options: str, setup: str = "") -> Program:
    return start("run", job, "-q", "--keep-work", "--workers", "2", *options, setup=setup)


@pytest.mark.slow
def test_two_workers_make_the_film_that_one_makes(job: Path, wanted: str) -> None:
    assert main(["run", str(job), "-q", "--keep-work", "--workers", "2"]) == 0
    assert digest(job.with_name("out.mkv")) == wanted
    assert published(job.parent / WORK) == each_once()
    assert list(job.parent.rglob("*.partial")) == []


@pytest.mark.slow
def test_a_killed_worker_is_replaced(job: Path, wanted: str) -> None:
    process = run(job)
    os.kill(wait_for_work(job, process)[0], signal.SIGKILL)
    code, _, told = finish(process)
    assert code == 0, told
    assert "a worker process died (SIGKILL" in told
    assert "); it is replaced, to do again are segments: " in told
    assert digest(job.with_name("out.mkv")) == wanted
    assert published(job.parent / WORK) == each_once()
    assert len(events(job.parent / WORK, "worker died")) == 1
    assert list(job.parent.rglob("*.partial")) == []


@pytest.mark.slow
def test_a_segment_that_kills_every_worker_is_named(job: Path) -> None:
    """Whoever is about to work on segment 2 is killed; the others are not."""
    process = run(job)
    lock = job.parent / WORK / "segments" / "000002" / "lock"
    attempts = lock.with_name("attempts")
    begun = 0
    for _ in until():
        if process.poll() is not None:
            break
        if attempts.exists() and attempts.stat().st_size > begun:
            begun = attempts.stat().st_size
            os.kill(int(lock.read_text().split()[1]), signal.SIGKILL)
    code, _, told = finish(process)
    assert code == 1
    last = told.splitlines()[-1]
    assert "segment 2 (shot 1, frames 16 to 23): its worker process died 3 times" in last
    assert "are still to do" in last
    assert {("video", 0), ("video", 1)} <= set(published(job.parent / WORK))
    assert list(job.parent.rglob("*.partial")) == []


@pytest.mark.slow
def test_an_interrupted_run_ends_its_workers(job: Path, wanted: str) -> None:
    process = run(job)
    workers = wait_for_work(job, process)
    process.send_signal(signal.SIGTERM)
    code, _, told = finish(process)
    assert (code, len(told.splitlines())) == (130, 1), told
    assert alive(workers) == []
    assert list(job.parent.rglob("*.partial")) == []
    assert main(["run", str(job), "-q"]) == 0
    assert digest(job.with_name("out.mkv")) == wanted


@pytest.mark.slow
def test_workers_do_not_outlive_a_run_that_is_killed(job: Path) -> None:
    process = run(job)
    workers = wait_for_work(job, process)
    assert workers
    process.kill()
    for _ in until(20):
        if not alive(workers):
            break
    finish(process)


@pytest.mark.slow
def test_a_full_disk_ends_all_workers_with_one_line(job: Path, wanted: str) -> None:
    code, _, told = finish(run(job, setup=SMALL_FILES))
    assert (code, len(told.splitlines())) == (1, 1), told
    assert "cannot write" in told
    assert "are still to do" in told
    assert list(job.parent.rglob("*.partial")) == []
    assert main(["run", str(job), "-q", "--workers", "1"]) == 0
    assert digest(job.with_name("out.mkv")) == wanted


def test_a_task_is_plain_data_that_can_be_done_anywhere_and_again(job: Path, wanted: str) -> None:
    made = load_job(job)
    work = work_folder(made.output)
    task = SegmentTask(job=job_as_json(made), work=str(work), segments=(1, 2, 3))
    sent = SegmentTask(**json.loads(json.dumps(asdict(pickle.loads(pickle.dumps(task))))))
    heard: list[tuple[str, int, int]] = []
    assert do_segments(sent, report=lambda *told: heard.append(told)) == (1, 2, 3)
    assert {("colour", index, 8) for index in (1, 2, 3)} < set(heard)
    assert do_segments(sent) == (1, 2, 3)
    assert do_segments(sent, stopped=lambda: True) == ()
    assert main(["run", str(job), "-q", "--keep-work"]) == 0
    assert published(work) == each_once()
    assert digest(made.output) == wanted


@pytest.mark.slow
def test_workers_render_from_proxies_too(job: Path) -> None:
    assert main(["run", str(job), "-q", "--keep-work"]) == 0
    again = ("--from-proxy", str(job.parent / WORK), "--work", str(job.parent / "again"), "--overwrite")
    assert main(["run", str(job), "-q", "--workers", "2", *again]) == 0
    kinds = {product for product, _ in published(job.parent / "again" / "out.mkv")}
    assert kinds == {"video"}


def test_the_number_of_workers_is_checked_and_told(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ("0", "-1", "two", "1000"):
        assert main(["run", str(job), "--workers", wrong]) == 2
    assert "no whole number from 1 to" in capsys.readouterr().err
    made = load_job(job, overrides=["device=cpu"])
    assert len(plan_seats(made, workers=None)) == 1
    assert len(plan_seats(made, workers=3)) == 3
    told = describe_seats(plan_seats(made, workers=3), asked=True)
    assert told.startswith("workers: 3 (CPU")
    assert all(seat.visible is None and seat.device is None for seat in plan_seats(made, workers=3))
