"""The names of what is not whole yet, and whose it is: partials beside their targets, folders for temporary files.

A partial is called `NAME.<host>.<pid>.<place>-<token>.partial`, beside its target so that the rename stays within one
file system. The token is random, so no two threads anywhere write into one partial, however alike their hosts
and numbers are. The place says where the number counts: in one boot of one kernel, and in one of its name spaces of
processes. A run that was killed leaves its partials behind; `remove_partials` takes those away and nobody else's.
"""

import contextlib
import functools
import os
import re
import secrets
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import xxhash

_PARTIAL = re.compile(
    r"(?P<name>.+)\.[A-Za-z0-9-]+\.(?P<pid>[0-9]+)\.(?P<place>[0-9a-f]{8})-[0-9a-f]{8}\.partial", re.DOTALL
)
_TEMPORARY = re.compile(r"kinochrome-(?P<pid>[0-9]+)-(?P<place>[0-9a-f]{8})-.+", re.DOTALL)
_LONGEST_NAME_BYTES = 255
_FOREIGN_STALE_SECONDS = 3600.0
_TRIES = 2
_own = threading.local()


def partial_path(path: Path) -> Path:
    """Where this thread writes what is to become `path`; the same as long as it lives."""
    return path.with_name(f"{_shortened(path.name)}.{_host()}.{os.getpid()}.{_place()}-{_token()}.partial")


def partials_of(path: Path) -> list[Path]:
    """The partials of `path`, whoever's they are; empty where its folder cannot be read."""
    return [found for found, _ in _partials(path.parent, _shortened(path.name))]


def all_partials(folder: Path) -> list[Path]:
    """Every partial in a folder (not in folders below it), whoever's it is; empty where it cannot be read."""
    return [found for found, _ in _partials(folder, None)]


def remove_partials(folder: Path, *, name: str | None = None) -> list[Path]:
    """Removes the partials that dead runs left in `folder` (not in folders below it) and returns their paths.

    With `name` only those of that file, which is the way to clean up in a folder that holds the user's files.
    A partial is stale once its process is gone, where we can tell; one of another host, boot or name space of
    processes after an hour without a write. Links are left alone. What cannot be removed now stays for the next run.
    """
    removed = []
    for found, match in _partials(folder, None if name is None else _shortened(name)):
        with contextlib.suppress(OSError):  # its writer has just finished, or the disk will not have it
            if _is_stale(found, place=match["place"], pid=int(match["pid"])):
                if found.is_dir():
                    shutil.rmtree(found)
                else:
                    found.unlink()
                removed.append(found)
    return removed


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder among the system's temporary files, gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"kinochrome-{os.getpid()}-{_place()}-"))
    try:
        yield folder
    finally:
        for _ in range(_TRIES):  # an error here must hide none that was before, and may be over the next time
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)


def remove_temporary_folders() -> None:
    """Removes the temporary folders that dead processes left, as far as they are ours."""
    with contextlib.suppress(OSError):
        for found in Path(tempfile.gettempdir()).glob("kinochrome-*"):
            match = _TEMPORARY.fullmatch(found.name)
            with contextlib.suppress(OSError):
                if (
                    match is not None
                    and not found.is_symlink()
                    and found.stat().st_uid == os.getuid()
                    and _is_stale(found, place=match["place"], pid=int(match["pid"]))
                ):
                    shutil.rmtree(found)


def _partials(folder: Path, name: str | None) -> list[tuple[Path, re.Match[str]]]:
    found = []
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir()):
            match = _PARTIAL.fullmatch(path.name)
            if match is not None and (name is None or match["name"] == name) and not path.is_symlink():
                found.append((path, match))
    return found


def _is_stale(path: Path, *, place: str, pid: int) -> bool:
    if place != _place():
        return time.time() - _last_write(path) > _FOREIGN_STALE_SECONDS
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # alive, and somebody else's
        return False
    return _is_zombie(pid)


def _last_write(path: Path) -> float:
    """Seconds since 1970; of a folder that of anything in it."""
    times = [path.stat().st_mtime]
    for folder, _, names in os.walk(path):
        times += [found.lstat().st_mtime for found in (Path(folder), *(Path(folder, name) for name in names))]
    return max(times)


def _is_zombie(pid: int) -> bool:
    """Whether a process of Linux is dead, and nobody has asked yet how it ended; in containers often nobody does."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return told.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:48] or "localhost"


@functools.cache
def _place() -> str:
    """Where process numbers are the same as ours; nowhere else in all the world, where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_bytes()
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  # no path, but a name like pid:[4026531836]
    except OSError:
        return secrets.token_hex(4)
    return xxhash.xxh32_hexdigest(boot + space.encode())


def _token() -> str:
    """Of this thread of this process; a process that was forked off has its own."""
    if getattr(_own, "pid", None) != os.getpid():
        _own.pid, _own.token = os.getpid(), secrets.token_hex(4)
    return str(_own.token)


os.register_at_fork(after_in_child=_place.cache_clear)


def _shortened(name: str) -> str:
    """`name`, or its beginning and its hash where a partial of it would be too long for file systems."""
    room = _LONGEST_NAME_BYTES - len(f".{_host()}.4194304.{'0' * 8}-{'0' * 8}.partial")
    data = os.fsencode(name)
    if len(data) <= room:
        return name
    digest = xxhash.xxh3_64_hexdigest(data)
    return f"{data[: room - len(digest) - 1].decode(errors='ignore')}-{digest}"
