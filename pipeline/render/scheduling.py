"""Takes threads out of real-time scheduling, into which an encoder put them."""

import os
from pathlib import Path

_REAL_TIME = (os.SCHED_FIFO, os.SCHED_RR)


def leave_real_time() -> None:
    """Gives all threads of this process ordinary scheduling.

    SVT-AV1, where root runs it, puts its threads and the one that opens it into SCHED_FIFO with priority 99. They would
    leave no time to anything else on the machine, nor would the processes that are started afterwards.
    """
    for thread in Path("/proc/self/task").iterdir():
        try:
            if os.sched_getscheduler(int(thread.name)) in _REAL_TIME:
                os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))
        except OSError:  # a thread that has ended meanwhile
            continue
