"""What dead workers leave: their jobs go back, or to failed/ once their attempts are used up."""

import contextlib
import time
from pathlib import Path

from jobs.queue.claim import CANCEL, drop_notes
from jobs.queue.entry import NORMAL_ATTEMPTS, Entry, State
from jobs.queue.folder import Spool
from jobs.queue.heartbeat import Vigil, read_sign
from jobs.queue.job_file import read_order
from jobs.queue.job_log import JobLog
from pipeline.errors import SettingsError

_BEAT = "beat"


def beat_path(spool: Spool, entry: Entry) -> Path:
    """The heartbeat file of a running job's worker; another worker's attempt has another one."""
    return spool.sidecar(f"{entry.id}.{entry.attempts}.{entry.claim}", _BEAT)


def return_dead(spool: Spool, vigil: Vigil) -> list[tuple[Entry, State]]:
    """Looks at every running job once; moves those on whose worker is dead, and returns them with where to.

    To be called again and again: death shows in several looks. Of several hosts that see it, one moves the job.
    Raises SpoolError.
    """
    moved: list[tuple[Entry, State]] = []
    running = spool.entries("running")
    for entry in running:
        path = beat_path(spool, entry)
        if not vigil.is_dead(entry.file_name, lambda path=path: read_sign(path)):  # type: ignore[misc]
            continue
        state = _state_after(spool, entry)
        if spool.move(entry, state) is None:
            continue
        JobLog(spool.log_path(entry.id)).say(
            f"=== {entry.worker} gave no sign of life in attempt {entry.attempts}; now in {state}/,"
            f" {time.strftime('%Y-%m-%d %H:%M:%S %z')}"
        )
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        if state != "queue":
            drop_notes(spool, entry.id, done=False)
        moved.append((entry, state))
    vigil.forget_others(entry.file_name for entry in running)
    return moved


def _state_after(spool: Spool, entry: Entry) -> State:
    if spool.sidecar(entry.id, CANCEL).exists():
        return "cancelled"
    try:
        limit = read_order(spool.file(entry)).attempts
    except (OSError, SettingsError):
        limit = NORMAL_ATTEMPTS
    return "failed" if entry.attempts >= limit else "queue"
