"""How far a run is, in a file of its work folder, and the wish that it ends: for people who look from elsewhere.

progress.json  written anew every second while the run lives, in place, always in the same length; a kill leaves it
cancel         made by `kinochrome cancel`; the run ends as on Ctrl-C, and removes it

A batch has both in OUT/.kinochrome/.
"""

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from jobs.progress.overall import OverallProgress, Place, command_progress
from jobs.supervise.signals import interrupt_this_process
from jobs.workdir.locks import take_lock
from jobs.workdir.work_files import CANCEL, PROGRESS

_BYTES = 1024
_EVERY_SECONDS = 1.0
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class RunState:
    """What a run says of itself."""

    film: str
    number: int
    """Of the film among those of the command, from 1; 0 for its stills."""
    count: int
    percent: float
    """Of the whole command."""
    seconds_left: float | None
    phase: str
    process: int
    host: str


class RunningNote:
    """Keeps the file up to date, and looks for the wish to end, from the beginning of the block to its end."""

    def __init__(self, folder: Path, *, film: str, part: str = "run") -> None:
        """`folder` is a work folder that this process holds."""
        self._folder = folder
        self._film, self._overall = film, OverallProgress(part)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="progress file", daemon=True)

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            (self._folder / CANCEL).unlink(missing_ok=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for name in (PROGRESS, CANCEL):
            with contextlib.suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """As `Progress.film`."""
        with self._lock:
            self._film, self._overall = name, OverallProgress(part, place=place)

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """As `Progress.stage`."""
        with self._lock:
            self._overall.update(name, done, total)

    def _keep(self) -> None:
        while True:
            with contextlib.suppress(OSError):  # a full disk or a share that is away is the run's to tell
                self._write()
                if (self._folder / CANCEL).exists():
                    (self._folder / CANCEL).unlink()
                    interrupt_this_process()
            if self._over.wait(_EVERY_SECONDS):
                return

    def _write(self) -> None:
        with self._lock:
            share, left = command_progress(self._overall)
            place = self._overall.place
            state = RunState(
                film=self._film[:200],
                number=1 if place is None else place.number,
                count=1 if place is None else place.count,
                percent=round(100 * share, 1),
                seconds_left=None if left is None else round(left, 1),
                phase=self._overall.phase,
                process=os.getpid(),
                host=socket.gethostname(),
            )
        write_in_place(self._folder / PROGRESS, json.dumps(asdict(state)), least_bytes=_BYTES)


def write_in_place(path: Path, text: str, *, least_bytes: int) -> None:
    """Writes a line over the content of a file, filled up with blanks to `least_bytes`.

    A file that keeps its length needs no room, so that this works on a full disk too. Raises OSError.
    """
    line = text.encode().ljust(least_bytes - 1) + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        os.pwrite(descriptor, line, 0)
        os.ftruncate(descriptor, len(line))
    finally:
        os.close(descriptor)


def read_state(folder: Path) -> RunState | None:
    """What the run in a work folder said last; None where it said nothing, or ended in good order."""
    try:
        return RunState(**json.loads((folder / PROGRESS).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def is_held(lock: Path) -> bool:
    """Whether a process holds this lock now; where the file system has no locks, False."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not take_lock(descriptor, fcntl.LOCK_SH)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def ask_to_end(folder: Path, lock: Path, *, patience_seconds: float, waiting: Callable[[], None]) -> bool:
    """Asks the run in a folder to end and waits until it has; whether it has. `waiting` is called once before."""
    (folder / CANCEL).touch()
    waiting()
    until = time.monotonic() + patience_seconds
    while is_held(lock):
        if time.monotonic() > until:
            with contextlib.suppress(OSError):
                (folder / CANCEL).unlink(missing_ok=True)
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
