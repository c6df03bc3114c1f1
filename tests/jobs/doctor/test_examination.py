"""`kinochrome doctor` on a machine that works, and on one with a fault of each kind."""

import json
from pathlib import Path

import pytest

from jobs.cli.main import main
from jobs.doctor.libraries import look_at_ffmpeg
from jobs.doctor.storage import look_at_disk, look_at_locks

SUBJECTS = ["Python", "packages", "PyTorch", "CUDA", "FFmpeg", "encoders", "weights", "disk", "locks", "film"]


def test_a_machine_that_works_is_ready_thing_by_thing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", str(tmp_path)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert [line.split()[1] for line in lines] == SUBJECTS
    assert {line.split()[0] for line in lines} <= {"ok", "note"}
    for encoder in ("libx264", "ffv1", "prores_ks", "dnxhd"):
        assert encoder in lines[5]
    assert "two frames were coloured and verified" in lines[9]
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_told_at_its_place_and_the_rest_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", str(tmp_path / "none"), "--json-events"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert f"disk: cannot write to {tmp_path / 'none'}: No such file or directory" in last["message"]
    assert f"locks: no such folder: {tmp_path / 'none'}" in last["message"]
    assert "film" not in last["message"].replace(str(tmp_path), "")


def test_a_program_that_is_not_ffmpeg_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/bin/false")
    found = look_at_ffmpeg()
    assert (found.state, found.told) == ("missing", "/bin/false ends with 1")
    assert "IMAGEIO_FFMPEG_EXE" in found.advice


def test_the_folder_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    assert look_at_disk(tmp_path).state in ("ok", "note")
    found = look_at_locks(tmp_path)
    assert (found.state, list(tmp_path.iterdir())) == ("ok", [])
