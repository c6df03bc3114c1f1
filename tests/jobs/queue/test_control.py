"""Jobs found, cancelled and retried by a person; jobs that must not be queued; what status says."""

import re
import time
from pathlib import Path

import pytest

from jobs.progress.overall import Place
from jobs.queue.claim import Claim
from jobs.queue.control import cancel_job, find_job, retry_job
from jobs.queue.entry import make_claim
from jobs.queue.folder import Spool
from jobs.queue.heartbeat import HeartbeatWriter
from jobs.queue.job_log import JobLog
from jobs.queue.recovery import beat_path
from jobs.queue.status import as_table, spool_status
from jobs.workdir.running import RunningNote
from pipeline.errors import SettingsError
from tests.spools import add_job, states


def test_a_job_is_found_by_its_id_or_the_end_of_it(spool: Spool) -> None:
    entry = add_job(spool)
    add_job(spool, "other")
    assert find_job(spool, entry.id) == find_job(spool, entry.key) == entry


def test_an_unknown_id_gets_one_line_with_what_is_near(spool: Spool) -> None:
    entry = add_job(spool, "nosferatu")
    add_job(spool, "metropolis")
    for wrong in (entry.id[:-1] + "x", "nosferatu", entry.id[3:]):
        with pytest.raises(SettingsError, match=f"no job {wrong} .*near: {entry.id}") as caught:
            find_job(spool, wrong)
        assert "\n" not in str(caught.value)
    with pytest.raises(SettingsError, match=r"no job zzz in .*/spool; `kinochrome status"):
        find_job(spool, "zzz")


def test_an_output_that_another_job_writes_is_refused(spool: Spool, tmp_path: Path) -> None:
    first = add_job(spool, "a")
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    for output in (tmp_path / "a-out.mkv", tmp_path / "link" / "a-out.mkv"):
        with pytest.raises(SettingsError, match=f"is written by job {first.id} already; another name"):
            add_job(spool, "b", output=output)
    taken = spool.claim(make_claim(host="here", pid=1))
    assert taken is not None
    with pytest.raises(SettingsError, match="is written by job"):
        add_job(spool, "b", output=tmp_path / "a-out.mkv")
    spool.move(taken, "failed")
    add_job(spool, "b", output=tmp_path / "a-out.mkv")
    with pytest.raises(SettingsError, match="is written by job"):
        retry_job(spool, first.id)
    assert sorted(entry.state for entry in spool.entries()) == ["failed", "queue"]


def test_only_what_has_failed_or_was_cancelled_is_retried(spool: Spool) -> None:
    entry = add_job(spool)
    with pytest.raises(SettingsError, match=r"is in queue/; failed and cancelled jobs can be tried again"):
        retry_job(spool, entry.id)
    cancel_job(spool, entry.id)
    assert retry_job(spool, entry.id) == entry
    assert states(spool) == {"film": "queue"}


def test_a_wish_to_cancel_does_not_outlive_the_job(spool: Spool) -> None:
    entry = add_job(spool)
    taken = spool.claim(make_claim(host="here", pid=1))
    assert taken is not None
    cancel_job(spool, entry.id)
    failed = spool.move(taken, "failed")
    assert failed is not None
    retry_job(spool, entry.id)
    assert list((spool.path / "running").iterdir()) == []


def test_status_tells_every_job_with_its_worker_and_last_line(spool: Spool) -> None:
    for name in ("waits", "fails", "runs"):
        add_job(spool, name, priority={"waits": 0, "fails": 99, "runs": 50}[name])
    bad = spool.claim(make_claim(host="here", pid=1))
    taken = spool.claim(make_claim(host="farm7", pid=77))
    assert bad is not None
    assert taken is not None
    spool.move(bad, "failed")
    JobLog(spool.log_path(bad.id)).say("kinochrome: error: \x1b[31mno video stream")
    work = spool.path.parent / ".runs-out.mkv.kinochrome"
    work.mkdir()
    place = Place(number=2, count=4, start=0.25, end=0.5, first=0.0, began=time.monotonic() - 60)
    with (
        HeartbeatWriter(beat_path(spool, taken), every_seconds=60, line=lambda: "rendering: 12 of 24 frames"),
        RunningNote(work, film="runs.mkv") as running,
    ):
        running.film("runs.mkv", part="shots", place=place)
        running.stage("render", 12, 24)
        deadline = time.monotonic() + 20  # the note is written within a second, on a machine that is not busy
        while " 38 % " not in as_table(found := spool_status(spool)) and time.monotonic() < deadline:
            time.sleep(0.2)
    rows = [" ".join(line.split()) for line in as_table(found).splitlines()]
    assert [row.split()[1] for row in rows[1:4]] == ["running", "queue", "failed"]
    assert " 1/3 " in rows[1]
    assert re.search(r" 38 % 1:[45]\d runs.mkv 1/3 ", rows[1]), rows[1]
    assert rows[1].endswith(" farm7-77 rendering: 12 of 24 frames")
    assert " - - fails.mkv " in rows[3]
    assert rows[3].endswith(" - kinochrome: error: ?[31mno video stream")
    seen = as_table(found, width=80).splitlines()
    assert max(map(len, seen)) == 80
    assert seen[1].startswith(f"{taken.id[-8:]}  running    50    38 %   1:")
    assert "farm7-77" in seen[1]
    assert rows[4] == "1 waiting, 1 running, 0 done, 1 failed, 0 cancelled"
    told = found[0].as_json()
    assert (told["state"], told["worker"], told["attempts"]) == ("running", "farm7-77", 1)
    assert told["percent"] == 37.5
    cancel_job(spool, taken.id)
    assert spool_status(spool)[0].as_json()["state"] == "cancelling"


def test_how_far_a_job_is_does_not_fall_once_its_film_is_there(spool: Spool) -> None:
    """The run ends its note before the bag is made and before the job is done."""
    add_job(spool)
    taken = spool.claim(make_claim(host="here", pid=1))
    assert taken is not None
    output = spool.path.parent / "film-out.mkv"
    assert [job.percent for job in spool_status(spool)] == [None]
    output.write_bytes(b"of somebody else")
    assert [job.percent for job in spool_status(spool)] == [None]
    output.write_bytes(b"a film")
    Claim(spool.file(taken)).before_publish(output)
    found = spool_status(spool)
    assert "    99 %   " in as_table(found, width=80)
    assert found[0].as_json()["percent"] == 99
    spool.move(taken, "done")
    assert "  100 %  " in as_table(found := spool_status(spool), width=80)
    assert found[0].as_json()["percent"] == 100


def test_status_shows_the_last_of_many_that_are_done(spool: Spool) -> None:
    for number in range(25):
        entry = add_job(spool, f"film{number:02d}")
        spool.move(entry, "done")
    short, everything = as_table(spool_status(spool)), as_table(spool_status(spool), everything=True)
    assert "25 done" in short
    assert "5 that are done are not shown" in short
    assert ("film04.mkv" in short, "film05.mkv" in short) == (False, True)
    assert "film00.mkv" in everything
