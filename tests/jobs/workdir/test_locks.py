"""What a work folder that goes away becomes: one line that names the file and says what works."""

from pathlib import Path

import pytest

from jobs.workdir.locks import reachable
from pipeline.errors import OutputError, SourceError


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"cannot use .*proxy\.mkv: No such file") as told,
        reachable(tmp_path),
    ):
        (tmp_path / "proxy.mkv").read_bytes()
    assert "is gone" not in str(told.value)


def test_a_folder_that_is_gone_is_said_once(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    faults = (
        lambda: (folder / "proxy.mkv").read_bytes(),
        lambda: fail(OutputError("cannot write")),
        lambda: fail(SourceError("colour proxy work/proxy.mkv: cannot be decoded")),
    )
    for fault in faults:
        with pytest.raises(OutputError) as told, reachable(folder), reachable(folder):
            fault()
        assert str(told.value).count("is gone; the same command goes on once it is back") == 1


def test_other_faults_pass(tmp_path: Path) -> None:
    for error in (SourceError("film.mkv"), ValueError("x"), FileNotFoundError(2, "no", "/elsewhere/file")):
        with pytest.raises(type(error)) as told, reachable(tmp_path):
            raise error
        assert told.value is error


def fail(error: Exception) -> None:
    raise error
