"""The work folder of a job: one holder at a time, settings and events in it, gone when the film is done.

job.lock     held while a run works here (fcntl.flock: free at once when the holder dies)
job.yaml     the resolved settings
plan.json    shots and segments
events.jsonl what happened, a JSON object a line, appended by every run
output.json  the output that this job published, to know it again
segments/000012/
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.errors import OutputError, SettingsError
from pipeline.publish import publish, read_json, remove_partials, write_json

_LOCK, _JOB, _PLAN, _EVENTS, _OUTPUT, _SEGMENTS = (
    "job.lock",
    "job.yaml",
    "plan.json",
    "events.jsonl",
    "output.json",
    "segments",
)


def work_folder(output: Path, *, work: Path | None = None) -> Path:
    """Where the job that writes `output` works: `.NAME.kinochrome` beside it, or `NAME` inside `work`."""
    if work is not None:
        return work.absolute() / output.name
    return output.absolute().with_name(f".{output.name}.kinochrome")


def finished_fingerprint(folder: Path, output: Path) -> str | None:
    """The fingerprint under which the job of this work folder published `output`; None if it is not its work.

    A run that is killed between publishing and tidying up leaves such an output: the next run of the same
    job may take it as done. An output that anybody touched since is not recognised.
    """
    try:
        record = read_json(folder / _OUTPUT)
        seen = _identity(output)
    except (OSError, SettingsError):
        return None
    if not isinstance(record, dict) or record.get("identity") != seen:
        return None
    told = record.get("fingerprint")
    return told if isinstance(told, str) else None


class WorkDir:
    """A work folder that this process holds, from the beginning of the `with` block to its end.

    On entering, the folder is made and locked, partials of dead runs are removed and the settings written.
    On leaving, the lock is released. `discard` removes the folder at that point; so does a run that ends with
    an error before it left anything worth resuming, if the folder was its own.
    """

    def __init__(self, path: Path, *, settings: str = "", output: Path | None = None) -> None:
        """`settings` is the text of job.yaml; of `output`, stale partials are removed too."""
        self.path = path
        self._settings = settings
        self._output = output
        self._lock: int | None = None
        self._discarded = False
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        self._lock = self._acquire()
        try:
            self._tidy()
            with publish(self.path / _JOB) as partial:
                partial.write_text(self._settings, encoding="utf-8")
        except BaseException:
            self._leave(failed=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(failed=error is not None)

    @property
    def plan_path(self) -> Path:
        """Of plan.json, which need not exist yet."""
        return self.path / _PLAN

    def segment_dir(self, index: int) -> Path:
        """The folder of a segment, made where it is not there."""
        folder = self.path / _SEGMENTS / f"{index:06d}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
        return folder

    def log(self, event: str, **details: object) -> None:
        """Appends an event with its time (seconds since 1970) to events.jsonl; whole lines, in one write."""
        line = json.dumps({"time": round(time.time(), 3), "event": event, **details}, default=str) + "\n"
        try:
            with (self.path / _EVENTS).open("ab", buffering=0) as file:
                file.write(line.encode())
        except OSError as error:
            raise OutputError(f"cannot write {self.path / _EVENTS}: {error.strerror}") from error

    def record_output(self, partial: Path, *, fingerprint: str) -> None:
        """Notes that `partial`, complete but perhaps not renamed yet, is this job's output."""
        write_json(self.path / _OUTPUT, {"fingerprint": fingerprint, "identity": _identity(partial)})

    def discard(self) -> None:
        """Lets the folder and all in it go when the block ends; what is not a job's is left alone."""
        self._discarded = True

    def _acquire(self) -> int:
        """The descriptor of the lock file; made anew where a finishing run removed the folder meanwhile."""
        lock = self.path / _LOCK
        while True:
            try:
                self._make()
                descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except FileNotFoundError:
                if self.path.parent.is_dir():
                    continue
                raise OutputError(f"cannot make the work folder {self.path}") from None
            except OSError as error:
                raise OutputError(f"cannot use the work folder {self.path}: {error.strerror}") from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 100, 0).decode(errors="replace").strip()
                os.close(descriptor)
                raise SettingsError(
                    f"another run ({holder or 'just starting'}) works in {self.path}; wait for it, or stop it"
                ) from None
            except OSError as error:
                os.close(descriptor)
                raise OutputError(
                    f"cannot lock {lock}: {error.strerror}; --work on another disk works"
                ) from error
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), lock.stat()):
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, f"process {os.getpid()}\n".encode(), 0)
                    return descriptor
            os.close(descriptor)

    def _make(self) -> None:
        for folder in (self.path.parent, self.path):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                self._made.append(folder)

    def _tidy(self) -> None:
        segments = self.path / _SEGMENTS
        for folder in (self.path, *(segments.iterdir() if segments.is_dir() else ())):
            remove_partials(folder)
        if self._output is not None:
            remove_partials(self._output.parent, name=self._output.name)

    def _leave(self, *, failed: bool) -> None:
        nothing_done = failed and not self.plan_path.exists() and not (self.path / _SEGMENTS).exists()
        if self._discarded or nothing_done:
            self._remove()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _remove(self) -> None:
        """Removes what a job leaves; the lock goes last, so that nobody gets a half-removed folder."""
        shutil.rmtree(self.path / _SEGMENTS, ignore_errors=True)
        for name in (_PLAN, _JOB, _OUTPUT, _EVENTS, _LOCK):
            with contextlib.suppress(OSError):
                (self.path / name).unlink()
        for folder in dict.fromkeys((self.path, *reversed(self._made))):
            with contextlib.suppress(OSError):  # somebody keeps files of his own in it
                folder.rmdir()


def _identity(path: Path) -> list[int]:
    """What stays of a file when it is renamed, and changes when it is written: its inode, size and time."""
    found = path.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns]
