"""Keeps a worker of the queue running beside the server, in a process of its own.

The worker ends with the server, however that ended: then its job goes back to the queue, where the next worker takes
it up. A worker that dies is started again, after a pause that grows.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jobs
from jobs.progress.reporters import QuietProgress
from jobs.queue.folder import Spool
from jobs.queue.settings import WorkerSettings
from jobs.queue.worker import Worker, stopping

logger = logging.getLogger(__name__)
_SETTINGS = WorkerSettings(poll_seconds=1, beat_seconds=2, dead_seconds=15, grace_seconds=10)
"""One machine needs less patience than a share."""
_PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
_WELL_SECONDS = 60.0
"""A worker that ran for so long counts as a good one, and the next pause is short again."""


class WorkerProcess:
    """A worker that is kept running, from `start` to `close`."""

    def __init__(self, spool: Path) -> None:
        self._command = [sys.executable, "-P", "-m", f"{jobs.__name__}.web.worker", str(spool)]
        self._process: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="worker", daemon=True)

    @property
    def state(self) -> str:
        """`running`, or `stopped` until the next one starts."""
        process = self._process
        return "running" if process is not None and process.poll() is None else "stopped"

    @property
    def pid(self) -> int | None:
        """Of the process, where one runs."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Starts it, and again whenever it dies."""
        self._thread.start()

    def close(self) -> None:
        """Asks the worker to give its job back, and waits for its end."""
        self._over.set()
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        self._thread.join()

    def _keep(self) -> None:
        failures = 0
        while not self._over.is_set():
            started = time.monotonic()
            root = str(Path(jobs.__file__).parents[jobs.__name__.count(".") + 1])
            paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,  # held open: the worker ends when it does
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,
            )
            code = self._wait(self._process)
            if self._process.stdin is not None:
                self._process.stdin.close()
            if self._over.is_set():
                return
            failures = 0 if time.monotonic() - started > _WELL_SECONDS else failures + 1
            pause = _PAUSES[min(failures, len(_PAUSES)) - 1] if failures else 0.0
            logger.warning("the worker ended with exit code %s; another one starts in %.0f s", code, pause)
            self._over.wait(pause)

    def _wait(self, process: "subprocess.Popen[bytes]") -> int:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(0.2)
            if self._over.is_set():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(_SETTINGS.grace_seconds + 5)
                process.kill()
                return process.wait()


def _main(spool: Path) -> None:
    """The worker itself, which is asked to end when the pipe does."""
    worker = Worker(Spool(spool), settings=_SETTINGS, progress=QuietProgress())
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # or a job would read from the lifeline
    os.close(nothing)

    def wait() -> None:
        while os.read(lifeline, 1):
            pass
        worker.stop.set()

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
    with stopping(worker):
        worker.serve()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
