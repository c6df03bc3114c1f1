"""Names of what is not whole yet: what dead runs left goes, and nothing else."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pipeline.partial_files import partial_path, remove_partials, remove_temporary_folders, temporary_folder


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def _partial_of(path: Path, *, pid: int, place: str | None = None) -> Path:
    """The partial of another process; `place` says where its number counts, if not where ours does."""
    name = partial_path(path).name.replace(f".{os.getpid()}.", f".{pid}.")
    return path.with_name(re.sub(r"[0-9a-f]{8}(?=-)", place, name) if place else name)


def test_partials_of_dead_runs_are_removed_and_others_stay(tmp_path: Path) -> None:
    stale = _partial_of(tmp_path / "a.mkv", pid=_dead_pid())
    old_elsewhere = _partial_of(tmp_path / "b.mkv", pid=7, place="00000000")
    new_elsewhere = _partial_of(tmp_path / "c.mkv", pid=7, place="00000000")
    ours = partial_path(tmp_path / "d.mkv")
    users = tmp_path / "download.partial"
    for path in (stale, old_elsewhere, new_elsewhere, ours, users):
        path.write_bytes(b"x")
    two_hours_ago = time.time() - 7200
    os.utime(old_elsewhere, (two_hours_ago, two_hours_ago))
    os.utime(ours, (two_hours_ago, two_hours_ago))
    assert remove_partials(tmp_path) == [stale, old_elsewhere]
    assert _names(tmp_path) == sorted([new_elsewhere.name, ours.name, users.name])


def test_a_number_of_another_container_is_not_taken_for_one_of_ours(tmp_path: Path) -> None:
    """Same host name, same boot, another name space of processes: whether that number lives here says nothing."""
    dead = _dead_pid()
    theirs = _partial_of(tmp_path / "film.mkv", pid=dead, place="0badcafe")
    theirs.write_bytes(b"they are writing this")
    assert remove_partials(tmp_path) == []
    assert theirs.exists()


def test_two_processes_of_one_number_never_write_into_one_partial(tmp_path: Path) -> None:
    """As two containers have them, that were started alike."""
    script = (
        "from pathlib import Path; from pipeline.atomic_files import partial_path\n"
        "print(partial_path(Path('a')), partial_path(Path('a')))"
    )
    command = ["unshare", "-Urpf", "--mount-proc", sys.executable, "-c", script]
    done = [
        subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    if any(one.returncode for one in done):
        pytest.skip("this system lets us make no name spaces")
    first, second = (one.stdout.split() for one in done)
    assert [name.split(".")[2] for name in (*first, *second)] == ["1"] * 4
    assert first[0] == first[1] != second[0]


def test_a_partial_of_a_process_that_nobody_buried_is_removed(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is over, and a zombie until it is waited for
    left = tmp_path / partial_path(tmp_path / "film.mkv").name.replace(f".{os.getpid()}.", f".{child.pid}.")
    left.write_bytes(b"half")
    assert remove_partials(tmp_path) == [left]
    child.wait()


def test_only_partials_of_the_named_file_are_removed(tmp_path: Path) -> None:
    mine, other = (_partial_of(tmp_path / name, pid=_dead_pid()) for name in ("mine.mkv", "not.mine.mkv"))
    mine.write_bytes(b"x")
    other.write_bytes(b"x")
    assert remove_partials(tmp_path, name="mine.mkv") == [mine]
    assert _names(tmp_path) == [other.name]


def test_a_link_that_is_named_like_a_stale_partial_is_not_followed(tmp_path: Path) -> None:
    users = tmp_path / "mine"
    users.mkdir()
    (users / "film").write_bytes(b"film")
    _partial_of(tmp_path / "bag", pid=_dead_pid()).symlink_to(users)
    assert remove_partials(tmp_path) == []
    assert (users / "film").read_bytes() == b"film"


def test_temporary_folders_of_dead_processes_go_and_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary, users = tmp_path / "tmp", tmp_path / "users"
    for folder in (temporary, users):
        folder.mkdir()
    (users / "film").write_bytes(b"film")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with temporary_folder() as ours:
        (ours / "cover.jpg").write_bytes(b"x")
        dead = ours.with_name(ours.name.replace(f"-{os.getpid()}-", f"-{_dead_pid()}-"))
        elsewhere = ours.with_name(re.sub(r"-[0-9a-f]{8}-", "-0badcafe-", dead.name))
        link = dead.with_name(f"{dead.name}link")
        for folder in (dead, elsewhere):
            folder.mkdir()
            (folder / "cover.jpg").write_bytes(b"x")
        link.symlink_to(users)
        remove_temporary_folders()
        assert _names(temporary) == sorted([ours.name, elsewhere.name, link.name])
        assert _names(users) == ["film"]
    assert not ours.exists()


def test_host_part_of_a_partial_has_no_dot(tmp_path: Path) -> None:
    assert partial_path(tmp_path / "x").name.count(".") == 4
