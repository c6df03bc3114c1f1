"""The queue from the command line, with films: every one once, whole, whoever dies."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from jobs.cli.main import main
from jobs.queue.claim import is_published, rerun_options
from jobs.queue.entry import Entry, make_claim
from jobs.queue.folder import Spool
from jobs.queue.job_file import read_order
from pipeline.errors import SettingsError
from tests.media import make_film
from tests.spools import add_job, states

ROOT = Path(__file__).parents[3]
SMALL = ("color.short_side=128", "segment_frames=16", "overlap_frames=8")
PATIENT_SECONDS = 300.0


def job_file(folder: Path, name: str, **keys: object) -> Path:
    """A job file for NAME.mkv beside it, small and lossless."""
    lines = [f"input: {name}.mkv", f"output: out/{name}.mkv", "preset: archival", "segment_frames: 16"]
    lines += [
        "overlap_frames: 8",
        "color: {short_side: 128}",
        *(f"{key}: {value}" for key, value in keys.items()),
    ]
    (folder / "out").mkdir(exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def command(*arguments: str | Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.cli.main", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def lively(spool: Path) -> Sequence[str | Path]:
    beats = ("--poll", "0.1", "--heartbeat", "0.2", "--dead-after", "4", "--drain")
    return ("worker", "--spool", spool, *beats)


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENT_SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed_make_every_film_once(tmp_path: Path) -> None:
    spool, names = tmp_path / "spool", ("a", "b")
    make_film(tmp_path / "a.mkv", frames=24)
    (tmp_path / "b.mkv").write_bytes((tmp_path / "a.mkv").read_bytes())
    files = [job_file(tmp_path, name) for name in names]
    assert main(["submit", *map(str, files), "--spool", str(spool), "-q"]) == 0
    doomed, survivor = (command(*lively(spool)) for _ in range(2))
    mine = f"-{doomed.pid}-"
    wait_for(lambda: [e for e in Spool(spool).entries("running") if mine in e.claim])
    wait_for(lambda: list(tmp_path.glob("out/.*.kinochrome")))
    doomed.kill()
    doomed.wait()
    assert survivor.wait(PATIENT_SECONDS) == 0
    entries = Spool(spool).entries()
    assert [entry.state for entry in entries] == ["done"] * 2
    assert sum(entry.attempts for entry in entries) <= 3
    options = [f"--set={setting}" for setting in SMALL]
    alone = tmp_path / "alone.mkv"
    assert (
        main(["colorize", str(tmp_path / "a.mkv"), "-o", str(alone), "--preset", "archival", *options]) == 0
    )
    assert {digest(tmp_path / "out" / f"{name}.mkv") for name in names} == {digest(alone)}
    films = {path.name for path in (tmp_path / "out").iterdir() if not path.name.endswith((".json", ".html"))}
    assert films == {"a.mkv", "b.mkv"}
    assert list((spool / "running").iterdir()) == []


@pytest.mark.slow
def test_what_is_dropped_comes_out_in_colour_and_what_is_no_film_fails(tmp_path: Path) -> None:
    for name in ("drop", "out"):
        (tmp_path / name).mkdir()
    make_film(tmp_path / "drop" / "film.mkv", frames=8)
    (tmp_path / "drop" / "broken.mkv").write_bytes(b"no film at all")
    assert main(["submit", str(_job_of_nothing(tmp_path)), "--spool", str(tmp_path / "spool"), "-q"]) == 0
    (first,) = Spool(tmp_path / "spool").entries()
    assert main(["cancel", first.key, "--spool", str(tmp_path / "spool"), "-q"]) == 0
    options = ("--watch", tmp_path / "drop", "--output-dir", tmp_path / "out", "--preset", "archival")
    assert command(*lively(tmp_path / "spool"), *options, "--set", SMALL[0]).wait(PATIENT_SECONDS) == 0
    spool = Spool(tmp_path / "spool")
    ended = {Path(read_order(spool.file(entry)).input).name: entry.state for entry in spool.entries()}
    assert ended == {"film.mkv": "done", "broken.mkv": "failed", "nothing.mkv": "cancelled"}
    assert (tmp_path / "out" / "film.mkv").exists()
    (failed,) = spool.entries("failed")
    assert failed.attempts == 1
    assert "broken.mkv" in spool.log_path(failed.id).read_text()


def _job_of_nothing(folder: Path) -> Path:
    (folder / "nothing.mkv").write_bytes(b"nothing")
    return job_file(folder, "nothing")


def test_submit_checks_every_file_before_it_queues_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = _job_of_nothing(tmp_path)
    bad = tmp_path / "bad.yaml"
    bad.write_text("input: none.mkv\noutput: x.mkv\nsegment_frame: 3\n")
    arguments = ["submit", str(good), str(bad), "--spool", str(tmp_path / "spool")]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "bad.yaml:1: input: no such file" in said
    assert "bad.yaml:3: segment_frame: unknown key" in said
    assert "\\n" not in said
    assert not (tmp_path / "spool").exists()
    assert main(["submit", str(good), str(good), "--spool", str(tmp_path / "spool")]) == 1
    assert "another name would work" in capsys.readouterr().err
    assert Spool(tmp_path / "spool").entries() == []


def test_a_watching_worker_makes_the_queue_and_the_output_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drop, spool, out = tmp_path / "drop", tmp_path / "spool", tmp_path / "out" / "colour"
    drop.mkdir()
    (drop / "bad.yaml").write_text("input: none.mkv\noutput: x.mkv\nsegment_frame: 3\n")
    options = ["--watch", str(drop), "--output-dir", str(out), "--drain", "--poll", "0.01"]
    assert main(["worker", "--spool", str(spool), *options]) == 0
    said = capsys.readouterr().err
    assert "bad.yaml:3: segment_frame: unknown key" in said
    assert "\\n" not in said
    assert [entry.state for entry in Spool(spool).entries()] == ["failed"]
    assert out.is_dir()


def test_a_queue_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spool = str(tmp_path / "spool")
    assert main(["submit", str(_job_of_nothing(tmp_path)), "--spool", spool, "--priority", "80"]) == 0
    id = capsys.readouterr().out.strip()
    assert main(["status", spool]) == 0
    assert f"{id}  queue  80" in capsys.readouterr().out
    assert main(["cancel", "nothing", "--spool", spool]) == 1
    assert f"near: {id}" in capsys.readouterr().err
    assert main(["cancel", id, "--spool", spool]) == 0
    assert main(["retry", id, "--spool", spool]) == 0
    capsys.readouterr()
    assert main(["status", spool, "--json-events"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(job["id"], job["state"], job["priority"]) for job in told["jobs"]] == [(id, "queue", 80)]
    assert main(["worker", "--spool", str(tmp_path / "none"), "--once"]) == 1
    assert "`kinochrome submit` and `worker --watch` make one" in capsys.readouterr().err
    assert main(["worker", "--spool", spool, "--watch", spool]) == 1
    assert "--watch needs --output-dir DIR" in capsys.readouterr().err


def test_a_job_dies_with_its_worker(tmp_path: Path) -> None:
    """Whoever holds the pipe goes, and the run and what it started are gone at once."""
    spool = Spool.make(tmp_path / "spool")
    entry = add_job(spool)
    work = Path(read_order(spool.file(entry)).work_folder)
    work.mkdir()
    taken = spool.claim(make_claim(host="here", pid=1))
    assert taken is not None
    with (work / "job.lock").open("w") as lock:  # so that the run waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = subprocess.Popen(
            [sys.executable, "-m", "jobs.cli.queued_job", str(spool.file(taken))],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        )
        assert run.stdin is not None
        assert run.stderr is not None
        assert b"another run works in" in run.stderr.readline()
        run.stdin.close()
        assert run.wait(PATIENT_SECONDS) == -signal.SIGKILL
        run.stderr.close()


def test_only_a_claimed_job_can_be_run_as_claimed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(_job_of_nothing(tmp_path)), "--claimed"]) == 1
    assert "is not a running job of a spool" in capsys.readouterr().err
    assert states(Spool.make(tmp_path / "spool")) == {}
    with pytest.raises(SettingsError, match="its first line is not that of a submitted job"):
        read_order(tmp_path / "nothing.yaml")


def test_a_run_that_lost_its_claim_publishes_nothing_and_the_next_one_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_film(tmp_path / "film.mkv", frames=8)
    spool = Spool.make(tmp_path / "spool")
    assert main(["submit", str(job_file(tmp_path, "film")), "--spool", str(spool.path), "-q"]) == 0
    lost = spool.claim(make_claim(host="here", pid=1))
    assert lost is not None

    def take_away() -> None:
        wait_for(lambda: list(tmp_path.glob("out/.film.mkv.kinochrome/plan.json")))
        spool.move(lost, "queue")

    thief = threading.Thread(target=take_away)
    thief.start()
    assert main(["run", str(spool.file(lost)), "--claimed"]) == 1
    thief.join()
    assert "another worker has it now; nothing is published" in capsys.readouterr().err
    assert not (tmp_path / "out" / "film.mkv").exists()
    taken = spool.claim(make_claim(host="here", pid=2))
    assert taken is not None
    assert main(["run", str(spool.file(taken)), "--claimed"]) == 0
    assert is_published(spool, taken, read_order(spool.file(taken)))


def test_a_folder_in_a_queue_goes_on_where_the_attempt_before_was(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    for name in ("a", "b"):
        Image.new("L", (64, 48), 99).save(tmp_path / "album" / f"{name}.png")
    (tmp_path / "album.yaml").write_text("input: album\noutput: out\n")
    spool = Spool.make(tmp_path / "spool")
    assert main(["submit", str(tmp_path / "album.yaml"), "--spool", str(spool.path), "-q"]) == 0
    for _ in range(2):
        taken = spool.claim(make_claim(host="here", pid=1))
        assert taken is not None
        assert not read_order(spool.file(taken)).stills
        options = ["--claimed", *rerun_options(spool, taken), "--workers", "1", "-q"]
        assert main(["run", str(spool.file(taken)), *options]) == 0
        times = [path.stat().st_mtime_ns for path in sorted((tmp_path / "out").glob("*.png"))]
        spool.move(taken, "queue")
    assert len(times) == 2
    assert times == [path.stat().st_mtime_ns for path in sorted((tmp_path / "out").glob("*.png"))]


def test_stills_may_replace_what_their_own_attempt_made_and_nothing_else(tmp_path: Path) -> None:
    for name in ("album", "out"):
        (tmp_path / name).mkdir()
    Image.new("L", (64, 48), 99).save(tmp_path / "album" / "a.png")
    (tmp_path / "album.yaml").write_text("input: album/a.png\noutput: out/a.png\n")
    spool = Spool.make(tmp_path / "spool")
    assert main(["submit", str(tmp_path / "album.yaml"), "--spool", str(spool.path), "-q"]) == 0

    def attempt() -> tuple[int, list[str], Entry]:
        taken = spool.claim(make_claim(host="here", pid=1))
        assert taken is not None
        options = rerun_options(spool, taken)
        return main(["run", str(spool.file(taken)), "--claimed", *options]), options, taken

    (tmp_path / "out" / "a.png").write_bytes(b"somebody's own")
    code, options, taken = attempt()
    assert (code, options) == (1, [])
    spool.move(taken, "queue")
    code, options, taken = attempt()
    assert (code, options) == (1, [])
    assert (tmp_path / "out" / "a.png").read_bytes() == b"somebody's own"
    (tmp_path / "out" / "a.png").unlink()
    for wanted in (list[str](), ["--overwrite"]):  # as after a crash between two stills
        spool.move(taken, "queue")
        code, options, taken = attempt()
        assert (code, options) == (0, wanted)
    with Image.open(tmp_path / "out" / "a.png") as made:
        assert made.size == (64, 48)
