"""Work folders: one holder, nothing stale, nothing left when the film is done or the job refused."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jobs.settings.output_paths import finished_fingerprint, work_folder
from jobs.workdir.folder import WorkDir
from pipeline.errors import OutputError, SettingsError

HOLDER = """
import sys, time
from pathlib import Path
from jobs.workdir.folder import WorkDir
from pipeline.partial_files import partial_path
with WorkDir(Path(sys.argv[1]), settings="batch: 8\\n") as work:
    work.plan_path.write_text("{}")
    partial_path(work.segment_dir(3) / "proxy.mkv").write_text("half")
    print("held", flush=True)
    time.sleep(60)
"""


REMOVER = """
import os, signal, sys
from pathlib import Path
from jobs.workdir.folder import WorkDir
folder, output, left = Path(sys.argv[1]), Path(sys.argv[2]), [int(sys.argv[3])]
work = WorkDir(folder, settings="batch: 8\\n", output=output)
with work:
    (work.segment_dir(0) / "video.nut").write_text("x")
    work.plan_path.write_text("{}")
    work.log("started")
    output.write_bytes(b"film")
    work.record_output(output, fingerprint="abc")
    work.discard()
    def counted(event, arguments):
        if event in ("os.remove", "os.rmdir", "os.rename"):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(counted)
os._exit(0)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return work_folder(tmp_path / "film.mkv")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


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
    command = [sys.executable, "-c", HOLDER, str(folder)]
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
    with WorkDir(folder) as work:
        (folder / "notes.txt").write_text("mine")
        work.plan_path.write_text("{}")
        work.discard()
    assert names(folder) == {"notes.txt"}


def test_a_folder_with_other_things_in_it_is_refused(folder: Path) -> None:
    (folder / "segments" / "000000").mkdir(parents=True)
    (folder / "segments" / "000000" / "video.nut").write_text("mine")
    with pytest.raises(OutputError, match=r"holds segments and was not made by Kinochrome; move it"):
        WorkDir(folder).__enter__()
    assert (folder / "segments" / "000000" / "video.nut").read_text() == "mine"
    assert names(folder) == {"segments"}


def test_a_link_is_refused_and_what_it_leads_to_is_not_touched(tmp_path: Path, folder: Path) -> None:
    users = tmp_path / "users"
    with WorkDir(users) as work:  # it even looks like one of ours
        (work.segment_dir(0) / "video.nut").write_text("mine")
        work.plan_path.write_text("{}")
    before = names(users)
    folder.symlink_to(users)
    with pytest.raises(OutputError, match="is a link"), WorkDir(folder) as work:
        work.discard()
    assert names(users) == before
    assert (users / "segments" / "000000" / "video.nut").read_text() == "mine"


def test_a_lock_that_is_a_link_is_not_written_to(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "users.txt").write_text("mine, and longer than what a lock says of its holder")
    folder.mkdir()
    (folder / "job.lock").symlink_to(tmp_path / "users.txt")
    with pytest.raises(OutputError, match="cannot use the work folder"):
        WorkDir(folder).__enter__()
    assert (tmp_path / "users.txt").read_text().startswith("mine, and longer")


def test_a_kill_anywhere_in_the_last_removals_leaves_a_film_that_is_known_again(
    tmp_path: Path, folder: Path
) -> None:
    """Killed before the 1st, the 2nd, … removal; the next one knows the film again, and nothing is left."""
    output, step = tmp_path / "film.mkv", 0
    while True:
        step += 1
        output.unlink(missing_ok=True)
        command = [sys.executable, "-c", REMOVER, str(folder), str(output), str(step)]
        code = subprocess.run(command, check=False, cwd=Path(__file__).parents[3]).returncode
        if code == 0:
            break
        assert code == -signal.SIGKILL
        if names(tmp_path) == {"film.mkv"}:  # it had nothing left to do
            continue
        assert finished_fingerprint(folder, output) == "abc", step
        with WorkDir(folder, output=output) as work:
            assert finished_fingerprint(folder, output) == "abc", step
            work.discard()
        assert names(tmp_path) == {"film.mkv"}, step
    assert step > 8
    assert finished_fingerprint(folder, output) is None
    assert names(tmp_path) == {"film.mkv"}


def test_what_cannot_be_removed_in_the_end_is_told_and_the_film_is_known_again(
    tmp_path: Path, folder: Path
) -> None:
    output = tmp_path / "film.mkv"
    with (
        pytest.raises(OutputError, match=r"^cannot remove the work folder .*; all else is done"),
        WorkDir(folder, output=output) as work,
    ):
        output.write_bytes(b"film")
        work.record_output(output, fingerprint="abc")
        work.discard()
        work.plan_path.mkdir()  # so that it cannot be unlinked
    assert finished_fingerprint(folder, output) == "abc"
    work.plan_path.rmdir()
    with WorkDir(folder, output=output) as work:
        work.discard()
    assert names(tmp_path) == {"film.mkv"}


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


def test_missing_folders_of_work_and_output_are_made_and_go_with_a_failure(tmp_path: Path) -> None:
    output, folder = tmp_path / "a" / "b" / "film.mkv", tmp_path / "w" / "v" / "film.mkv"
    with pytest.raises(OutputError), WorkDir(folder, output=output):
        assert output.parent.is_dir()
        raise OutputError("refused")
    assert names(tmp_path) == set()
    with WorkDir(folder, output=output) as work:
        output.write_bytes(b"film")
        work.discard()
    assert names(tmp_path) == {"a"}


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
