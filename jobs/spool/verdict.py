"""What the end of an attempt means for its job.

Exit code 0 is done; 1 and 2 are the job's own fault, so it fails at once; anything else (a bug, a signal, a work
folder in use) is tried again until the job's attempts are used up.
"""

import signal

from jobs.spool.entry import State

_OWN_FAULTS = (1, 2)


def verdict(code: int, *, attempt: int, attempts: int) -> tuple[State, str]:
    """Where a job goes after attempt `attempt` of `attempts` ended with `code` (negative: a signal), and why."""
    if code == 0:
        return "done", "done"
    told = f"ended by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
    if code in _OWN_FAULTS:
        return "failed", told
    return "failed" if attempt >= attempts else "queue", f"{told} in attempt {attempt} of {attempts}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
