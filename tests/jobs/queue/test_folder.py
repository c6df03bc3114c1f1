"""The spool folder: one winner for every job, every time, and no clock."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.queue.control import submit
from jobs.queue.entry import Entry, make_claim, make_id
from jobs.queue.folder import Spool, SpoolError
from jobs.settings.job_file import make_job
from pipeline.errors import SettingsError
from tests.spools import add_job, states

ROOT = Path(__file__).parents[3]

CLAIM_ALL = """
import json, sys, time
from pathlib import Path
from jobs.queue.folder import Spool
from jobs.queue.entry import make_claim
spool = Spool(Path(sys.argv[1]))
while not (spool.path / "go").exists():
    time.sleep(0.005)
mine = []
while (entry := spool.claim(make_claim(host="here", pid=int(sys.argv[2])))) is not None:
    mine.append([entry.id, spool.move(entry, "done") is not None])
print(json.dumps(mine))
"""


def claim() -> str:
    return make_claim(host="a.host", pid=12)


def test_four_processes_that_claim_two_hundred_jobs_get_each_once(spool: Spool) -> None:
    ids = {make_id(f"film {index}") for index in range(200)}
    for id in ids:
        (spool.path / "queue" / f"{id}.0.yaml").touch()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM_ALL, str(spool.path), str(number)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        for number in range(4)
    ]
    (spool.path / "go").touch()
    claimed = [one for process in processes for one in json.loads(process.communicate()[0])]
    assert sorted(id for id, _ in claimed) == sorted(ids)
    assert all(moved for _, moved in claimed)
    assert {entry.id for entry in spool.entries("done")} == ids
    assert spool.entries("queue", "running", "failed", "cancelled") == []


def test_the_highest_priority_comes_first_then_the_oldest(spool: Spool) -> None:
    wanted = [("low", 0), ("first", 50), ("second", 50), ("high", 99)]
    for name, priority in wanted:
        add_job(spool, name, priority=priority)
    order = []
    while (entry := spool.claim(claim())) is not None:
        order.append((entry.priority, entry.id.split("-")[2]))
    assert order == [(99, "high"), (50, "first"), (50, "second"), (0, "low")]


def test_every_change_is_a_rename_with_one_winner(spool: Spool) -> None:
    add_job(spool)
    taken = spool.claim(claim())
    assert taken is not None
    assert (taken.attempts, taken.worker) == (1, "a-host-12")
    assert spool.claim(claim()) is None
    returned = spool.move(taken, "queue")
    assert returned == Entry(id=taken.id, state="queue", attempts=1)
    assert spool.move(taken, "queue") is None  # a second observer of the same dead worker
    assert spool.move(taken, "done") is None  # and the worker itself, should it wake up
    assert not spool.holds(taken)
    again = spool.claim(claim())
    assert again is not None
    assert again.attempts == 2
    assert states(spool) == {"film": "running"}


def test_a_file_server_that_answers_twice_takes_no_claim_away(spool: Spool) -> None:
    """NFS may carry a rename out and, asked again, say that the file is gone."""
    entry = add_job(spool)
    mine = claim()
    spool.file(entry).rename(spool.path / "running" / f"{entry.id}.1.{mine}.yaml")
    taken = spool.move(entry, "running", attempts=1, claim=mine)
    assert taken is not None
    assert spool.holds(taken)


def test_strange_files_are_no_jobs(spool: Spool) -> None:
    for name in ("notes.txt", "film.yaml", ".hidden", "x.host.12.partial", f"{make_id('a')}.1.host.yaml"):
        (spool.path / "queue" / name).touch()
    assert spool.claim(claim()) is None
    assert spool.entries() == []


def test_a_job_in_a_spool_is_a_job_file(spool: Spool) -> None:
    from jobs.settings.job_file import load_job

    entry = add_job(spool)
    job = load_job(spool.file(entry))
    assert (job.input.name, job.output.name) == ("film.mkv", "film-out.mkv")


def test_a_folder_with_other_things_is_not_made_a_spool(tmp_path: Path) -> None:
    (tmp_path / "holiday.mkv").touch()
    with pytest.raises(SettingsError, match=r"no spool and not empty \(it holds holiday.mkv\)"):
        Spool.make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.mkv"]


def test_a_spool_may_be_made_twice(spool: Spool) -> None:
    add_job(spool)
    assert states(Spool.make(spool.path)) == {"film": "queue"}


def test_a_spool_that_is_gone_is_never_an_empty_queue(spool: Spool) -> None:
    add_job(spool)
    taken = spool.claim(claim())
    assert taken is not None
    spool.path.rename(spool.path.with_name("elsewhere"))
    for act in (
        lambda: spool.claim(claim()),
        lambda: spool.move(taken, "done"),
        lambda: spool.holds(taken),
        spool.entries,
        spool.check,
    ):
        with pytest.raises(SpoolError, match=r"no spool at .*spool.json is missing"):
            act()
    spool.path.mkdir()  # a mount point without its share
    with pytest.raises(SpoolError, match="no spool at"):
        spool.holds(taken)


def test_a_spool_that_cannot_be_used_is_told_with_the_reason(spool: Spool) -> None:
    add_job(spool)
    (spool.path / "running").rmdir()
    (spool.path / "running").touch()
    with pytest.raises(SpoolError, match=r"cannot use the spool: .*not a directory"):
        spool.claim(claim())
    assert [entry.state for entry in spool.entries("queue")] == ["queue"]


def test_a_submit_that_fails_in_the_middle_leaves_no_job(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails once the first of two jobs is in the queue."""
    jobs = []
    for name in ("a", "b"):
        source = spool.path.parent / f"{name}.mkv"
        source.write_bytes(b"not opened")
        jobs.append((source, make_job({"input": str(source), "output": str(source.with_suffix(".out.mkv"))})))
    sync, calls = os.fsync, list[int]()

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(SpoolError, match="input/output error"):
        submit(spool, jobs)
    assert spool.entries() == []
    assert len(submit(spool, jobs)) == 2


def test_a_spool_of_another_format_is_refused(spool: Spool) -> None:
    (spool.path / "spool.json").write_text('{"format": 2}')
    with pytest.raises(SettingsError, match="format 2, this version knows 1"):
        spool.check()


def test_tidying_leaves_what_a_job_still_needs(spool: Spool) -> None:
    done, waits = add_job(spool, "done"), add_job(spool, "waits")
    spool.move(done, "done")
    for entry in (done, waits):
        for suffix in ("result", "cancel", "1.host-1-abcd.beat"):
            spool.sidecar(entry.id, suffix).touch()
    spool.tidy()
    kept = {path.name.partition(".")[0] for path in (spool.path / "running").iterdir()}
    assert kept == {waits.id}
