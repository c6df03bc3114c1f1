"""Commands in processes forked from this one, so that they start at once."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

_PATIENCE_SECONDS = 120.0


def run_forked(call: Callable[[], int]) -> int:
    """What a call returns, in a process and a session of its own; negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.setsid()
            code = call()
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid or time.monotonic() > until:
            break
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        for _ in range(1000):  # until nothing that it left is there, FFmpeg most of all
            os.killpg(child, signal.SIGKILL)
            time.sleep(0.005)
    if not pid:
        os.waitpid(child, 0)
        return 98
    return os.waitstatus_to_exitcode(status)


def fork_jobs() -> None:
    """Lets a worker fork its jobs, which are the same then as if it had started them, but for a second of imports."""
    from jobs.cli import queued_job
    from jobs.queue import child

    class Popen:
        """As much of `subprocess.Popen` as a worker uses."""

        def __init__(self, command: Sequence[str], **options: Any) -> None:
            self.returncode: int | None = None
            (below, stdin), (stdout, above) = os.pipe(), os.pipe()
            self.pid = os.fork()
            if self.pid == 0:
                code = 99
                try:
                    os.setsid()
                    for number, descriptor in ((0, below), (1, above), (2, above)):
                        os.dup2(descriptor, number)
                    for descriptor in (below, stdin, stdout, above):
                        os.close(descriptor)
                    code = queued_job.main(command[command.index("jobs.cli.queued_job") + 1 :])
                    sys.stderr.flush()
                finally:
                    os._exit(code)
            os.close(below)
            os.close(above)
            self.stdin, self.stdout = open(stdin, "wb"), open(stdout, "rb")  # noqa: PTH123, SIM115

        def wait(self) -> int:
            if self.returncode is None:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self.returncode

        def send_signal(self, number: int) -> None:
            os.kill(self.pid, number)

    forking = SimpleNamespace(Popen=Popen, PIPE=subprocess.PIPE, STDOUT=subprocess.STDOUT)
    vars(child)["subprocess"] = forking
