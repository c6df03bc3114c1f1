"""The process that makes pictures: its crash, its hang and its errors reach the one who asked, and nobody else."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.projects.errors import ConflictError, ForbiddenError
from jobs.web.contract.errors import BusyError, TimeoutError
from jobs.web.pictures import Pictures
from jobs.web.project_routes import project_of
from pipeline.errors import SourceError
from tests.served import PATIENCE_SECONDS, wait_for
from tests.webapp import serving, tiny_photo


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    made = Pictures(answer_seconds=PATIENCE_SECONDS)
    yield made
    made.close()


def grey(pictures: Pictures, path: Path) -> bytes:
    values = {"input": str(path), "output": str(path.with_name("out.png")), "overwrite": True}
    source = {"values": values, "plan": None}
    png, _, _ = pictures.ask("frame", source=source, number=0, side="grey", lines=None, is_draft=False)
    return bytes(png)


def test_a_slow_picture_is_kept_and_a_process_that_hangs_is_replaced(
    pictures: Pictures, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    tiny_photo(path)
    seen = grey(pictures, path)
    assert seen.startswith(b"\x89PNG")
    (tmp_path / "none.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match=r"none\.png"):
        grey(pictures, tmp_path / "none.png")
    process = pictures._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    pictures._answer_seconds = 0.2
    with pytest.raises(BusyError, match="ask again"):
        grey(pictures, path)
    with pytest.raises(BusyError, match="takes long"):
        grey(pictures, path)
    os.kill(process.pid, signal.SIGCONT)
    pictures._answer_seconds = PATIENCE_SECONDS
    assert grey(pictures, path) == seen
    assert pictures._process is process
    os.kill(process.pid, signal.SIGSTOP)
    pictures._answer_seconds, pictures._patience_seconds = 0.1, 0.0
    with pytest.raises(BusyError):
        grey(pictures, path)
    with pytest.raises(TimeoutError):
        grey(pictures, path)
    pictures._answer_seconds = PATIENCE_SECONDS
    assert grey(pictures, path) == seen
    assert pictures._process is not process
    assert pictures._process is not None
    os.kill((process := pictures._process).pid, signal.SIGKILL)
    wait_for(lambda: not process.is_alive)
    assert grey(pictures, path) == seen


def test_who_waits_too_long_for_his_turn_is_told(pictures: Pictures, tmp_path: Path) -> None:
    pictures._turn_seconds = 0.05
    with pictures._turn, pytest.raises(BusyError):
        grey(pictures, tmp_path / "photo.png")


def test_files_are_described_apart_and_large_stills_are_not_read(pictures: Pictures, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    tiny_photo(path)
    seen = pictures.describe("describe", path=str(path), kind="still", most_pixels=1_000_000)
    assert (seen["width"], seen["height"]) == (80, 60)
    with pytest.raises(SourceError, match="4,800 pixels"):
        pictures.describe("describe", path=str(path), kind="still", most_pixels=4000)
    assert pictures.describe("thumbnail", path=str(path), lines=30).startswith(b"\xff\xd8")


def test_only_who_is_patient_waits_for_a_file_that_takes_long(pictures: Pictures, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    tiny_photo(path)
    with pytest.raises(TimeoutError, match="took too long"):
        pictures.describe("thumbnail", answer_seconds=0, path=str(path), lines=30)
    assert pictures.describe("thumbnail", answer_seconds=None, path=str(path), lines=30)


def test_a_picture_that_became_a_link_meanwhile_is_not_shown(tmp_path: Path) -> None:
    with serving(tmp_path / "root") as (browser, server):
        path, secret = server.root.path / "photo.png", tmp_path / "secret.png"
        for each in (path, secret):
            tiny_photo(each)
        project = server.projects.get(browser.post("/projects", {"path": "photo.png"})["id"])
        path.unlink()
        path.symlink_to(secret)
        values = {"input": str(path), "output": str(tmp_path / "out.png"), "overwrite": True}
        with pytest.raises(ForbiddenError, match=r"photo\.png"):
            server.ask(
                project, "frame", source={"values": values, "plan": None}, number=0, side="grey",
                lines=None, is_draft=False,
            )  # fmt: skip


def test_a_file_that_became_a_link_while_it_was_read_is_no_project(tmp_path: Path) -> None:
    with serving(tmp_path / "root") as (browser, server):
        path = server.root.path / "photo.png"
        tiny_photo(server.root.path / "other.png")
        path.symlink_to("other.png")  # it was none when it was looked for
        with pytest.raises(ConflictError, match="exchanged"):
            project_of(server, path)
        assert browser.get("/projects")["projects"] == []
