"""What `publish` promises: whole or absent, and one clear line where it cannot be."""

import errno
import json
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.atomic_files import disk_fault, free_bytes, publish, read_json, write_json
from pipeline.errors import OutputError, SettingsError
from pipeline.partial_files import partial_path, remove_partials


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_block_that_ends_well_leaves_the_whole_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "film.mkv"
    with publish(target) as partial:
        assert partial.parent == target.parent
        assert partial.name.startswith("film.mkv.")
        assert re.fullmatch(rf".+\.{os.getpid()}\.[0-9a-f]{{8}}-[0-9a-f]{{8}}\.partial", partial.name)
        partial.write_bytes(b"picture")
        assert not target.exists()
    assert target.read_bytes() == b"picture"
    assert _names(tmp_path) == ["film.mkv"]


def test_threads_that_publish_one_file_at_once_all_end_well_and_the_last_one_stays(tmp_path: Path) -> None:
    target, written = tmp_path / "strip.jpg", threading.Barrier(8)

    def write(number: int) -> None:
        with publish(target) as partial:
            partial.write_bytes(bytes([number]) * 9)
            written.wait(60)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write, number) for number in range(8)]:
            done.result()
    assert target.read_bytes() in {bytes([number]) * 9 for number in range(8)}
    assert _names(tmp_path) == ["strip.jpg"]


@pytest.mark.parametrize("exception", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_any_exception_removes_the_partial_and_keeps_the_old_file(
    tmp_path: Path, exception: type[BaseException]
) -> None:
    target = tmp_path / "film.mkv"
    target.write_bytes(b"old")
    with pytest.raises(exception), publish(target) as partial:
        partial.write_bytes(b"half")
        raise exception
    assert target.read_bytes() == b"old"
    assert _names(tmp_path) == ["film.mkv"]


def test_a_partial_of_an_earlier_life_of_this_pid_is_not_appended_to(tmp_path: Path) -> None:
    target = tmp_path / "film.mkv"
    partial_path(target).write_bytes(b"left over")
    with publish(target) as partial:
        assert not partial.exists()
        with partial.open("ab") as file:
            file.write(b"new")
    assert target.read_bytes() == b"new"


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "film.mkv"
    with pytest.raises(OutputError) as caught, publish(target):
        pytest.fail("the block must not run")
    message = str(caught.value)
    assert message.startswith(f"cannot write {target}: no such folder; ")
    assert re.search(r"[0-9] MB free", message)
    assert "\n" not in message


def test_a_folder_in_the_way_is_one_clear_line(tmp_path: Path) -> None:
    target = tmp_path / "film.mkv"
    target.mkdir()
    with pytest.raises(OutputError, match="there is a folder of that name"), publish(target) as partial:
        partial.write_bytes(b"x")
    assert _names(tmp_path) == ["film.mkv"]


def test_a_file_in_place_of_the_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="not a folder"), publish(tmp_path / "file" / "film.mkv"):
        pytest.fail("the block must not run")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    target = tmp_path / "film.mkv"
    full = r"the disk is full; [0-9.,]+ MB free"
    with pytest.raises(OutputError, match=full) as caught, publish(target):
        Path("/dev/full").write_bytes(b"picture")
    assert str(target) in str(caught.value)
    assert _names(tmp_path) == []


