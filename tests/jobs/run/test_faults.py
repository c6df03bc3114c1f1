"""What goes wrong around a run: disks, memory, shares, weights, versions, clocks. Each ends as written, and goes on."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from jobs.cli.main import main
from jobs.records.film_record import read_record
from jobs.settings.output_paths import record_path
from models.weights_info import DEFAULT_WEIGHTS
from tests.programs import Program
from tests.stages import ROOT, SEGMENTS, digest, each_once, events, finish, make_place, published, start

WORK = ".out.mkv.kinochrome"
_SMALL_KIB = 240  # all four segments take 300 with their records; the colour of all and one rendered, 200
OTHER_VERSION = "import jobs.version\njobs.version.VERSION = '0.0.1'"
SMALL_DEVICE = """
import torch
from models.networks.efficient import EfficientGenerator as Generator
encode = Generator.encode
def small(self, lightness):
    if lightness.shape[0] > {pictures}:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    return encode(self, lightness)
Generator.encode = small
"""
CLOCK_SET_BACK = """
import datetime, time
import jobs.records.make_record, jobs.run.film
class Clock(datetime.datetime):
    turns = 0
    @classmethod
    def now(cls, tz=None):
        Clock.turns += 1
        return datetime.datetime.now(tz) - datetime.timedelta(hours=cls.turns)
jobs.records.make_record.datetime = jobs.run.film.datetime = Clock
seconds = time.time
calls = iter(range(0, 10**9, 3600))
time.time = lambda: seconds() - next(calls)
"""


FAILING_DISK = """
import errno, os
real, calls = os.fsync, []
def fsync(descriptor):
    calls.append(descriptor)
    if len(calls) == {number}:
        raise OSError(errno.EIO, "Input/output error")
    return real(descriptor)
os.fsync = fsync
"""
FAILING_WRITE = """
import errno, io
real = io.open
class File(io.FileIO):
    def write(self, data):
        raise OSError(errno.EIO, "Input/output error")
def opened(file, mode="r", *rest, **options):
    if str(file).endswith("attempts"):
        return File(file, "ab")
    return real(file, mode, *rest, **options)
