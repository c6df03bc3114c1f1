"""The log of a job: the output of its processes in one file of limited size that keeps beginning and end."""

import contextlib
import os
import threading
from collections import deque
from pathlib import Path

from pipeline.atomic_files import publish
from pipeline.errors import OutputError

_LIMIT_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16
_TAIL_BYTES = 1 << 19
_WAITING_BYTES = 1 << 18


class JobLog:
    """Appends to a log file, which is opened for each write, so that a share may go away and come back.

    What cannot be written waits in memory, the last 256 kB of it. May be used from several threads.
    """

    def __init__(self, path: Path, *, limit_bytes: int = _LIMIT_BYTES) -> None:
        self.path = path
        self._limit = limit_bytes
        self._waiting: deque[bytes] = deque()
        self._last = ""
        self._lock = threading.Lock()

    @property
    def last_line(self) -> str:
        """The last line that was said, "" before the first."""
        return self._last

    def say(self, line: str) -> None:
        """A line of the worker's own."""
        self.add(f"{line}\n".encode(errors="backslashreplace"))
        self.flush()

    def add(self, data: bytes) -> None:
        """Takes what a process said; `flush` writes it."""
        with self._lock:
            self._waiting.append(data)
            while sum(map(len, self._waiting)) > max(_WAITING_BYTES, len(data)):
                self._waiting.popleft()
            lines = [line.strip() for line in data.decode(errors="replace").replace("\r", "\n").split("\n")]
            self._last = next((line for line in reversed(lines) if line), self._last)

    def flush(self) -> None:
        """Writes what waits, if that works now."""
        with self._lock, contextlib.suppress(OSError):
            if not self._waiting:
                return
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
            with os.fdopen(descriptor, "ab", buffering=0) as file:
                while self._waiting:
                    file.write(self._waiting[0])
                    self._waiting.popleft()
                size = file.tell()
            if size > self._limit:
                shorten(self.path, head_bytes=_HEAD_BYTES, tail_bytes=min(_TAIL_BYTES, self._limit // 2))


def shorten(path: Path, *, head_bytes: int, tail_bytes: int) -> None:
    """Leaves whole lines of a file's beginning and end, and a line between that says how much is missing."""
    data = path.read_bytes()
    head = data[: data.rfind(b"\n", 0, head_bytes) + 1]
    tail_from = max(data.find(b"\n", len(data) - tail_bytes) + 1, len(head))
    left_out = f"[... {tail_from - len(head)} bytes left out ...]\n".encode()
    with contextlib.suppress(OutputError), publish(path) as partial:
        partial.write_bytes(head + left_out + data[tail_from:])


def last_line(path: Path) -> str:
    """The last line of a log file; "" where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(-min(4096, os.fstat(file.fileno()).st_size), os.SEEK_END)
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
