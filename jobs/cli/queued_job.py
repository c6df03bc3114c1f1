"""The process in which a worker runs one job: `kinochrome run`, and it never outlives its worker.

Its standard input is a pipe that the worker holds open. When the worker goes, however it goes, the pipe ends, and
this process with all that it started is killed at once: the job then is somebody else's.
"""

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from jobs.cli import main as cli
from jobs.queue.claim import is_published
from jobs.queue.entry import parse_name
from jobs.queue.folder import Spool
from jobs.queue.job_file import read_order
from jobs.workdir.locks import flock
from jobs.workdir.work_files import LOCK

_WAIT_SECONDS = 600.0
BUSY = 75
"""Exit code where another run holds the work folder for ten minutes: no fault of the job."""


def main(arguments: Sequence[str]) -> int:
    """Runs the claimed job file `arguments[0]` with further options of `run`; returns its exit code."""
    job_file, *options = arguments
    _die_with_the_worker()
    try:
        if not _wait_for_work_folder(Path(job_file)):
            return BUSY
        if _is_done(Path(job_file)):
            return cli.DONE
    except FileNotFoundError:
        print("kinochrome: error: this job was cancelled or another worker has it now", file=sys.stderr)
        return cli.FAULT
    return cli.main(["run", job_file, "--claimed", *options], supervised=True)


def _die_with_the_worker() -> None:
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # or a program that we start would read from the lifeline
    os.close(nothing)

    def wait() -> None:
        while os.read(lifeline, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _wait_for_work_folder(job_file: Path) -> bool:
    """Whether the work folder is free, after a while: the run that a hung worker left may still be in it."""
    lock = Path(read_order(job_file).work_folder) / LOCK
    until = time.monotonic() + _WAIT_SECONDS
    has_noted = False
    while _is_held(lock):
        if not has_noted:
            print(f"another run works in {lock.parent}; waiting for it", file=sys.stderr, flush=True)
            has_noted = True
        if time.monotonic() > until:
            print(f"kinochrome: error: {lock.parent} is still in use", file=sys.stderr, flush=True)
            return False
        time.sleep(0.5)
    return True


def _is_done(job_file: Path) -> bool:
    """Whether the run that was waited for published the film after its worker was taken for dead."""
    entry = parse_name(job_file.name, state="running")
    if entry is None or not is_published(Spool(job_file.parents[1]), entry, read_order(job_file)):
        return False
    print("was finished by the attempt before", file=sys.stderr, flush=True)
    return True


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not flock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
