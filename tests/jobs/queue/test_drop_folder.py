"""A drop folder: complete files become jobs, each once; what cannot is reported."""

import os
import time
from pathlib import Path

import pytest

from jobs.progress.reporters import LineProgress
from jobs.queue.control import retry_job
from jobs.queue.drop_folder import DropFolder, DropSettings
from jobs.queue.folder import Spool
from jobs.queue.job_file import read_order
from pipeline.errors import SettingsError
from tests.spools import add_job


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    for name in ("drop", "out"):
        (tmp_path / name).mkdir()
    return Spool.make(tmp_path / "spool")


def drop_folder(spool: Spool) -> DropFolder:
    folder = spool.path.parent
    settings = DropSettings(output_dir=folder / "out", preset="archival", poll_seconds=0, priority=7)
    return DropFolder(folder / "drop", settings=settings)


def looks(spool: Spool, drop: DropFolder, times: int = 2) -> bool:
    pending = True
    for _ in range(times):
        pending = drop.look(spool, LineProgress())
    return pending


def test_a_film_becomes_a_job_once_it_is_complete(spool: Spool, tmp_path: Path) -> None:
    drop, film = drop_folder(spool), tmp_path / "drop" / "nosferatu.mkv"
    for _ in range(3):  # still being copied
        with film.open("ab") as file:
            file.write(b"more")
        assert looks(spool, drop, 1)
        assert spool.entries() == []
    assert not looks(spool, drop)
    (entry,) = spool.entries()
    order = read_order(spool.file(entry))
    assert (entry.state, entry.priority) == ("queue", 7)
    assert (order.input, order.output) == (str(film), str(tmp_path / "out" / "nosferatu.mkv"))
    assert film.exists()


def test_no_film_is_taken_twice_by_any_worker_ever(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "drop" / "a.mkv").write_bytes(b"a film")
    first, second = drop_folder(spool), drop_folder(spool)
    for drop in (first, second, first, second, drop_folder(spool)):
        looks(spool, drop)
    (entry,) = spool.entries()
    spool.move(entry, "done")
    spool.file(spool.entries("done")[0]).unlink()  # somebody tidied up; the spool remembers
    looks(spool, drop_folder(spool))
    assert spool.entries() == []


def test_a_film_whose_note_was_not_written_is_known_by_its_job(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "drop" / "a.mkv").write_bytes(b"a film")
    looks(spool, drop_folder(spool))
    for note in (spool.path / "seen").iterdir():
        note.unlink()
    looks(spool, drop_folder(spool))
    assert len(spool.entries()) == 1


def test_a_new_version_of_a_film_is_a_new_film(spool: Spool, tmp_path: Path) -> None:
    drop, film = drop_folder(spool), tmp_path / "drop" / "a.mkv"
    film.write_bytes(b"a film")
    looks(spool, drop)
    spool.move(spool.entries()[0], "done")
    os.utime(film, (time.time() + 5, time.time() + 5))
    looks(spool, drop)
    assert sorted(entry.state for entry in spool.entries()) == ["done", "queue"]


def test_other_files_are_left_alone(spool: Spool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (".hidden.mkv", "notes.txt", "a.mkv.part", "empty.mkv"):
        (tmp_path / "drop" / name).write_bytes(b"" if name == "empty.mkv" else b"text")
    (tmp_path / "drop" / "folder.mkv").mkdir()
    drop = drop_folder(spool)
    assert not looks(spool, drop, 4)
    assert spool.entries() == []
    assert capsys.readouterr().err.count("notes.txt is left alone") == 1


def test_what_cannot_become_a_job_is_reported_in_failed(spool: Spool, tmp_path: Path) -> None:
    add_job(spool, "first", output=tmp_path / "out" / "a.mkv")
    (tmp_path / "drop" / "a.mp4").write_bytes(b"a film")
    (tmp_path / "drop" / "job.yaml").write_text("input: nowhere.mkv\nouptut: x.mkv\n")
    looks(spool, drop_folder(spool))
    failed = spool.entries("failed")
    logs = sorted(spool.log_path(entry.id).read_text() for entry in failed)
    assert len(failed) == 2
    assert "a.mkv is written by job" in logs[0]
    assert "job.yaml:2: ouptut: unknown key" in logs[1]
    with pytest.raises(SettingsError, match=r"could not become a job .*put the corrected file"):
        retry_job(spool, failed[0].id)


def test_a_job_file_keeps_its_own_settings(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_bytes(b"a film")
    (tmp_path / "drop" / "job.yaml").write_text("input: ../film.mkv\noutput: ../graded.mp4\n")
    looks(spool, drop_folder(spool))
    (entry,) = spool.entries("queue")
    assert read_order(spool.file(entry)).output == str(tmp_path / "drop" / ".." / "graded.mp4")


def test_a_drop_folder_that_goes_away_is_told_once(
    spool: Spool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drop = drop_folder(spool)
    (tmp_path / "drop").rename(tmp_path / "gone")
    looks(spool, drop, 3)
    assert capsys.readouterr().err.count("cannot look into") == 1
    (tmp_path / "gone").rename(tmp_path / "drop")
    (tmp_path / "drop" / "a.mkv").write_bytes(b"a film")
    looks(spool, drop)
    assert len(spool.entries("queue")) == 1


def test_folders_that_cannot_work_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--watch: no such folder"):
        DropFolder(tmp_path / "none", settings=DropSettings(output_dir=tmp_path))
    (tmp_path / "drop").mkdir()
    with pytest.raises(SettingsError, match="is the watched folder"):
        DropFolder(tmp_path / "drop", settings=DropSettings(output_dir=tmp_path / "drop"))
