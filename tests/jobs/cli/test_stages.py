"""Stages as verbs: together a run, each again without harm, several at once, and what `status` says of them."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.cli.main import main
from tests.stages import SEGMENTS, digest, each_once, finish, make_place, published, start

WITHOUT_LOCKS = """
import errno, fcntl
def flock(descriptor, how):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = flock
"""
SMALL_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a job whose stages ran, one after the other: film, job file, output, work folder."""
    folder = tmp_path_factory.mktemp("done")
    job = make_place(folder, overlap_frames=8)
    for verb in ("plan", "shots", "mux"):
        assert main([verb, str(job), "-q"]) == 0
    return folder


@pytest.fixture
def place(done: Path, tmp_path: Path) -> Path:
    """A copy of the folder, up to the mux, that a test may spoil."""
    shutil.copytree(done, tmp_path / "place", ignore=shutil.ignore_patterns("out.mkv"))
    return tmp_path / "place"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A folder with a job that is planned only."""
    job = make_place(tmp_path, overlap_frames=8)
    assert main(["plan", str(job), "-q"]) == 0
    return tmp_path


def work_of(place: Path) -> Path:
    return place / ".out.mkv.kinochrome"


def status_of(place: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["status", str(place / "job.yaml"), "--json-events", *options]) == 0
    last: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return last


def test_the_stages_make_the_film_that_a_run_makes(done: Path, tmp_path: Path) -> None:
    job = make_place(tmp_path, overlap_frames=8)
    assert main(["run", str(job), "-q"]) == 0
    assert digest(tmp_path / "out.mkv") == digest(done / "out.mkv")
    assert not work_of(tmp_path).exists()
    assert published(work_of(done)) == each_once()


def test_every_stage_may_be_started_again(
    place: Path, done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (work_of(place) / "plan.json").stat()
    for verb in ("plan", "shots", "mux", "mux"):
        assert main([verb, str(place / "job.yaml")]) == 0
    assert "is finished already" in capsys.readouterr().err
    assert (work_of(place) / "plan.json").stat().st_mtime_ns == before.st_mtime_ns
    assert published(work_of(place)) == each_once()
    assert digest(place / "out.mkv") == digest(done / "out.mkv")


def test_two_planners_write_the_same_bytes(fresh: Path) -> None:
    options = ("plan", fresh / "job.yaml", "-q", "--work", fresh / "two")
    (fresh / "two").mkdir()
    both = [start(*options), start(*options)]
    assert [finish(process) for process in both] == [(0, "", "")] * 2
    plans = [folder / "plan.json" for folder in (work_of(fresh), fresh / "two" / "out.mkv")]
    assert digest(plans[0]) == digest(plans[1])


def test_a_range_is_of_shots_and_may_reach_past_the_end(
    fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shots", str(fresh / "job.yaml"), "--range", "1-99"]) == 0
    assert "the last shot is 1" in capsys.readouterr().err
    assert published(work_of(fresh)) == [("color", 2), ("color", 3), ("video", 2), ("video", 3)]
    assert main(["shots", str(fresh / "job.yaml"), "--range", "2-99"]) == 0
    assert main(["shots", str(fresh / "job.yaml"), "--range", "9-2"]) == 2
    capsys.readouterr()
    assert main(["mux", str(fresh / "job.yaml")]) == 1
    assert "2 of 4 segments are to do" in (told := capsys.readouterr().err)
    assert "--range 0 does them" in told
    assert status_of(fresh, capsys)["shots_done"] == 1


def test_stages_out_of_order_say_what_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = make_place(tmp_path, overlap_frames=8)
    for verb in ("shots", "mux"):
        assert main([verb, str(job)]) == 1
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1
        assert "is not planned in" in told[0]
        assert "`kinochrome plan` does it" in told[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mkv", "job.yaml"]


@pytest.mark.slow
def test_two_at_once_share_the_work(fresh: Path, done: Path) -> None:
    both = [start("shots", fresh / "job.yaml", "-q") for _ in range(2)]
    assert [finish(process) for process in both] == [(0, "", "")] * 2
    assert published(work_of(fresh)) == each_once()
    muxes = [start("mux", fresh / "job.yaml", "-q") for _ in range(2)]
    assert [finish(process) for process in muxes] == [(0, "", "")] * 2
    assert digest(fresh / "out.mkv") == digest(done / "out.mkv")
    assert list(fresh.rglob("*.partial")) == []


@pytest.mark.slow
def test_without_locks_work_is_done_twice_and_the_film_is_the_same(fresh: Path, done: Path) -> None:
    both = [start("shots", fresh / "job.yaml", "-q", setup=WITHOUT_LOCKS) for _ in range(2)]
    assert [finish(process) for process in both] == [(0, "", "")] * 2
    assert set(published(work_of(fresh))) == set(each_once())
    assert main(["mux", str(fresh / "job.yaml"), "-q"]) == 0
    assert digest(fresh / "out.mkv") == digest(done / "out.mkv")


@pytest.mark.slow
def test_what_a_killed_process_held_is_done_by_the_other(fresh: Path, done: Path) -> None:
    both = [start("shots", fresh / "job.yaml", "-q") for _ in range(2)]
    attempts = work_of(fresh) / "segments" / "000000" / "attempts"
    until = time.monotonic() + 120
    while not attempts.exists() and time.monotonic() < until:
        time.sleep(0.01)
    holder = (attempts.parent / "lock").read_text().split()[1]
    killed = next(process for process in both if str(process.pid) == holder)
    killed.kill()
    finish(killed)
    (other,) = (process for process in both if process is not killed)
    assert finish(other) == (0, "", "")
    assert main(["mux", str(fresh / "job.yaml"), "-q"]) == 0
    assert published(work_of(fresh)) == each_once()
    assert digest(fresh / "out.mkv") == digest(done / "out.mkv")
    assert list(fresh.rglob("*.partial")) == []


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def another_segments(path: Path) -> None:
    shutil.copy(path.parents[1] / "000002" / path.name, path)


def of_wrong_types(path: Path) -> None:
    records = json.loads(path.read_text())
    records["video"] |= {"file": 7, "bytes": "many"}
    path.write_text(json.dumps(records))


def outside(path: Path) -> None:
    records = json.loads(path.read_text())
    records["video"]["file"] = "../000002/video.nut"
    path.write_text(json.dumps(records))


@pytest.mark.parametrize(
    ("name", "spoil", "products"),
    [
        ("done.json", truncate, ("color", "video")),
        ("done.json", Path.unlink, ("color", "video")),
        ("done.json", another_segments, ("color", "video")),
        ("done.json", of_wrong_types, ("video",)),
        ("done.json", outside, ("video",)),
        ("video.nut", truncate, ("video",)),
        ("video.nut", flip, ("video",)),
        ("video.nut", another_segments, ("video",)),
        ("video.nut", Path.unlink, ("video",)),
        ("proxy.mkv", flip, ("color",)),
    ],
)
def test_a_spoiled_segment_is_found_and_done_again(
    name: str, spoil: Callable[[Path], None], products: tuple[str, ...], place: Path, done: Path
) -> None:
    spoil(work_of(place) / "segments" / "000001" / name)
    assert main(["mux", str(place / "job.yaml"), "-q"]) == 1
    assert main(["shots", str(place / "job.yaml"), "-q"]) == 0
    again = sorted([*each_once(), *((product, 1) for product in products)])
    assert published(work_of(place)) == again
    assert main(["mux", str(place / "job.yaml"), "-q"]) == 0
    assert digest(place / "out.mkv") == digest(done / "out.mkv")


def test_status_says_what_would_be_done_again_and_why(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mux", str(place / "job.yaml"), "-q"]) == 0
    whole = status_of(place, capsys)
    assert (whole["finished"], whole["shots_done"], whole["frames_done"]) == (True, 2, 32)
    changed = status_of(place, capsys, "--set", "color.saturation=0.5")
    assert changed["finished"] is False
    assert {segment["why"] for segment in changed["segments"]} == {"video: color.saturation was 1.0, is 0.5"}
    steadier = status_of(place, capsys, "--set", "steady.strength=0.5")
    assert {segment["state"] for segment in steadier["segments"]} == {"again"}
    assert "colour: steady.strength was 0.98, is 0.5" in steadier["segments"][0]["why"]
    segments = work_of(place) / "segments"
    flip(segments / "000000" / "video.nut")
    truncate(segments / "000001" / "video.nut")
    (segments / "000002" / "done.json").unlink()
    shutil.rmtree(segments / "000003")
    glanced = status_of(place, capsys)  # only a run, or --hash, reads whole files
    assert [segment["state"] for segment in glanced["segments"]] == ["done", "again", "to do", "to do"]
    spoiled = status_of(place, capsys, "--hash")
    assert [segment["state"] for segment in spoiled["segments"]] == ["again", "again", "to do", "to do"]
    assert "not those that were written" in spoiled["segments"][0]["why"]
    assert "bytes, it had" in spoiled["segments"][1]["why"]
    assert [segment["attempts"] for segment in spoiled["segments"]] == [2, 2, 2, 0]
    assert not (segments / "000003").exists()
    assert main(["status", str(place / "job.yaml"), "--hash"]) == 0
    table = capsys.readouterr().out
    assert "0 done, 2 to do, 2 to be done again" in table
    assert "again        segments 0: video: video.nut: its bytes" in table


@pytest.mark.slow
def test_a_full_disk_tells_what_is_missing_and_the_next_run_goes_on(tmp_path: Path, done: Path) -> None:
    job = make_place(tmp_path, overlap_frames=8)
    assert main(["plan", str(job), "-q"]) == 0
    assert main(["shots", str(job), "-q", "--range", "0"]) == 0
    code, _, told = finish(start("shots", job, "-q", setup=SMALL_FILES))
    assert (code, len(told.splitlines())) == (1, 1)
    assert "2 of 4 segments (16 of 32 frames) are still to do and need about" in told
    assert list(tmp_path.rglob("*.partial")) == []
    assert main(["run", str(job), "-q", "--keep-work"]) == 0
    assert published(work_of(tmp_path)) == each_once()
    assert digest(tmp_path / "out.mkv") == digest(done / "out.mkv")


def test_a_run_has_the_folder_for_itself_and_stages_share_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from jobs.workdir.folder import WorkDir
    from pipeline.errors import SettingsError

    with WorkDir(work_of(place), share="stage"):
        assert main(["shots", str(place / "job.yaml"), "-q"]) == 0
        with pytest.raises(SettingsError, match="another run"):
            WorkDir(work_of(place)).__enter__()
    with WorkDir(work_of(place)):
        assert main(["mux", str(place / "job.yaml"), "-q"]) == 1
    assert "another run (process" in capsys.readouterr().err
    assert len(list((work_of(place) / "segments").iterdir())) == SEGMENTS
