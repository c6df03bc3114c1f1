"""The work folder of a job: one run at a time, or any number of stages; gone when a run has done the film.

job.lock     held while a run or a stage works here (fcntl.flock: free at once when the holder dies); it names who
             held it last, and by that the folder is known to be ours
job.yaml     the resolved settings
plan.json    shots and segments
events.jsonl what happened, a JSON object a line, appended by every run
output.json  the output that this job published, to know it again
segments/000012/

A folder with other things in it, or a link to one, is refused: what is in a work folder gets removed.
"""

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from jobs.settings.output_paths import OUTPUT_NAME as OUTPUT
from jobs.settings.output_paths import SEGMENTS_NAME as SEGMENTS
from jobs.settings.output_paths import file_identity, page_path, record_path, segment_folder
from jobs.supervise.heartbeat import leave_trace
from jobs.workdir.locks import OPEN_LOCK, flock, hold_lock, holder, is_lock, renew_lock_file, write_holder
from jobs.workdir.segment_records import RECORD_NAME
from jobs.workdir.work_files import (
    EVENTS,
    JOB,
    LOCK,
    PLAN,
    refuse_link,
    refuse_others,
    remove_work,
    take_note_back,
)
from pipeline.atomic_files import publish, write_json
from pipeline.errors import OutputError, SettingsError
from pipeline.partial_files import remove_partials, remove_temporary_folders
from pipeline.target import target_of

Share = Literal["run", "stage", "part"]
"""Who works in a folder: `run` has it alone; a `stage` shares it with other stages, also of other hosts; a `part`
works for a run or a stage, in a process of its own, and leaves the folder as it finds it."""


