"""Kinochrome as a process of its own that starts at once: forked from one that has loaded everything.

Loading takes two seconds of a processor, which was most of what a test of a small film took.
"""

import atexit
import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

ROOT = Path(__file__).parents[1]
_END_SECONDS = 300.0
_OWN = ("jobs", "models", "pipeline")
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["numpy.ma", "jobs.cli.main", "jobs.run.film", "jobs.run.finish"])


@dataclass(frozen=True)
class _Call:
    arguments: tuple[str, ...]
    setup: str
    supervised: bool
    cwd: Path
    environment: Mapping[str, str]
    said: str
    """Folder of the files that take stdout and stderr."""


class Program:
    """A process at work on a command line, whose words are kept for `finish`."""

    def __init__(
        self,
        *arguments: str,
        setup: str = "",
        supervised: bool = False,
        cwd: Path = ROOT,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts it, in a process group of its own.

        `setup` is Python that it runs before it loads Kinochrome; `supervised`, as for people, gives the verb a process
        of its own; `environment` is added to ours.
        """
        self._said = tempfile.TemporaryDirectory()
        call = _Call(
            arguments, setup, supervised, cwd, {**os.environ, **(environment or {})}, self._said.name
        )
        self._process = _CONTEXT.Process(target=_perform, args=(call,))
        with contextlib.chdir(ROOT):  # where the server, which the first program starts, finds what to load
            forkserver.ensure_running()
        self._code: int | None = None
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit code, or the number of the signal that killed it, negative; None while it works."""
        return self._process.exitcode if self._code is None else self._code

    def send_signal(self, number: int) -> None:
        """Sends it a signal, if it still works."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Sends SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def said(self, stream: str) -> str:
        """What it has written so far to `out` or `err`."""
        path = Path(self._said.name) / stream
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def finish(self) -> tuple[int, str, str]:
        """Waits for its end: exit code, stdout and stderr."""
        self._process.join(_END_SECONDS)
        self._code = self.poll()
        if self._code is None:
            self.kill()
            self._process.join()
        out, err = self.said("out"), self.said("err")
        assert self._code is not None, f"it does not end: {out}{err}"
        self._process.close()
        self._said.cleanup()
        return self._code, out, err


def _perform(call: _Call) -> None:
    """What the process does: the same as `python -c`, to the end."""
    os.setsid()
    for name, stream in (("out", sys.stdout), ("err", sys.stderr)):
        file = os.open(Path(call.said) / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, stream.fileno())
        os.close(file)
    os.chdir(call.cwd)
    os.environ.clear()
    os.environ.update(call.environment)
    sys.argv = ["kinochrome", *call.arguments]
    if call.setup:
        for name in [name for name in sys.modules if name.partition(".")[0] in _OWN]:
            del sys.modules[name]  # so that whoever imports from a module gets what is changed in it
        exec(call.setup, {"__name__": "__main__", "sys": sys})
    from jobs.cli.main import main

    code = main(call.arguments, supervised=call.supervised)
    atexit._run_exitfuncs()
    sys.exit(code)
