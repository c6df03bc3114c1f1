"""A Dask cluster of real processes on loopback: a scheduler and workers under nannies, in a folder of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.stages import ROOT

_START_SECONDS = 120


class Cluster:
    """Runs from the beginning of the `with` block to its end; all that it started is gone then."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the working folder of every process, and takes their logs."""
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.port = _free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.start_scheduler()
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            end_group(process)

    def start_scheduler(self) -> None:
        """Starts the scheduler, again where it was killed, and returns when it listens."""
        options = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show")
        self.scheduler = self._start("scheduler", *options)
        end = time.monotonic() + _START_SECONDS
        while not _listens(self.port):
            assert self.scheduler.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.05)

    def start_worker(
        self, *options: str, environment: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        """Starts a nanny with one worker; the worker joins when it is ready."""
        places = ("--memory-limit", "0", "--local-directory", str(self.folder), "--no-dashboard")
        shape = ("--nworkers", "1", "--nthreads", "1")
        return self._start("worker", self.address, *shape, *places, *options, environment=environment)

    def log(self) -> str:
        """What all processes have said."""
        return (self.folder / "cluster.log").read_text(encoding="utf-8")

    def _start(
        self, *command: str, environment: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        before = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        paths = [*filter(None, [(environment or {}).get("PYTHONPATH"), *before])]
        with (self.folder / "cluster.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:]],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **(environment or {}), "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,
            )
        self._processes.append(process)
        return process


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kills a process and all that it started, and waits for its end."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


def children(parent: int, command: str) -> list[int]:
    """The processes that `parent` started and that have `command` in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            if (
                int(status[1]) == parent
                and status[0] != "Z"
                and command.encode() in (folder / "cmdline").read_bytes()
            ):
                found.append(int(folder.name))
    return found
