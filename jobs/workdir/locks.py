"""Locks by which processes that share a work folder leave each other's work alone.

They save work and carry no promise: on a share that knows no locks, or keeps them to each host, work may be
done twice, and comes out the same. A lock is free at once when its holder dies.

A work folder that goes away while it is worked in, with its disk or its share: a fault to be told, not a bug.
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
from types import TracebackType
from typing import Self

from pipeline.errors import KinochromeError, OutputError

LOCK_NAME = "lock"
_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_PAUSE_SECONDS = 0.1
_HELD = re.compile(rb"process [0-9]+\n")
OPEN_LOCK = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
"""How a lock is opened: never through a link, for what holds it is written into it."""


class WorkLock:
    """A lock that this process holds until `release`, or to the end of the `with` block."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Lets go of it; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):  # closed it is, whatever the disk has to say
                os.close(descriptor)


def try_lock(path: Path) -> WorkLock | None:
    """The lock that the file `path` stands for, or None where another holds it. Raises OutputError."""
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
    """Holds the lock for the length of the block; while another has it, waits, and tells once whose it is."""
    told = False
    while (lock := try_lock(path)) is None:
        if not told:
            waiting(" on ".join(holder(path)))
            told = True
        time.sleep(_PAUSE_SECONDS)
    with lock:
        yield


def flock(descriptor: int, how: int) -> bool:
    """As `take_lock`, in a work folder: raises OutputError."""
    try:
        return take_lock(descriptor, how)
    except OSError as error:
        raise OutputError(f"cannot lock: {error.strerror}; --work on another disk works") from error


def take_lock(descriptor: int, how: int) -> bool:
    """Whether the lock `how` (LOCK_EX or LOCK_SH) was to be had; True where the file system has no locks.

    Raises OSError where it has them and fails.
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
    """Notes in the lock's file who has it; at no moment is nobody noted who was before. Raises OSError."""
    told = f"process {os.getpid()}\n{socket.gethostname()}\n".encode()
    os.pwrite(descriptor, told, 0)
    os.ftruncate(descriptor, len(told))


def renew_lock_file(path: Path) -> None:
    """Makes the file of a lock that we hold and somebody removed, for others to see. Raises OSError."""
    descriptor = os.open(path, OPEN_LOCK, 0o666)
    try:
        write_holder(descriptor)
    finally:
        os.close(descriptor)


def is_lock(path: Path) -> bool:
    """Whether a file is a lock that somebody of ours has held: it names a process."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return _HELD.match(file.read(64)) is not None
    except OSError:
        return False


def holder(path: Path) -> tuple[str, str]:
    """Who noted last that the lock is his: process and host."""
    with contextlib.suppress(OSError):
        process, _, host = path.read_bytes()[:300].decode(errors="replace").strip().partition("\n")
        return process or "just starting", host or "some host"
    return "just starting", "some host"


@contextlib.contextmanager
def reachable(folder: Path) -> Iterator[None]:
    """For the length of the block, a file of `folder` that cannot be used is an OutputError that names it.

    Where the folder itself is gone, every error is one that says so, once. Blocks may lie in each other.
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
        told = f"cannot use {os.fsdecode(error.filename)}: {error.strerror}"
        raise OutputError(told if folder.is_dir() else f"{told}; {_gone(folder)}") from error


def _gone(folder: Path) -> str:
    return f"the work folder {folder} is gone; the same command goes on once it is back"
