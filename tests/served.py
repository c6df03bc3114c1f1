"""`kinochrome serve` as a process of its own, for tests that kill it or speak to it over the network."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil

PATIENCE_SECONDS = 90.0


class Served:
    """A server that listens when this returns."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "jobs.cli.main", "serve", str(folder), "--port", "0", *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        match = re.match(r"http://127\.0\.0\.1:(\d+)/", line)
        assert match, line
        self.port = int(match[1])

    def ask(
        self, path: str, body: Any = None, *, method: str = "GET", data: bytes | None = None, **headers: str
    ) -> Any:
        """The JSON of a good answer. Raises OSError for any other, and where the server dies."""
        kind = "application/json" if data is None else "application/octet-stream"
        sent = data if data is not None else None if body is None else json.dumps(body).encode()
        address = f"http://127.0.0.1:{self.port}/api/v1{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = Request(address, data=sent, method=method, headers={"Content-Type": kind, **named})
        with urlopen(asked, timeout=30) as answer:
            return json.load(answer)

    def worker(self) -> psutil.Process | None:
        """The process of the worker."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if "jobs.web.worker" in child.cmdline():
                        return child
        return None

    def end(self, how: int = signal.SIGINT) -> int:
        """Ends it and returns its exit code."""
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE_SECONDS)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


def wait_for(what: Callable[[], object], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Returns when `what` holds. Raises AssertionError where it takes too long."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)
