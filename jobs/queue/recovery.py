"""Decides where a job goes after an attempt; jobs of dead workers go back, or to failed/ after their last attempt.

Exit code 0 is done; 1 and 2 are the job's own fault, so it fails at once; anything else (a bug, a signal, a work
folder in use) is tried again until the job's attempts are used up.
"""

import contextlib
import time
from pathlib import Path

from jobs.queue.claim import CANCEL, drop_notes
from jobs.queue.entry import NORMAL_ATTEMPTS, Entry, State
from jobs.queue.folder import Spool
from jobs.queue.heartbeat import HeartbeatWatch, read_sign
from jobs.queue.job_file import read_order
from jobs.queue.job_log import JobLog
from pipeline.errors import SettingsError
from pipeline.messages import signal_name

_BEAT = "beat"

_OWN_FAULTS = (1, 2)


def beat_path(spool: Spool, entry: Entry) -> Path:
    """The heartbeat file of a running job's worker; another worker's attempt has another one."""
    return spool.sidecar(f"{entry.id}.{entry.attempts}.{entry.claim}", _BEAT)


def return_dead(spool: Spool, watch: HeartbeatWatch) -> list[tuple[Entry, State]]:
    """Looks at every running job once; moves those on whose worker is dead, and returns them with where to.

    To be called again and again: death shows in several looks. Of several hosts that see it, one moves the job.
    Raises SpoolError.
    """
    moved: list[tuple[Entry, State]] = []
    running = spool.entries("running")
    for entry in running:
        path = beat_path(spool, entry)
        if not watch.is_dead(entry.file_name, lambda path=path: read_sign(path)):  # type: ignore[misc]
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
    watch.forget_others(entry.file_name for entry in running)
    return moved


def verdict(code: int, *, attempt: int, attempts: int) -> tuple[State, str]:
    """Where a job goes after attempt `attempt` of `attempts` ended with `code` (negative: a signal), and why."""
    if code == 0:
        return "done", "done"
    message = f"ended by {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
    if code in _OWN_FAULTS:
        return "failed", message
    return "failed" if attempt >= attempts else "queue", f"{message} in attempt {attempt} of {attempts}"


def move_on(spool: Spool, mine: Entry, state: State | None, *, attempts: int) -> Entry | None:
    """The job in the state in which its attempt ended; None where it is another's, or `state` is None.

    Raises SpoolError.
    """
    if state is None:
        return None
    moved = spool.move(mine, state, attempts=attempts)
    if moved is None and state == "done":  # its film is published: nobody needs to run it again
        for entry in spool.entries("queue", "failed", "cancelled"):
            if entry.id == mine.id:
                moved = moved or spool.move(entry, "done")
    return moved


def _state_after(spool: Spool, entry: Entry) -> State:
    if spool.sidecar(entry.id, CANCEL).exists():
        return "cancelled"
    try:
        limit = read_order(spool.file(entry)).attempts
    except (OSError, SettingsError):
        limit = NORMAL_ATTEMPTS
    return "failed" if entry.attempts >= limit else "queue"
