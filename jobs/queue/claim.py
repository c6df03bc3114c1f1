"""Settles between a running job and its queue who may publish, and what was published.

A worker that was cut off for long loses its job to another. Its run may still be alive: so a run that a queue
started looks once more before it publishes, and notes what it is about to publish. If then everything dies
before the job is moved to done/, the next worker finds note and film and knows that the job is done.
"""

import contextlib
import time
from pathlib import Path

from jobs.queue.entry import Entry, parse_name
from jobs.queue.folder import Spool, SpoolError
from jobs.queue.job_file import Order
from jobs.settings.output_paths import file_identity, finished_fingerprint
from jobs.workdir.folder import WorkDir
from pipeline.atomic_files import read_json, write_json
from pipeline.errors import KinochromeError, OutputError, SettingsError

CANCEL = "cancel"
"""Suffix of the file by which a worker learns that its job is cancelled."""
_RESULT, _BEGUN = "result", "begun"
_PATIENCE_SECONDS = 600.0
_LONGEST_PAUSE_SECONDS = 30.0


class Claim:
    """The claim under which this process runs a job: `path` is the job file in running/."""

    def __init__(self, path: Path, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        """Raises SettingsError where `path` is not a claimed job file of a spool."""
        entry = parse_name(path.name, state="running")
        if entry is None or path.parent.name != "running":
            raise SettingsError(f"--claimed: {path} is not a running job of a spool")
        self._spool = Spool(path.parents[1])
        self._entry = entry
        self._patience = patience_seconds

    def check(self) -> None:
        """Raises OutputError where another worker has the job now, or the spool stays away for ten minutes."""
        until, pause = time.monotonic() + self._patience, 1.0
        while True:
            try:
                held = self._spool.holds(self._entry)
            except SpoolError:
                if time.monotonic() + pause > until:
                    raise
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            else:
                break
        if not held:
            raise OutputError("this job was cancelled or another worker has it now; nothing is published")

    def before_publish(self, partial: Path) -> None:
        """Checks, and notes `partial` as this job's result. Raises OutputError as `check` does."""
        self.check()
        write_json(self._spool.sidecar(self._entry.id, _RESULT), {"identity": file_identity(partial)})

    def before_still(self) -> None:
        """Checks, and notes that from now on this job's outputs are its own. Raises OutputError as `check` does.

        To be called after the outputs were found absent: an attempt that was refused must not allow the next one.
        """
        self.check()
        begun = self._spool.sidecar(self._entry.id, _BEGUN)
        try:
            begun.touch()
        except OSError as error:
            raise OutputError(f"cannot write {begun}: {error.strerror}") from error


def has_output(spool: Spool, entry: Entry, order: Order) -> bool:
    """Whether the job's output is there and an attempt at this job published it."""
    try:
        note = read_json(spool.sidecar(entry.id, _RESULT))
        seen = file_identity(Path(order.output))
    except (OSError, SettingsError):
        return False
    return isinstance(note, dict) and note.get("identity") == seen


def is_published(spool: Spool, entry: Entry, order: Order) -> bool:
    """Whether an earlier attempt published the job's output, tidied up, and died before it could say so.

    What is left of its work folder is removed then.
    """
    if not has_output(spool, entry, order):
        return False
    folder = Path(order.work_folder)
    if finished_fingerprint(folder, Path(order.output)) is not None:
        return False  # `run` knows it again, and does what may be left to do
    if not order.keeps_work and folder.is_dir():
        with contextlib.suppress(KinochromeError, OSError), WorkDir(folder) as work:
            work.discard()
    return True


def rerun_options(spool: Spool, entry: Entry) -> list[str]:
    """Options for a run of stills: it must be allowed to replace what its own earlier attempt made."""
    return ["--overwrite"] if spool.sidecar(entry.id, _BEGUN).exists() else []


def drop_notes(spool: Spool, id: str, *, done: bool) -> None:
    """Removes the wish to cancel a job, which has ended, and where it is done what was noted for another attempt."""
    for suffix in (CANCEL, _RESULT, _BEGUN) if done else (CANCEL,):
        with contextlib.suppress(OSError):
            spool.sidecar(id, suffix).unlink()
