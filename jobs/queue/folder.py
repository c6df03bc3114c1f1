"""The spool folder: jobs in, claimed, moved on; each by one rename that exactly one of several hosts wins.

spool.json   marks the folder and tells the format
queue/ running/ done/ failed/ cancelled/   job files, see `entry.py`
logs/        what the runs of a job said, ID.log
seen/        what a drop folder has brought already

Nothing here trusts a clock. Where the folder cannot be reached or written, SpoolError is raised, so that
"somebody else was faster" and "the share is gone" are never taken for each other.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jobs.queue.entry import STATES, Entry, State, parse_name
from jobs.workdir.locks import take_lock
from pipeline.atomic_files import make_durable, publish, read_json, write_json
from pipeline.errors import OutputError, SettingsError
from pipeline.partial_files import remove_partials

_MARK, _FORMAT = "spool.json", 1
_LOGS, _SEEN = "logs", "seen"
_LOCK_SECONDS = 30.0


def is_spool(path: Path) -> bool:
    """Whether a folder is a spool."""
    return (path / _MARK).exists()


class SpoolError(OutputError):
    """The spool cannot be reached or written now; waiting may cure it."""


class Spool:
    """A spool folder. It holds nothing open and remembers nothing: the disk is the truth."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @classmethod
    def make(cls, path: Path) -> "Spool":
        """The spool in `path`, made where there is no folder or an empty one.

        Raises SettingsError where the folder holds other things, SpoolError where it cannot be made.
        """
        spool = cls(path)
        with _unavailable(spool.path):
            spool.path.mkdir(exist_ok=True)
            strange = sorted(set(os.listdir(spool.path)) - {*STATES, _LOGS, _SEEN})  # noqa: PTH208
            if _MARK not in strange and [name for name in strange if not name.endswith(".partial")]:
                message = f"{spool.path} is no spool and not empty (it holds {strange[0]}); another folder would work"
                raise SettingsError(message)
            for name in (*STATES, _LOGS, _SEEN):
                (spool.path / name).mkdir(exist_ok=True)
        if _MARK not in strange:
            write_json(spool.path / _MARK, {"format": _FORMAT})
        spool.check()
        return spool

    def check(self) -> None:
        """Raises SpoolError where there is no spool now, SettingsError for one of another format."""
        try:
            mark = read_json(self.path / _MARK)
        except FileNotFoundError:
            message = "spool.json is missing there); `kinochrome submit` and `worker --watch` make one"
            raise SpoolError(f"no spool at {self.path} ({message}") from None
        except OSError as error:
            raise _cannot_use(self.path, error) from error
        found = mark.get("format") if isinstance(mark, dict) else None
        if found != _FORMAT:
            message = f"format {found!r}, this version knows {_FORMAT}; run the same version on every host"
            raise SettingsError(f"{self.path}: {message}")

    def entries(self, *states: State) -> list[Entry]:
        """The jobs in these states (all, if none is named), in the order in which they are due."""
        found = []
        for state in states or STATES:
            parsed = (parse_name(name, state=state) for name in self._names(state))
            found += [entry for entry in parsed if entry is not None]
        return sorted(found, key=lambda entry: entry.id)

    def file(self, entry: Entry) -> Path:
        """The job file; there as long as nobody moves the job on."""
        return self.path / entry.state / entry.file_name

    def log_path(self, id: str) -> Path:
        """The log of a job, which may not exist yet."""
        return self.path / _LOGS / f"{id}.log"

    def seen_path(self, key: str) -> Path:
        """The note that a drop folder's file was taken, which may not exist."""
        return self.path / _SEEN / f"{key}.json"

    def sidecar(self, id: str, suffix: str) -> Path:
        """A file about a running job, beside it."""
        return self.path / "running" / f"{id}.{suffix}"

    def add(self, entry: Entry, text: str) -> None:
        """Publishes a new job. Raises SpoolError."""
        try:
            with _unavailable(self.path), publish(self.file(entry)) as partial:
                partial.write_text(text, encoding="utf-8")
        except SpoolError:
            raise
        except OutputError as error:
            raise SpoolError(str(error)) from error

    def claim(self, claim: str) -> Entry | None:
        """Takes the job that is due, counting the attempt; None where none waits. Raises SpoolError."""
        for name in sorted(self._names("queue")):
            entry = parse_name(name, state="queue")
            if entry is not None:
                taken = self.move(entry, "running", attempts=entry.attempts + 1, claim=claim)
                if taken is not None:
                    return taken
        return None

    def move(
        self, entry: Entry, state: State, *, attempts: int | None = None, claim: str = ""
    ) -> Entry | None:
        """The job after one rename into `state`; None where somebody else moved it first.

        Raises SpoolError.
        """
        counted = entry.attempts if attempts is None else attempts
        moved = replace(entry, state=state, attempts=counted, claim=claim)
        with _unavailable(self.path):
            try:
                self.file(entry).rename(self.file(moved))
            except FileNotFoundError:
                # a file server that repeats a request answers the second time that the file is gone
                if claim and self.file(moved).exists():
                    return moved
                self.check()
                return None
            if state != "running":
                with contextlib.suppress(OSError):  # the rename is done, however long it will last
                    make_durable(self.path / state)
        return moved

    def holds(self, entry: Entry) -> bool:
        """Whether the job still is where it was. Raises SpoolError if that is unknown."""
        with _unavailable(self.path):
            try:
                self.file(entry).open("rb").close()  # network shares look anew for an open, not for a stat
            except FileNotFoundError:
                self.check()
                return False
        return True

    def tidy(self) -> None:
        """Removes what dead processes left: partials, and files beside running jobs whose job has ended."""
        self.check()
        with _unavailable(self.path):
            for folder in (self.path, *(self.path / name for name in (*STATES, _LOGS, _SEEN))):
                remove_partials(folder)
            beside = [name for name in self._names("running") if not name.endswith(".yaml")]
            done = {entry.id for entry in self.entries("done")} if beside else set()
            ended = {entry.id for entry in self.entries("failed", "cancelled")} if beside else set()
            for name in beside:
                id = name.partition(".")[0]
                if id in done or (id in ended and name.endswith(".beat")):
                    (self.path / "running" / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """For the length of the block nobody else adds jobs. Raises SpoolError after half a minute.

        Where the file system has no locks, the block runs without.
        """
        with _unavailable(self.path):
            descriptor = os.open(self.path / _MARK, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._lock(descriptor)
            yield
        finally:
            with contextlib.suppress(OSError):  # what was done is done, whatever the disk says of the lock
                os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        until = time.monotonic() + _LOCK_SECONDS
        with _unavailable(self.path):
            while not take_lock(descriptor, fcntl.LOCK_EX):
                if time.monotonic() > until:
                    message = f"another submit has held {self.path} for {_LOCK_SECONDS:.0f} s; stop it, or try again"
                    raise SpoolError(message)
                time.sleep(0.05)

    def _names(self, state: State) -> list[str]:
        try:
            return os.listdir(self.path / state)  # noqa: PTH208  # names are all that is wanted
        except OSError as error:
            self.check()
            raise _cannot_use(self.path / state, error) from error


@contextlib.contextmanager
def _unavailable(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into SpoolError; our own errors pass."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise _cannot_use(path, error) from error


def _cannot_use(path: Path, error: OSError) -> SpoolError:
    where = error.filename if isinstance(error.filename, str) else path
    return SpoolError(f"cannot use the spool: {where}: {(error.strerror or str(error)).lower()}")
