"""Locks that keep processes in one work folder from doing the same work.

They save work but are not needed for a correct result: on a share without locks, or with locks for each host alone,
work may be done twice, with the same result. A lock is free at once when its holder dies.

`reachable` turns errors of a work folder that disappears with its disk or share into an OutputError.
"""

import contextlib
import errno
import fcntl
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from pipeline.errors import KinochromeError, OutputError

LOCK_NAME = "lock"
"""The lock file of a segment, in its folder, and that of a batch, in its folder of what is known."""
_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_PAUSE_SECONDS = 0.1
_HELD = re.compile(rb"process [0-9]+\n")
OPEN_LOCK = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
"""Flags for opening a lock; never through a link, because the holder's name is written into the file."""


class WorkLock:
    """A lock that this process holds until `release`, or to the end of the `with` block."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Releases the lock; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):  # the descriptor is closed even if the disk reports an error
                os.close(descriptor)


def try_lock(path: Path) -> WorkLock | None:
    """Takes the lock of the file `path`; None if another process holds it. Raises OutputError."""
    try:
        descriptor = os.open(path, OPEN_LOCK, 0o666)
    except OSError as error:
        raise OutputError(f"cannot use the lock {path}: {error.strerror}") from error
    try:
        if not flock(descriptor, fcntl.LOCK_EX):
            os.close(descriptor)
            return None
        with contextlib.suppress(OSError):  # a full disk is no reason to fail
            write_holder(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        raise
    return WorkLock(descriptor)


@contextlib.contextmanager
def hold_lock(path: Path, *, waiting: Callable[[str], None]) -> Iterator[None]:
    """Holds the lock during the block; while another process holds it, waits and calls `waiting` once with its name."""
    has_called = False
    while (lock := try_lock(path)) is None:
        if not has_called:
            waiting(" on ".join(holder(path)))
            has_called = True
        time.sleep(_PAUSE_SECONDS)
    with lock:
        yield


def flock(descriptor: int, how: int) -> bool:
    """As `take_lock`, but raises OutputError."""
    try:
        return take_lock(descriptor, how)
    except OSError as error:
        raise OutputError(f"cannot lock: {error.strerror}; --work on another disk works") from error


def take_lock(descriptor: int, how: int) -> bool:
    """Takes the lock `how` (LOCK_EX or LOCK_SH) if it is free; returns whether it is ours, or there are no locks.

    Raises OSError if the file system has locks and fails.
    """
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
    return True


def write_holder(descriptor: int) -> None:
    """Writes this process into the lock's file, which is never empty meanwhile. Raises OSError."""
    name = f"process {os.getpid()}\n{socket.gethostname()}\n".encode()
    os.pwrite(descriptor, name, 0)
    os.ftruncate(descriptor, len(name))


def renew_lock_file(path: Path) -> None:
    """Makes the file of a lock again that we hold and somebody removed. Raises OSError."""
    descriptor = os.open(path, OPEN_LOCK, 0o666)
    try:
        write_holder(descriptor)
    finally:
        os.close(descriptor)


def is_lock(path: Path) -> bool:
    """Whether a file is a lock that Kinochrome wrote: it names a process."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return _HELD.match(file.read(64)) is not None
    except OSError:
        return False


def holder(path: Path) -> tuple[str, str]:
    """Process and host in the lock's file: whoever took the lock last."""
    with contextlib.suppress(OSError):
        process, _, host = path.read_bytes()[:300].decode(errors="replace").strip().partition("\n")
        return process or "just starting", host or "some host"
    return "just starting", "some host"


@contextlib.contextmanager
def reachable(folder: Path) -> Iterator[None]:
    """Turns an OSError of the block about a file in `folder` into an OutputError that names the file.

    If the folder itself is gone, the error says so, once. Blocks may be nested.
    """
    try:
        yield
    except KinochromeError as error:
        if folder.is_dir() or _gone(folder) in str(error):
            raise
        raise OutputError(f"{error}; {_gone(folder)}") from error
    except OSError as error:
        if error.filename is None or folder not in Path(os.fsdecode(error.filename)).parents:
            raise
        message = f"cannot use {os.fsdecode(error.filename)}: {error.strerror}"
        raise OutputError(message if folder.is_dir() else f"{message}; {_gone(folder)}") from error


def _gone(folder: Path) -> str:
    return f"the work folder {folder} is gone; the same command goes on once it is back"
