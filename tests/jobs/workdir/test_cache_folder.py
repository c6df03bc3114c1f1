"""The folder of cached proxies by itself: what is found, what goes, and what many processes may do to it."""

import logging
import multiprocessing
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from jobs.workdir.cache_folder import ProxyCache
from pipeline.partial_files import partial_path

MEGABYTE = 1_000_000


def key(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def keep(cache: ProxyCache, number: int, size: int = 1000) -> bytes:
    data = bytes([number % 256]) * size
    cache.keep(key(number), data, luma=f"luma {number}", frames=8)
    return data


def entry(folder: Path, number: int) -> Path:
    return folder / key(number)[:2] / f"{key(number)}.proxy"


def age(folder: Path, number: int, seconds: int) -> None:
    """As if it had been used so long ago."""
    path = entry(folder, number)
    time = path.stat().st_mtime - seconds
    os.utime(path, (time, time))


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("??/*.proxy"))


def test_what_was_kept_is_found_by_others(tmp_path: Path) -> None:
    data = keep(ProxyCache(tmp_path / "c", limit_bytes=MEGABYTE), 1)
    cache = ProxyCache(tmp_path / "c", limit_bytes=MEGABYTE)
    found = cache.find(key(1))
    assert found is not None
    assert (found[0].luma, found[0].frames, found[1]) == ("luma 1", 8, data)
    assert cache.find(key(2)) is None
    assert sorted(path.name for path in tmp_path.rglob("*.partial")) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
        lambda data: data.replace(b'"kind": "kinochrome proxy 1"', b'"kind": "kinochrome proxy 0"'),
        lambda data: data.partition(b"\n")[2],
        lambda data: b"[" * 100_000,
        lambda data: b"",
        lambda data: b'{"kind": 1}\n' + data,
    ],
)
def test_a_damaged_entry_is_told_and_taken_away(
    spoil: Callable[[bytes], bytes], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = ProxyCache(tmp_path, limit_bytes=MEGABYTE)
    data = keep(cache, 1)
    path = entry(tmp_path, 1)
    path.write_bytes(spoil(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert cache.find(key(1)) is None
    assert f"{path}: damaged" in caplog.text
    assert not path.exists()
    assert keep(cache, 1) == data
    assert cache.find(key(1)) is not None


def test_the_limit_is_kept_and_what_was_used_longest_ago_goes(tmp_path: Path) -> None:
    cache = ProxyCache(tmp_path, limit_bytes=13_500)
    for number in range(10):
        keep(cache, number)
        age(tmp_path, number, 1000 - number)
    assert cache.find(key(0)) is not None  # is now the one that was used last
    for number in range(10, 13):
        keep(cache, number)
        assert size_of(tmp_path) <= 13_500
    assert cache.find(key(0)) is not None
    assert cache.find(key(1)) is None
    assert all(cache.find(key(number)) is not None for number in range(6, 13))


def test_a_lower_limit_and_what_others_added_count(tmp_path: Path) -> None:
    for number in range(10):
        keep(ProxyCache(tmp_path, limit_bytes=MEGABYTE), number)
    keep(ProxyCache(tmp_path, limit_bytes=5000), 10)
    assert size_of(tmp_path) <= 4500


def test_what_is_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = ProxyCache(tmp_path, limit_bytes=5000)
    keep(cache, 1)
    keep(cache, 2, size=6000)
    assert cache.find(key(1)) is not None
    assert cache.find(key(2)) is None


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    cache = ProxyCache(tmp_path, limit_bytes=3000)
    keep(cache, 1)
    others = [tmp_path / "notes.txt", tmp_path / "ab" / "film.mkv", tmp_path / "films" / f"{key(5)}.proxy"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 5000)
        os.utime(path, (0, 0))
    for number in range(2, 8):
        keep(cache, number)
    assert all(path.exists() for path in others)


def test_the_leavings_of_dead_processes_go(tmp_path: Path) -> None:
    keep(ProxyCache(tmp_path, limit_bytes=MEGABYTE), 1)
    left = partial_path(entry(tmp_path, 1))
    left = left.with_name(left.name.replace(f".{os.getpid()}.", ".4194399."))
    left.write_bytes(b"half")
    keep(ProxyCache(tmp_path, limit_bytes=MEGABYTE), 2)
    assert not left.exists()


def test_a_cache_that_cannot_be_used_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "c").write_bytes(b"a file")
    cache = ProxyCache(tmp_path / "c", limit_bytes=MEGABYTE)
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            assert cache.find(key(number)) is None
            keep(cache, number)
    assert len(caplog.records) == 1
    assert "everything is predicted" in caplog.text


def test_a_cache_that_is_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    cache = ProxyCache(tmp_path / "c", limit_bytes=MEGABYTE)
    keep(cache, 1)
    shutil.rmtree(tmp_path / "c")
    assert cache.find(key(1)) is None
    keep(cache, 2)
    assert cache.find(key(2)) is not None


def test_an_entry_that_goes_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    cache = ProxyCache(tmp_path, limit_bytes=MEGABYTE)
    data = keep(cache, 1, size=100_000)
    with entry(tmp_path, 1).open("rb") as file:
        cache.forget(key(1))
        assert file.read().endswith(data)
    assert cache.find(key(1)) is None


def hammer(folder: str, seed: int) -> int:
    """Keeps and finds in turns; returns how many entries were found, each of them whole."""
    cache, found = ProxyCache(Path(folder), limit_bytes=20_000), 0
    for step in range(60):
        number = (seed * 7 + step * 5) % 30
        keep(cache, number)
        got = cache.find(key((number + 5) % 30))
        if got is not None:
            assert got[1] == bytes([(number + 5) % 30]) * 1000
            found += 1
    return found


def test_processes_share_the_folder_without_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(hammer, [(str(tmp_path), seed) for seed in range(3)])
    assert all(found)
    assert list(tmp_path.rglob("*.partial")) == []
    cache = ProxyCache(tmp_path, limit_bytes=20_000)
    keep(cache, 31)
    assert size_of(tmp_path) <= 20_000
    with caplog.at_level(logging.WARNING):
        whole = [number for number in range(30) if cache.find(key(number)) is not None]
    assert whole
    assert caplog.text == ""


def test_room_is_made_of_entries_only_and_never_through_links(tmp_path: Path) -> None:
    """Files of the same names that are no entries, and entries of another cache that a link leads to."""
    other, folder = tmp_path / "other", tmp_path / "c"
    keep(ProxyCache(other, limit_bytes=MEGABYTE), 1)
    folder.mkdir()
    entry(folder, 1).parent.symlink_to(entry(other, 1).parent)
    users = entry(folder, 2)
    users.parent.mkdir()
    users.write_bytes(b"mine" * 1000)
    linked = entry(folder, 3)
    linked.parent.mkdir(exist_ok=True)
    linked.symlink_to(entry(other, 1))
    cache = ProxyCache(folder, limit_bytes=3000)
    for number in range(4, 9):
        keep(cache, number)
    assert 0 < sum(entry(folder, number).exists() for number in range(4, 9)) < 4
    assert users.read_bytes() == b"mine" * 1000
    assert linked.is_symlink()
    assert entry(other, 1).exists()