class WorkDir:
    """A work folder that this process holds, from the beginning of the `with` block to its end.

    On entering, the folder is made and locked and the settings written; a run removes the partials of dead runs, a
    stage those of the folder itself.
    On leaving, the lock is released. `discard` removes the folder at that point; so does whoever ends with
    an error before anything worth resuming was left, if nobody else works in it.
    """

    def __init__(
        self,
        path: Path,
        *,
        settings: str = "",
        output: Path | None = None,
        before_output: Callable[[Path], None] | None = None,
        share: Share = "run",
    ) -> None:
        """`settings` is the text of job.yaml; of `output`, stale partials are removed too.

        `before_output` is called with the complete partial just before the output is published, and may refuse.
        """
        self.path = path
        self._settings = settings
        self._output = output
        self._before_output = before_output
        self._share = share
        self._lock: int | None = None
        self._discarded = False
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        if self._share == "part":
            return self
        self._lock = self._acquire()
        leave_trace(self._output, work=self.path, made=self._made)
        try:
            remove_temporary_folders()
            if self._share == "run":
                self.remove_partials()
            else:
                remove_partials(self.path)
            take_note_back(self.path, output=self._output, is_alone=self._share == "run")
            with publish(self.path / JOB) as partial:
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
        return self.path / PLAN

    @property
    def has_products(self) -> bool:
        """Whether anything of any segment is finished."""
        return any((self.path / SEGMENTS).glob(f"*/{RECORD_NAME}"))

    def segment_dir(self, index: int) -> Path:
        """The folder of a segment, made where it is not there."""
        folder = segment_folder(self.path, index)
        try:
            folder.parent.mkdir(exist_ok=True)  # a work folder that went away is never made anew
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
        return folder

    @contextlib.contextmanager
    def alone(self, stage: Literal["plan", "mux"], *, waiting: Callable[[str], None]) -> Iterator[None]:
        """For the length of the block no other process does that stage here; waits, and tells for whom."""
        with hold_lock(self.path / f"{stage}.lock", waiting=waiting):
            if stage == "mux":
                self._remove_output_partials()
            yield

    def remove_partials(self) -> None:
        """Removes what dead processes began to write into this folder, and of the output."""
        segments = self.path / SEGMENTS
        for folder in (self.path, *(segments.iterdir() if segments.is_dir() else ())):
            if not folder.is_symlink():
                remove_partials(folder)
        self._remove_output_partials()

    def clear_up(self, made: Iterable[Path]) -> None:
        """Does for a run that died, and had made these folders, what it does itself when it fails.

        Raises KinochromeError.
        """
        self._lock, self._made = self._acquire(), list(made)
        self.remove_partials()
        self._leave(failed=True)

    def log(self, event: str, **details: object) -> None:
        """Appends an event with its time (seconds since 1970) to events.jsonl; whole lines, in one write."""
        line = json.dumps({"time": round(time.time(), 3), "event": event, **details}, default=str) + "\n"
        try:
            with (self.path / EVENTS).open("ab", buffering=0) as file:
                file.write(line.encode())
        except OSError as error:
            raise OutputError(f"cannot write {self.path / EVENTS}: {error.strerror}") from error

    def record_output(self, partial: Path, *, fingerprint: str) -> None:
        """Notes that `partial`, complete but perhaps not renamed yet, is this job's output."""
        if self._before_output is not None:
            self._before_output(partial)
        write_json(self.path / OUTPUT, {"fingerprint": fingerprint, "identity": file_identity(partial)})

    def discard(self) -> None:
        """Lets the folder and all in it go when the block ends; what is not a job's is left alone."""
        self._discarded = True

    def _acquire(self) -> int:
        """The descriptor of the lock file; made anew where a finishing run removed the folder meanwhile."""
        lock = self.path / LOCK
        while True:
            try:
                refuse_link(self.path)
                self._make()
                refuse_others(self.path)
                descriptor = os.open(lock, OPEN_LOCK, 0o666)
            except FileNotFoundError:
                if self.path.parent.is_dir():
                    continue
                raise OutputError(f"cannot make the work folder {self.path}") from None
            except OutputError:
                raise
            except OSError as error:
                raise _cannot_use(self.path, error) from error
            if not flock(descriptor, fcntl.LOCK_EX if self._share == "run" else fcntl.LOCK_SH):
                os.close(descriptor)
                process, host = holder(lock)
                told = f"another run ({process}) works in {self.path} on {host}"
                raise SettingsError(f"{told}; wait for it, or stop it")
            try:
                if os.path.samestat(os.fstat(descriptor), lock.stat()):
                    write_holder(descriptor)
                    return descriptor
            except FileNotFoundError:
                pass
            except OSError as error:
                if is_lock(lock):  # it names another, whom we have outlived
                    return descriptor
                os.close(descriptor)
                raise _cannot_use(self.path, error) from error
            os.close(descriptor)

    def _remove_output_partials(self) -> None:
        if self._output is not None:
            home = target_of(self._output).home
            old = home.with_name(f"{home.name}.old")  # what stepped aside for new stills
            for path in (home, old, record_path(self._output), page_path(self._output)):
                remove_partials(path.parent, name=path.name)

    def _make(self) -> None:
        for folder in (self.path.parent, self.path):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                self._made.append(folder)

    def _leave(self, *, failed: bool) -> None:
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        try:
            is_worth_it = self.plan_path.exists() or self.has_products or (self.path / OUTPUT).exists()
            if (self._discarded or (failed and not is_worth_it)) and flock(lock, fcntl.LOCK_EX):
                remove_work(self.path, made=self._made)
            elif self.path.is_dir() and not is_lock(
                self.path / LOCK
            ):  # another run, without locks, took it away
                renew_lock_file(self.path / LOCK)
        except OSError as error:
            if (
                not failed and error.errno != errno.ENOTEMPTY
            ):  # else there is more to tell, or others are at work here
                told = f"cannot remove the work folder {self.path}: {error.strerror or error}"
                raise OutputError(f"{told}; all else is done, and the same command removes it") from error
        finally:
            with contextlib.suppress(OSError):
                os.close(lock)


def _cannot_use(folder: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot use the work folder {folder}: {error.strerror}")