@contextmanager
def _file_size_limit(size: int) -> Iterator[None]:
    """No file of this process grows past `size` bytes: not pytest's own output either, so keep it short."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_size_limit_is_one_clear_line(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="no file this large"),
        publish(tmp_path / "film.mkv") as partial,
        _file_size_limit(4096),
    ):
        partial.write_bytes(bytes(8192))
    assert _names(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE])
def test_an_error_of_the_disk_that_names_no_file_is_told_of_the_output(tmp_path: Path, code: int) -> None:
    """As a write or fsync raises it."""
    with (
        pytest.raises(OutputError, match=r"cannot write .*film\.mkv: [^\n]+"),
        publish(tmp_path / "film.mkv") as partial,
    ):
        partial.write_bytes(b"half")
        raise OSError(code, os.strerror(code))
    assert _names(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EROFS, errno.EDQUOT, errno.EACCES, errno.EPERM])
def test_a_disk_that_refuses_is_an_output_error(tmp_path: Path, code: int) -> None:
    with (
        pytest.raises(OutputError, match=r"cannot write .*film\.mkv"),
        publish(tmp_path / "film.mkv") as partial,
    ):
        raise OSError(code, os.strerror(code), str(partial))


def test_a_source_that_cannot_be_read_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="source"), publish(tmp_path / "film.mkv"):
        (tmp_path / "source.mkv").read_bytes()
    assert _names(tmp_path) == []


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nothing was written"), publish(tmp_path / "film.mkv"):
        pass


def test_names_of_the_greatest_length_can_be_published(tmp_path: Path) -> None:
    target = tmp_path / ("ü" * 127)
    with publish(target) as partial:
        partial.write_bytes(b"x")
        assert partial_path(tmp_path / ("ü" * 126 + "uu")) != partial
    assert _names(tmp_path) == [target.name]


def test_json_comes_back_and_is_the_same_bytes_for_the_same_value(tmp_path: Path) -> None:
    value = {"b": [1, 2.5, None], "a": {"größe": "name with spaces…"}, "big": 2**64 - 1}
    write_json(tmp_path / "one.json", value)
    write_json(tmp_path / "two.json", dict(reversed(value.items())))
    data = (tmp_path / "one.json").read_bytes()
    assert data == (tmp_path / "two.json").read_bytes()
    assert data.endswith(b"}\n")
    assert "größe" in data.decode()
    assert read_json(tmp_path / "one.json") == value
    write_json(tmp_path / "one.json", value, compact=True)
    assert (tmp_path / "one.json").read_bytes().count(b"\n") == 1
    assert read_json(tmp_path / "one.json") == value


def test_json_keeps_file_names_that_are_not_unicode(tmp_path: Path) -> None:
    name = os.fsdecode(b"film\xff.mkv")
    write_json(tmp_path / "one.json", {"path": name})
    assert read_json(tmp_path / "one.json") == {"path": name}


def test_json_that_is_no_number_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "one.json", {"rate": float("nan")})
    assert _names(tmp_path) == []


@pytest.mark.parametrize("data", [b"", b'{"a": 1', b"\xff\xfe\x00", b"text"])
def test_what_is_not_json_is_a_clear_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "one.json").write_bytes(data)
    with pytest.raises(SettingsError, match=r"cannot read .*one\.json: not JSON"):
        read_json(tmp_path / "one.json")


def test_json_that_is_not_there_is_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "one.json")


def test_a_killed_writer_leaves_the_old_file_and_a_partial_that_can_be_removed(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    write_json(target, {"run": 1})
    script = (
        "import os, pathlib, signal, sys\n"
        "from pipeline.atomic_files import publish\n"
        "with publish(pathlib.Path(sys.argv[1])) as partial:\n"
        "    partial.write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    child = subprocess.run([sys.executable, "-c", script, str(target)], cwd=root, check=False)
    assert child.returncode == -9
    assert len(_names(tmp_path)) == 2
    assert json.loads(target.read_bytes()) == {"run": 1}
    assert len(remove_partials(tmp_path)) == 1
    assert _names(tmp_path) == ["plan.json"]


def test_only_errors_of_disk_and_machine_are_told_as_such() -> None:
    for code in (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EMFILE, errno.ENFILE):
        told = disk_fault(OSError(code, os.strerror(code), "log.jsonl"))
        assert told is not None
        assert told.startswith("cannot use log.jsonl: ")
    assert disk_fault(OSError(errno.EIO, "Input/output error")) is not None
    assert disk_fault(OSError(errno.EBADF, "Bad file descriptor")) is None


def test_free_bytes_asks_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet" / "film.mkv") > 0
