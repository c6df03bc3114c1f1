"""Work folders: one holder, nothing stale, nothing left when the film is done or the job refused."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jobs.workdir import WorkDir, finished_fingerprint, work_folder
from pipeline.errors import OutputError, SettingsError

HOLDER = """
import sys, time
from pathlib import Path
from jobs.workdir import WorkDir
with WorkDir(Path(sys.argv[1]), settings="batch: 8\\n") as work:
    work.plan_path.write_text("{}")
    (work.segment_dir(3) / sys.argv[2].replace("PID", str(__import__("os").getpid()))).write_text("half")
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return work_folder(tmp_path / "film.mkv")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_folder_lies_beside_the_output_or_in_the_work_folder(tmp_path: Path) -> None:
    output = tmp_path / "film.mkv"
    assert work_folder(output) == tmp_path / ".film.mkv.kinochrome"
    assert work_folder(output, work=tmp_path / "scratch") == tmp_path / "scratch" / "film.mkv"


def test_a_run_leaves_its_settings_events_and_segments(folder: Path) -> None:
    with WorkDir(folder, settings="batch: 8\n") as work:
        work.log("segment", index=3, path=Path("x"))
        work.log("ended", outcome="done")
        assert work.segment_dir(12) == folder / "segments" / "000012"
    assert yaml.safe_load((folder / "job.yaml").read_text()) == {"batch": 8}
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["segment", "ended"]
    assert events[0]["index"] == 3
    with WorkDir(folder, settings="batch: 9\n") as work:
        work.log("again")
        assert (folder / "segments" / "000012").is_dir()
    assert len((folder / "events.jsonl").read_text().splitlines()) == 3


def test_a_second_holder_is_refused_with_one_line_and_changes_nothing(folder: Path) -> None:
    with WorkDir(folder, settings="batch: 8\n"):
        with pytest.raises(SettingsError, match=r"^another run \(process \d+\) works in .*; wait for it"):
            WorkDir(folder, settings="batch: 9\n").__enter__()
        assert (folder / "job.yaml").read_text() == "batch: 8\n"
    with WorkDir(folder):
        pass


def test_sigkill_frees_the_lock_and_the_next_run_removes_stale_partials(folder: Path) -> None:
    host = socket.gethostname()
    command = [sys.executable, "-c", HOLDER, str(folder), f"proxy.mkv.{host}.PID.partial"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SettingsError, match=f"process {holder.pid}"):
            WorkDir(folder).__enter__()
        holder.send_signal(signal.SIGKILL)
    assert len(names(folder / "segments" / "000003")) == 1
    with WorkDir(folder):
        assert names(folder / "segments" / "000003") == set()
        assert (folder / "plan.json").exists()


def test_a_finished_film_takes_its_folder_with_it(folder: Path) -> None:
    with WorkDir(folder) as work:
        (work.segment_dir(0) / "video.nut").write_bytes(b"x")
        work.plan_path.write_text("{}")
        work.log("ended")
        work.discard()
    assert not folder.exists()


def test_files_that_are_not_a_jobs_survive(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with WorkDir(folder) as work:
        work.plan_path.write_text("{}")
        work.discard()
    assert names(folder) == {"notes.txt"}


def test_a_refused_job_leaves_nothing(tmp_path: Path) -> None:
    folder = work_folder(tmp_path / "film.mkv", work=tmp_path / "scratch")
    with pytest.raises(OutputError, match="refused"), WorkDir(folder) as work:
        work.log("started")
        raise OutputError("refused")
    assert names(tmp_path) == set()


def test_an_interrupted_job_keeps_what_it_did(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), WorkDir(folder) as work:
        work.plan_path.write_text("{}")
        raise KeyboardInterrupt
    assert (folder / "plan.json").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"^cannot use the work folder .*Not a directory$"):
        WorkDir(tmp_path / "file" / "film.mkv").__enter__()


def test_a_published_output_is_known_again_until_somebody_touches_it(tmp_path: Path, folder: Path) -> None:
    output, partial = tmp_path / "film.mkv", tmp_path / "film.mkv.partial"
    with WorkDir(folder) as work:
        partial.write_bytes(b"film")
        work.record_output(partial, fingerprint="abc")
        assert finished_fingerprint(folder, output) is None
        partial.replace(output)
    assert finished_fingerprint(folder, output) == "abc"
    output.write_bytes(b"fulm!")
    assert finished_fingerprint(folder, output) is None
