"""The process that makes pictures: its crash, its hang and its errors reach the one who asked, and nobody else."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.web.contract.errors import BusyError, TimeoutError
from jobs.web.pictures import Pictures
from pipeline.errors import SourceError
from tests.webapp import tiny_photo


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    made = Pictures()
    yield made
    made.close()


def describe(pictures: Pictures, path: Path) -> object:
    return pictures.ask("describe", path=str(path), kind="still", most_pixels=1_000_000)


def test_a_process_that_dies_or_hangs_is_replaced(pictures: Pictures, tmp_path: Path) -> None:
    tiny_photo(tmp_path / "photo.png")
    seen = describe(pictures, tmp_path / "photo.png")
    assert isinstance(seen, dict) and (seen["width"], seen["height"]) == (80, 60)
    with pytest.raises(SourceError, match=r"none\.png"):
        describe(pictures, tmp_path / "none.png")
    process = pictures._process
    assert process is not None and process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    pictures._answer_seconds = 0.2
    with pytest.raises(TimeoutError):
        describe(pictures, tmp_path / "photo.png")
    pictures._answer_seconds = 25
    assert describe(pictures, tmp_path / "photo.png") == seen


def test_who_waits_too_long_for_his_turn_is_told(pictures: Pictures, tmp_path: Path) -> None:
    pictures._turn_seconds = 0.05
    with pictures._turn, pytest.raises(BusyError):
        describe(pictures, tmp_path / "photo.png")


def test_stills_of_too_many_pixels_are_not_read(pictures: Pictures, tmp_path: Path) -> None:
    tiny_photo(tmp_path / "photo.png")
    with pytest.raises(SourceError, match="4,800 pixels"):
        pictures.ask("describe", path=str(tmp_path / "photo.png"), kind="still", most_pixels=4000)
