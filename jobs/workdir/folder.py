"""The work folder of a job, for one run or any number of stages at a time; removed when a run has made the film.

job.lock     held while a run or a stage works here (fcntl.flock: free at once when the holder dies); it names who
             held it last, which marks the folder as ours
job.yaml     the resolved settings
plan.json    shots and segments
events.jsonl what happened, a JSON object a line, appended by every run
progress.json, cancel   how far the run is, and the wish that it ends (`running.py`)
output.json  identity and fingerprint of the output that this job published
segments/000012/

A folder with other files, or a link to a folder, is refused, because the content of a work folder gets removed.
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
from jobs.settings.output_paths import (
    file_identity,
    page_path,
    record_path,
    segment_folder,
    shots_page_path,
)
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
    restore_output_record,
)
from pipeline.atomic_files import publish, write_json
from pipeline.errors import OutputError, SettingsError
from pipeline.partial_files import remove_partials, remove_temporary_folders
from pipeline.target import target_of

Share = Literal["run", "stage", "part"]
"""How a process uses a folder: a `run` has it alone; a `stage` shares it with other stages, on other hosts too; a
`part` works for a run or a stage in its own process and neither locks nor removes anything."""


class WorkDir:
    """A work folder that this process holds, from the beginning of the `with` block to its end.

    On entering, the folder is made and locked and the settings written; a run removes the partials of dead runs, a
    stage those of the folder itself.
    On leaving, the lock is released. The folder is removed then after `discard`, or after an error before anything
    worth resuming was made, if nobody else works in it.
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
        """`settings` is the text of job.yaml; stale partials of `output` are removed too.

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
            restore_output_record(self.path, output=self._output, is_alone=self._share == "run")
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
        """The path of plan.json, which need not exist yet."""
        return self.path / PLAN

    @property
    def has_products(self) -> bool:
        """Whether any product of any segment is finished."""
        return any((self.path / SEGMENTS).glob(f"*/{RECORD_NAME}"))

    def segment_dir(self, index: int) -> Path:
        """The folder of a segment, made if it is missing."""
        folder = segment_folder(self.path, index)
        try:
            folder.parent.mkdir(exist_ok=True)  # never makes a work folder again that disappeared
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
        return folder

    @contextlib.contextmanager
    def alone(self, stage: Literal["plan", "mux"], *, waiting: Callable[[str], None]) -> Iterator[None]:
        """Keeps other processes from this stage during the block; waits for one, and calls `waiting` with its name."""
        with hold_lock(self.path / f"{stage}.lock", waiting=waiting):
            if stage == "mux":
                self._remove_output_partials()
            yield

    def remove_partials(self) -> None:
        """Removes partial files of dead processes in this folder, and those of the output."""
        segments = self.path / SEGMENTS
        for folder in (self.path, *(segments.iterdir() if segments.is_dir() else ())):
            if not folder.is_symlink():
                remove_partials(folder)
        self._remove_output_partials()

    def clear_up(self, made: Iterable[Path]) -> None:
        """Cleans up after a run that died as the run itself does when it fails; `made` are the folders that it made.

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
        """Records `partial`, complete but perhaps not renamed yet, as this job's output."""
        if self._before_output is not None:
            self._before_output(partial)
        write_json(self.path / OUTPUT, {"fingerprint": fingerprint, "identity": file_identity(partial)})

    def discard(self) -> None:
        """Has the folder removed when the block ends; other people's files in it stay."""
        self._discarded = True

    def _acquire(self) -> int:
        """Locks the folder, returns the descriptor; makes the folder again if a finishing run removed it meanwhile."""
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
                message = f"another run ({process}) works in {self.path} on {host}"
                raise SettingsError(f"{message}; wait for it, or stop it")
            try:
                if os.path.samestat(os.fstat(descriptor), lock.stat()):
                    write_holder(descriptor)
                    return descriptor
            except FileNotFoundError:
                pass
            except OSError as error:
                if is_lock(lock):  # it names a former holder, but the lock is ours
                    return descriptor
                os.close(descriptor)
                raise _cannot_use(self.path, error) from error
            os.close(descriptor)

    def _remove_output_partials(self) -> None:
        if self._output is not None:
            home = target_of(self._output).home
            old = home.with_name(f"{home.name}.old")  # the former stills, moved aside for new ones
            page = page_path(self._output)
            for path in (home, old, record_path(self._output), page, shots_page_path(page)):
                remove_partials(path.parent, name=path.name)

    def _make(self) -> None:
        """Makes the folders of the work and of the output, with those above them, where they are missing."""
        homes = [self.path] if self._output is None else [self.path, target_of(self._output).home.parent]
        for home in homes:
            missing = [folder for folder in (home, *home.parents) if not folder.exists()]
            for folder in reversed(missing):
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
            ):  # another run, without locks, removed it
                renew_lock_file(self.path / LOCK)
        except OSError as error:
            if (
                not failed and error.errno != errno.ENOTEMPTY
            ):  # else another error is raised, or others work here
                message = f"cannot remove the work folder {self.path}: {error.strerror or error}"
                raise OutputError(f"{message}; all else is done, and the same command removes it") from error
        finally:
            with contextlib.suppress(OSError):
                os.close(lock)


def _cannot_use(folder: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot use the work folder {folder}: {error.strerror}")
