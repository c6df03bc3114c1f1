"""A film on a Dask cluster: the bytes of one process, whatever dies, and a clear refusal of what does not fit."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.cli.main import main
from models.weights_info import DEFAULT_WEIGHTS
from tests.clusters import Cluster
from tests.programs import Program
from tests.stages import SEGMENTS, digest, each_once, events, finish, make_place, published, start

WORK = ".out.mkv.kinochrome"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the film that one process makes."""
    job = make_place(tmp_path_factory.mktemp("one"))
    assert main(["run", str(job), "-q", "--workers", "1"]) == 0
    return digest(job.with_name("out.mkv"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as made:
        for _ in range(2):
            made.start_worker("--resources", "GPU=1")
        yield made


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job file, planned."""
    path = make_place(tmp_path)
    assert main(["plan", str(path), "-q"]) == 0
    return path


def run(job: Path, cluster: Cluster, *options: str) -> Program:
    return start("run", job, "-q", "--keep-work", "--scheduler", cluster.address, *options)


def until(seconds: float = 240) -> Iterator[None]:
    """Turns of a loop that gives up at last."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
    pytest.fail("it did not happen in time")


def wait_for_work(job: Path, process: Program) -> int:
    """Returns the process that is at a segment, once there is one."""
    for _ in until():
        assert process.poll() is None, finish(process)
        for attempts in job.parent.glob(f"{WORK}/segments/*/attempts"):
            return worker_at(attempts.with_name("lock"))
    raise AssertionError


def worker_at(lock: Path) -> int:
    return int(lock.read_text().split()[1])


def partials(job: Path) -> list[Path]:
    return list(job.parent.rglob("*.partial"))


def test_a_cluster_makes_the_film_that_one_process_makes(job: Path, cluster: Cluster, wanted: str) -> None:
    """A range of shots first, then the rest."""
    code, _, told = finish(start("shots", job, "-q", "--range", "1", "--scheduler", cluster.address))
    assert (code, told) == (0, ""), told + cluster.log()
    done = {index for _, index in published(job.parent / WORK)}
    assert done == {SEGMENTS // 2, SEGMENTS // 2 + 1}
    code, _, told = finish(start("run", job, "--keep-work", "--scheduler", cluster.address))
    assert code == 0, told + cluster.log()
    assert f"at {cluster.address} (2 with a GPU" in told or f"at {cluster.address} (1 with a GPU" in told
    assert "out.mkv: 32 frames in" in told
    assert digest(job.with_name("out.mkv")) == wanted
    assert published(job.parent / WORK) == each_once()
    assert partials(job) == []


def test_a_killed_worker_s_segments_are_done_by_others(job: Path, cluster: Cluster, wanted: str) -> None:
    process = run(job, cluster)
    os.kill(wait_for_work(job, process), signal.SIGKILL)
    code, _, told = finish(process)
    assert code == 0, told
    assert "a worker process died" in told
    assert digest(job.with_name("out.mkv")) == wanted
    assert published(job.parent / WORK) == each_once()
    assert partials(job) == []


def test_a_segment_that_kills_every_worker_is_named(job: Path, cluster: Cluster) -> None:
    """Whoever is about to work on segment 2 is killed; the others are not."""
    process = run(job, cluster)
    lock = job.parent / WORK / "segments" / "000002" / "lock"
    attempts = lock.with_name("attempts")
    begun = 0
    for _ in until():
        if process.poll() is not None:
            break
        if attempts.exists() and attempts.stat().st_size > begun:
            begun = attempts.stat().st_size
            os.kill(worker_at(lock), signal.SIGKILL)
    code, _, told = finish(process)
    assert code == 1
    last = told.splitlines()[-1]
    assert "segment 2 (shot 1, frames 16 to 23): its worker process died 3 times" in last
    assert "what is done is kept" in last
    assert begun == 3
    assert {("video", 0), ("video", 1)} <= set(published(job.parent / WORK))
    assert partials(job) == []


def test_an_interrupted_run_leaves_the_workers_idle(job: Path, cluster: Cluster, wanted: str) -> None:
    process = run(job, cluster)
    wait_for_work(job, process)
    process.send_signal(signal.SIGINT)
    code, _, told = finish(process)
    assert (code, len(told.splitlines())) == (130, 1), told
    assert partials(job) == []
    before = published(job.parent / WORK)
    time.sleep(1)
    assert published(job.parent / WORK) == before
    assert finish(run(job, cluster))[0] == 0
    assert digest(job.with_name("out.mkv")) == wanted
    assert published(job.parent / WORK) == each_once()


def test_tasks_of_a_killed_run_are_given_up(job: Path, cluster: Cluster, wanted: str) -> None:
    process = run(job, cluster)
    wait_for_work(job, process)
    process.kill()
    finish(process)
    code, _, told = finish(run(job, cluster))
    assert code == 0, told
    assert digest(job.with_name("out.mkv")) == wanted
    assert published(job.parent / WORK) == each_once()
    assert partials(job) == []


def test_a_killed_scheduler_ends_the_run_with_one_line(job: Path, tmp_path: Path, wanted: str) -> None:
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as own:
        own.start_worker()
        process = run(job, own)
        for _ in until():
            if (job.parent / WORK / "events.jsonl").exists() and published(job.parent / WORK):
                break
        own.scheduler.kill()
        code, _, told = finish(process)
        assert (code, len(told.splitlines())) == (1, 1), told
        assert f"lost the scheduler at {own.address}" in told
        assert "are still to do" in told
        kept = published(job.parent / WORK)
        assert kept
        own.start_scheduler()
        own.start_worker()
        assert finish(run(job, own))[0] == 0
        assert digest(job.with_name("out.mkv")) == wanted
        assert published(job.parent / WORK) == each_once()
        assert partials(job) == []


@pytest.mark.parametrize(
    ("option", "told_why"),
    [
        ((), "kinochrome there is 0.0.9 (format"),
        (("--no-nanny",), "it has no nanny, so nobody would start it"),
    ],
)
def test_a_worker_that_does_not_fit_is_refused(
    option: tuple[str, ...], told_why: str, job: Path, tmp_path: Path
) -> None:
    """Both are of another version; the nanny is looked at first."""
    old = tmp_path / "old" / "kinochrome-0.0.9.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: kinochrome\nVersion: 0.0.9\n")
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as own:
        own.start_worker(*option, environment={"PYTHONPATH": str(old.parent)})
        code, _, told = finish(run(job, own))
    assert (code, len(told.splitlines())) == (1, 1), told
    assert told.startswith("kinochrome: error: worker tcp://127.0.0.1:")
    assert told_why in told
    assert published_nothing(job)


def test_a_folder_that_is_not_shared_is_refused(tmp_path: Path, cluster: Cluster) -> None:
    """The path leads every process to its own folder."""
    for folder in (tmp_path / "same", cluster.folder / "same"):
        folder.mkdir()
        make_place(folder)
    setup = f"import os; os.chdir({str(tmp_path)!r})"
    path = "/proc/self/cwd/same/job.yaml"
    code, _, told = finish(start("run", path, "-q", "--scheduler", cluster.address, setup=setup))
    assert code == 1
    assert told
    for line in told.splitlines():
        assert line.startswith("kinochrome: error: worker tcp://127.0.0.1:"), told
        assert "does not see the work folder /proc/self/cwd/same/.out.mkv.kinochrome as we do" in line, told
    assert sorted(found.name for found in (tmp_path / "same").iterdir()) == ["film.mkv", "job.yaml"]


def test_other_weights_are_refused(job: Path, cluster: Cluster) -> None:
    shutil.copy(DEFAULT_WEIGHTS, job.parent / "mine.safetensors")
    (cluster.folder / "mine.safetensors").write_bytes(DEFAULT_WEIGHTS.read_bytes()[:-1] + b"\0")
    own = ("--weights", "/proc/self/cwd/mine.safetensors")
    setup = f"import os; os.chdir({str(job.parent)!r})"
    command = ("run", job, "-q", "--keep-work", "--scheduler", cluster.address, *own)
    code, _, told = finish(start(*command, setup=setup))
    assert code == 1
    assert told
    for line in told.splitlines():
        assert "weights /proc/self/cwd/mine.safetensors there is " in line, told
    assert published_nothing(job)


def published_nothing(job: Path) -> bool:
    return not events(job.parent / WORK, "published")
