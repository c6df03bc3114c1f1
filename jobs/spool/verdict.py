"""What the end of an attempt means for its job.

Exit code 0 is done; 1 and 2 are the job's own fault, so it fails at once; anything else (a bug, a signal, a work
folder in use) is tried again until the job's attempts are used up.
"""

import signal

from jobs.queue.entry import Entry, State
from jobs.queue.folder import Spool

_OWN_FAULTS = (1, 2)


def verdict(code: int, *, attempt: int, attempts: int) -> tuple[State, str]:
    """Where a job goes after attempt `attempt` of `attempts` ended with `code` (negative: a signal), and why."""
    if code == 0:
        return "done", "done"
    told = f"ended by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
    if code in _OWN_FAULTS:
        return "failed", told
    return "failed" if attempt >= attempts else "queue", f"{told} in attempt {attempt} of {attempts}"


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


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
