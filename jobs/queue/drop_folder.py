"""A drop folder: films and job files that are put there become jobs, each once, when they are complete.

A file is complete when size and time of change are the same in two looks. What was taken is noted in the spool by
name, size and time of change, so that no worker takes it twice; what cannot become a job goes to failed/
with its reason. The files themselves stay where they are.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jobs.progress.reporters import Progress
from jobs.queue.control import refuse_same_outputs
from jobs.queue.entry import NORMAL_ATTEMPTS, NORMAL_PRIORITY, Entry, make_id
from jobs.queue.folder import Spool, SpoolError
from jobs.queue.job_file import faulty_order, make_order, order_text
from jobs.queue.job_log import JobLog
from jobs.settings.job import Job
from jobs.settings.job_file import load_job, make_job, queue_preset
from jobs.settings.queue_presets import NO_PRESETS, QueuePresets
from pipeline.atomic_files import write_json
from pipeline.errors import KinochromeError, SettingsError
from pipeline.target import kind_by_name

_JOB_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class DropSettings:
    """What becomes of dropped files."""

    output_dir: Path
    """Where the films go; a job file says so itself."""
    preset: str | None = None
    """For films, by name; None for the default."""
    presets: QueuePresets = NO_PRESETS
    """Which presets films and job files may name."""
    overrides: Sequence[str] = ()
    """`key=value` settings for films and job files."""
    priority: int = NORMAL_PRIORITY
    attempts: int = NORMAL_ATTEMPTS
    poll_seconds: float = 5.0
    """Between two looks, at least."""


@dataclass(frozen=True)
class _Found:
    name: str
    size: int
    changed_ns: int

    @property
    def digest(self) -> str:
        return sha256(
            f"{self.name}\0{self.size}\0{self.changed_ns}".encode(errors="surrogatepass")
        ).hexdigest()


class DropFolder:
    """Looks at a folder again and again."""

    def __init__(self, path: Path, *, settings: DropSettings) -> None:
        """Makes the output folder where it is missing.

        Raises SettingsError where the watched folder is missing, both are one, or there is no such preset.
        """
        self._path = path.absolute()
        self._settings = settings
        self._last: dict[str, _Found] = {}
        self._taken: set[_Found] = set()
        self._told: set[str] = set()
        self._looked = -float("inf")
        self._pending = True
        if not self._path.is_dir():
            raise SettingsError(f"--watch: no such folder: {self._path}; make it first")
        try:
            settings.output_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"--output-dir: cannot make {settings.output_dir}: {error.strerror}"
            ) from error
        if self._path.samefile(settings.output_dir):
            message = (
                "is the watched folder: films that are done would be dropped again; another folder would work"
            )
            raise SettingsError(f"--output-dir: {settings.output_dir} {message}")
        if settings.preset is not None:
            try:
                queue_preset(settings.preset, settings.presets)
            except SettingsError as error:
                raise SettingsError(f"--preset: {error}") from error

    def look(self, spool: Spool, progress: Progress) -> bool:
        """Takes in what is complete; True while there is something that may become complete.

        Between two looks pass `poll_seconds` at least, however often it is called. Raises SpoolError.
        """
        if time.monotonic() - self._looked < self._settings.poll_seconds:
            return self._pending
        found = self._list(progress)
        self._looked = time.monotonic()
        waiting = [one for one in found if one not in self._taken]
        complete = [one for one in waiting if self._last.get(one.name) == one]
        self._last = {one.name: one for one in found}
        self._taken &= set(found)
        for one in complete:
            self._take(one, spool, progress)
            self._taken.add(one)
        self._pending = len(complete) < len(waiting)
        return self._pending

    def _list(self, progress: Progress) -> list[_Found]:
        """The files that may become jobs; none where the folder is gone."""
        found = []
        try:
            with os.scandir(self._path) as items:
                for item in items:
                    if item.name.startswith(".") or not item.is_file():
                        continue
                    if not _is_wanted(Path(item.name)):
                        self._tell_once(progress, f"{item.path} is left alone: by its name it is no film")
                        continue
                    about = item.stat()
                    if about.st_size:
                        found.append(_Found(item.name, about.st_size, about.st_mtime_ns))
        except OSError as error:
            self._tell_once(progress, f"cannot look into {self._path}: {error.strerror}", warning=True)
            return []
        return sorted(found, key=lambda one: one.name)

    def _take(self, one: _Found, spool: Spool, progress: Progress) -> None:
        """Makes the file a job, or a failed one, unless that was done before."""
        path = self._path / one.name
        key = one.digest[:8]
        with spool.alone():
            seen = spool.seen_path(one.digest[:32])
            if _exists(seen) or any(entry.key == key for entry in spool.entries()):
                return
            id = make_id(path.stem, priority=self._settings.priority, key=key)
            try:
                job = self._job(path)
                refuse_same_outputs(spool, [(str(path), job.output)])
            except SpoolError:
                raise
            except KinochromeError as error:
                self._fail(spool, id, path, faults=error.lines)
                for line in error.lines:
                    progress.note(f"{id}: failed: {line}", warning=True)
            else:
                order = make_order(job, source=path, attempts=self._settings.attempts)
                spool.add(Entry(id=id, state="queue"), order_text(order, job.to_yaml()))
                progress.note(f"{id}: queued: {path}")
            try:
                write_json(seen, {"name": one.name, "size": one.size, "changed_ns": one.changed_ns, "id": id})
            except OSError as error:
                raise SpoolError(f"cannot write {seen}: {error}") from error

    def _job(self, path: Path) -> Job:
        if path.suffix.lower() in _JOB_SUFFIXES:
            return load_job(path, overrides=self._settings.overrides, queue=self._settings.presets)
        options: dict[str, object] = {
            "input": str(path),
            "output": f"{self._settings.output_dir.absolute()}/",
        }
        if self._settings.preset is not None:
            options["preset"] = self._settings.preset
        return make_job(options, overrides=self._settings.overrides, queue=self._settings.presets)

    def _fail(self, spool: Spool, id: str, path: Path, *, faults: Sequence[str]) -> None:
        log = JobLog(spool.log_path(id))
        for fault in faults:
            name = "" if fault.startswith(str(path)) else f"{path}: "
            log.say(f"kinochrome: error: {name}{fault}")
        spool.add(Entry(id=id, state="failed"), order_text(faulty_order(path, fault="; ".join(faults)), ""))

    def _tell_once(self, progress: Progress, message: str, *, warning: bool = False) -> None:
        if message not in self._told:
            self._told.add(message)
            progress.note(message, warning=warning)


def _is_wanted(name: Path) -> bool:
    """Whether a file is a film, a still or a job file by its name; everything else is left alone."""
    return name.suffix.lower() in _JOB_SUFFIXES or kind_by_name(name) is not None


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SpoolError(f"cannot look at {path}: {error.strerror}") from error
    return True
