"""Runs a job in a process of its own for the worker: starts it, reads its output, and stops it with its children."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import jobs
from jobs.queue.job_log import JobLog

_READ_BYTES = 1 << 16
_FLUSH_SECONDS = 1.0
_PAUSE_SECONDS = 0.05


RUN = (sys.executable, "-P", "-X", "faulthandler", "-m", f"{jobs.__name__}.cli.queued_job")
"""The command that runs a job file, which is its next argument."""


class Child:
    """A command, its output going to `log`, from entering the block to leaving it.

    On leaving, whatever still runs of it is killed. A crash of the child is an exit code to us.
    """

    def __init__(self, command: Sequence[str], *, log: JobLog) -> None:
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = threading.Thread(target=self._read, name="job log", daemon=True)
        self._over = threading.Event()

    def __enter__(self) -> Self:
        root = str(Path(jobs.__file__).parents[jobs.__name__.count(".") + 1])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,  # held open: the child dies when it ends
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        process = self._running
        self._kill_all()
        process.wait()
        self._over.set()
        self._reader.join()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def wait(self, seconds: float, *, unless: threading.Event | None = None) -> int | None:
        """The exit code (negative: a signal's number), or None where it runs on after `seconds`.

        Returns early once `unless` is set.
        """
        until = time.monotonic() + seconds
        while not self._has_ended():
            if time.monotonic() >= until or (unless is not None and unless.is_set()):
                return None
            time.sleep(_PAUSE_SECONDS)
        self._kill_all()  # what it started and left; while it is not reaped, its group is surely its own
        return self._running.wait()

    def stop(self, *, grace_seconds: float) -> int:
        """Asks the child to end, kills it after `grace_seconds`, and returns its exit code."""
        with contextlib.suppress(ProcessLookupError):
            self._running.send_signal(signal.SIGTERM)
        code = self.wait(grace_seconds)
        if code is None:
            self._kill_all()
            code = self._running.wait()
        return code

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    def _has_ended(self) -> bool:
        """Whether it has, without reaping it."""
        process = self._running
        if process.returncode is not None:
            return True
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _kill_all(self) -> None:
        if self._running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)

    def _read(self) -> None:
        """Takes what the child says until it has ended and all is read."""
        pipe = self._running.stdout
        assert pipe is not None
        descriptor = pipe.fileno()
        while True:
            ended = self._over.is_set()
            ready, _, _ = select.select([descriptor], [], [], 0 if ended else _FLUSH_SECONDS)
            data = os.read(descriptor, _READ_BYTES) if ready else b""
            if data:
                self._log.add(data)
            if not data and (ready or ended):
                break
            if not ready or ended:
                self._log.flush()
        self._log.flush()
