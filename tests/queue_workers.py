"""Workers of a queue whose jobs are small programs: in this process, in a thread, in a process of their own."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.progress.reporters import LineProgress
from jobs.queue.entry import Entry
from jobs.queue.folder import Spool
from jobs.queue.settings import WorkerSettings
from jobs.queue.worker import Worker

_FAST = {"poll_seconds": 0.05, "beat_seconds": 0.05, "dead_seconds": 1.0, "longest_pause_seconds": 0.1}
PATIENT_SECONDS = 60.0
"""After which what was waited for will not come."""
IDLE = "import time; time.sleep(600)"
"""A job that does not end by itself."""
_SERVE = """
import sys
from pathlib import Path
from jobs.progress.reporters import LineProgress
from jobs.queue.folder import Spool
from jobs.queue.settings import WorkerSettings
from jobs.queue.worker import Worker, stopping
settings = WorkerSettings(drain=True, poll_seconds=0.05, beat_seconds=0.05, dead_seconds=float(sys.argv[2]))
worker = Worker(
    Spool(Path(sys.argv[1])), settings=settings, progress=LineProgress(), run=[sys.executable, "-c", sys.argv[3]]
)
with stopping(worker):
    worker.serve()
"""


def worker(spool: Spool, code: str, **settings: float) -> Worker:
    """One that runs `code` for every job and ends when nothing waits or runs."""
    return Worker(
        spool,
        settings=WorkerSettings(**{"drain": True, **_FAST, **settings}),  # type: ignore[arg-type]
        progress=LineProgress(),
        run=[sys.executable, "-c", code],
    )


def serve(spool: Spool, code: str, **settings: float) -> dict[str, int]:
    """Runs `code` for every job, here and now; how many jobs came to each end."""
    return worker(spool, code, **settings).serve().ended


@contextmanager
def at_work(made: Worker) -> Iterator[threading.Thread]:
    """The worker in a thread, stopped at the end."""
    thread = threading.Thread(target=made.serve)
    thread.start()
    try:
        yield thread
    finally:
        made.stop.set()
        thread.join(PATIENT_SECONDS)
    assert not thread.is_alive()


def wait_for(condition: Callable[[], object]) -> None:
    """Returns when the condition holds. Raises AssertionError after a minute."""
    until = time.monotonic() + PATIENT_SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.02)


def log_of(spool: Spool, entry: Entry) -> str:
    """What the runs of a job said."""
    return spool.log_path(entry.id).read_text()


def worker_process(spool: Spool, code: str, *, dead_seconds: float = 1.0) -> "subprocess.Popen[bytes]":
    """As `worker`, in a process of its own."""
    root = Path(__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(spool.path), str(dead_seconds), code],
        cwd=root,
        start_new_session=True,
    )