io.open = opened
"""


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the film that an undisturbed run makes."""
    job = make_place(tmp_path_factory.mktemp("wanted"))
    assert main(["run", str(job), "-q"]) == 0
    return digest(job.with_name("out.mkv"))


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job file, nothing done yet."""
    return make_place(tmp_path)


def one_line(ended: tuple[int, str, str]) -> str:
    """What a process said that ended with a fault, in its one line."""
    code, _, told = ended
    assert code == 1, told
    assert len(told.splitlines()) == 1, told
    return told


def wait(until: Callable[[], object], process: Program) -> None:
    end = time.monotonic() + 120
    while not until():
        assert process.poll() is None, finish(process)
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator["SmallDisk"]:
    """A file system of its own."""
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.close()


class SmallDisk:
    """A small tmpfs: mounted where we may, else in a name space of its own that the commands enter."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self._holder: subprocess.Popen[str] | None = None
        self._enter: list[str] = []
        if self._mount(f"size={_SMALL_KIB}k") != 0:
            self._holder = subprocess.Popen(
                ["unshare", "-Urm", "sh", "-c", "echo; read line"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert self._holder.stdout is not None
            self._holder.stdout.readline()
            self._enter = ["nsenter", "-U", "-m", "--preserve-credentials", "-t", str(self._holder.pid)]
            assert self._mount(f"size={_SMALL_KIB}k") == 0

    def grow(self) -> None:
        """Somebody makes space."""
        assert self._mount("remount,size=40m") == 0

    def kinochrome(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Runs Kinochrome where the disk can be seen: exit code, stdout and stderr."""
        if not self._enter:
            return finish(start(*arguments))
        command = [*self._enter, sys.executable, "-m", "jobs.cli.main", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        return done.returncode, done.stdout, done.stderr

    def run(self, *command: str) -> str:
        """What a command prints there."""
        done = subprocess.run([*self._enter, *command], capture_output=True, text=True, check=True)
        return done.stdout

    def close(self) -> None:
        """The disk goes."""
        if self._holder is None:
            subprocess.run(["umount", str(self.path)], check=True)
        else:
            self._holder.communicate("\n")

    def _mount(self, options: str) -> int:
        command = [*self._enter, "mount", "-t", "tmpfs", "-o", options, "none", str(self.path)]
        return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.slow
def test_a_full_disk_keeps_what_is_finished_and_goes_on_once_there_is_room(
    job: Path, small_disk: SmallDisk, wanted: str
) -> None:
    work = small_disk.path / "out.mkv"
    options = ("-q", "--work", small_disk.path)
    told = one_line(small_disk.kinochrome("run", job, *options))
    assert "the disk is full" in told
    assert "are still to do and need about" in told
    assert not job.with_name("out.mkv").exists()
    assert small_disk.run("find", str(small_disk.path), "-name", "*.partial") == ""
    done = small_disk.run("sh", "-c", f"cat '{work}'/segments/*/done.json | grep -c sha256 || true")
    assert int(done) > 0
    small_disk.grow()
    assert small_disk.kinochrome("run", job, *options) == (0, "", "")
    assert digest(job.with_name("out.mkv")) == wanted
    lines = small_disk.run("cat", str(work / "events.jsonl")).splitlines()
    made = [(e["product"], e["index"]) for e in map(json.loads, lines) if e["event"] == "published"]
    assert sorted(made) == each_once()


@pytest.mark.parametrize(
    "setup",
    [*(FAILING_DISK.format(number=number) for number in (2, 5, 12)), FAILING_WRITE],
    ids=["settings", "plan", "segment", "attempts"],
)
def test_an_error_of_the_disk_is_one_line_and_the_same_command_goes_on(
    job: Path, wanted: str, setup: str
) -> None:
    """EIO once, from fsync or write, which name no file; not a bug, whose exit code would be 3."""
    assert "input/output error" in one_line(finish(start("run", job, "-q", setup=setup))).lower()
    assert list(job.parent.rglob("*.partial")) == []
    assert main(["run", str(job), "-q"]) == 0
    assert digest(job.with_name("out.mkv")) == wanted
    assert sorted(path.name for path in job.parent.iterdir()) == ["film.mkv", "job.yaml", "out.mkv"]


def test_a_device_that_is_too_small_halves_the_batch_and_the_film_says_so(job: Path) -> None:
    process = start("run", job, "--set", "report=true", setup=SMALL_DEVICE.format(pictures=2))
    code, _, told = finish(process)
    assert code == 0, told
    assert "batch halved to 4" in told
    assert "batch halved to 2" in told
    record = read_record(record_path(job.with_name("out.mkv")))
    assert any("batch halved to 2" in warning for warning in record.warnings)
    assert all(shot.figures.colorfulness > 0 for shot in record.shots)


def test_a_device_too_small_for_a_frame_ends_the_run_and_another_goes_on(job: Path, wanted: str) -> None:
    code, _, told = finish(start("run", job, "-q", "--keep-work", setup=SMALL_DEVICE.format(pictures=0)))
    *warnings, last = told.splitlines()
    assert code == 1
    assert all("batch halved to" in line for line in warnings)
    assert "no memory left even for one frame" in last
    assert "film.mkv, shot 0" in last
    assert not job.with_name("out.mkv").exists()
    assert main(["run", str(job), "-q"]) == 0
    assert digest(job.with_name("out.mkv")) == wanted


@pytest.mark.slow
def test_a_share_that_vanishes_is_one_line_and_the_run_goes_on_when_it_is_back(
    job: Path, wanted: str
) -> None:
    share, away = job.parent / "share", job.parent / "away"
    share.mkdir()
    process = start("run", job, "-q", "--work", share)
    wait(lambda: list(share.glob("out.mkv/segments/*/done.json")), process)
    share.rename(away)
    told = one_line(finish(process))
    assert f"{share / 'out.mkv'} is gone; the same command goes on once it is back" in told
    assert not job.with_name("out.mkv").exists()
    assert not share.exists()
    away.rename(share)
    assert main(["run", str(job), "-q", "--work", str(share)]) == 0
    assert digest(job.with_name("out.mkv")) == wanted
    made = published(share / "out.mkv")
    assert len(made) == len(set(made))
    assert len(made) >= len(each_once()) - 1  # what was done as the share went could not be told any more


def test_weights_that_changed_between_runs_colour_everything_again(job: Path) -> None:
    weights = job.with_name("w.safetensors")
    shutil.copy(DEFAULT_WEIGHTS, weights)
    options = ("-q", "--keep-work", "--weights", str(weights))
    assert main(["plan", str(job), *options]) == 0
    assert main(["shots", str(job), *options, "--range", "0"]) == 0
    with safe_open(weights, "numpy") as file:
        about = file.metadata()
    tensors = load_file(weights)
    last = max(tensors)
    save_file(tensors | {last: tensors[last] + 0.25}, weights, metadata=about)
    assert main(["mux", str(job), *options]) == 1
    assert main(["run", str(job), *options, "--set", "report=true"]) == 0
    again = [(product, index) for product in ("color", "video") for index in (0, 1)]
    assert published(job.parent / WORK) == sorted([*each_once(), *again])
    record = read_record(record_path(job.with_name("out.mkv")))
    assert record.weights is not None
    assert record.weights.sha256 == digest(weights)


def test_work_of_another_version_is_done_again(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(job), "-q"]) == 0
    assert finish(start("shots", job, "-q", "--range", "0", setup=OTHER_VERSION)) == (0, "", "")
    assert main(["shots", str(job), "-q", "--range", "1"]) == 0
    capsys.readouterr()
    assert main(["status", str(job)]) == 0
    assert "version was 0.0.1, is" in capsys.readouterr().out
    assert main(["mux", str(job), "-q"]) == 1
    assert "--range 0 does them" in capsys.readouterr().err
    assert main(["run", str(job), "-q", "--keep-work"]) == 0
    made = published(job.parent / WORK)
    assert [made.count(("video", index)) for index in range(SEGMENTS)] == [2, 2, 1, 1]


def test_a_clock_that_is_set_back_all_the_time_changes_nothing(job: Path, wanted: str) -> None:
    process = start("run", job, "-q", "--keep-work", "--set", "report=true", setup=CLOCK_SET_BACK)
    assert finish(process) == (0, "", "")
    assert digest(job.with_name("out.mkv")) == wanted
    assert published(job.parent / WORK) == each_once()
    record = read_record(record_path(job.with_name("out.mkv")))
    assert record.started > record.ended
    assert 0 < record.seconds < 600
    assert all(s.video is not None and 0 < s.video.seconds < 600 for s in record.segments)
    times = [event["time"] for event in events(job.parent / WORK, "published")]
    assert times[-1] < times[0] - 3600  # not sorted: lanes at once may look at the clock in another order


def test_two_runs_of_one_job_make_one_film(job: Path, wanted: str) -> None:
    both = [start("run", job, "-q") for _ in range(2)]
    ends = sorted(finish(process) for process in both)
    assert ends[0] == (0, "", "")
    assert ends[1][0] in (0, 1)
    if ends[1][0] == 1:
        assert len(ends[1][2].splitlines()) == 1
        assert "another run" in ends[1][2] or "exists" in ends[1][2]
    assert digest(job.with_name("out.mkv")) == wanted
    assert sorted(path.name for path in job.parent.iterdir()) == ["film.mkv", "job.yaml", "out.mkv"]
