"""What `publish_folder` promises: a folder that is whole or absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.atomic_files import publish_folder
from pipeline.errors import OutputError
from pipeline.partial_files import partial_path, remove_partials


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_folder_is_whole_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "bag"
    with publish_folder(target) as partial:
        (partial / "data").mkdir()
        (partial / "data" / "film").write_bytes(b"film")
        assert not target.exists()
    assert (target / "data" / "film").read_bytes() == b"film"
    with pytest.raises(KeyboardInterrupt), publish_folder(tmp_path / "other") as partial:
        (partial / "film").write_bytes(b"half")
        raise KeyboardInterrupt
    assert _names(tmp_path) == ["bag"]


def test_a_folder_does_not_replace_one_with_something_in_it(tmp_path: Path) -> None:
    target = tmp_path / "bag"
    target.mkdir()
    (target / "mine").write_bytes(b"kept")
    with (
        pytest.raises(OutputError, match=r"cannot write .*bag: there is a folder of that name"),
        publish_folder(target) as partial,
    ):
        (partial / "film").write_bytes(b"film")
    assert _names(tmp_path) == ["bag"]
    assert _names(target) == ["mine"]


def test_a_partial_folder_of_a_dead_run_is_removed(tmp_path: Path) -> None:
    alive = partial_path(tmp_path / "bag")
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead = tmp_path / alive.name.replace(f".{os.getpid()}.", f".{child.pid}.")
    for folder in (alive, dead):
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "film").write_bytes(b"half")
    assert remove_partials(tmp_path, name="bag") == [dead]
    assert _names(tmp_path) == [alive.name]
