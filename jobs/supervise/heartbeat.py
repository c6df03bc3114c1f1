"""The state of a supervised process in memory that it shares with its supervisor: its beats, exit code and traces.

It can still be read after the process has crashed.
"""

import json
import logging
import mmap
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_log = logging.getLogger(__name__)
_BEATS, _HAS_ENDED, _CODE, _TRACE_BYTES, _WORDS = range(5)
"""Numbers of 64 bits, each stored at once; the traces, one JSON line each, follow. Nothing is written over."""
_HEAD_BYTES = _WORDS * 8
_BYTES = 1 << 16
BEAT_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Files that the process would remove itself at its end."""

    output: str
    """A file that it makes; its partials are removed."""
    work: str | None = None
    """The work folder for it, which goes where nothing is worth going on with."""
    made: tuple[str, ...] = ()
    """Folders that it made for the work folder, and that go with it."""


class Heartbeat:
    """Written by the process, read by its supervisor."""

    def __init__(self) -> None:
        self._memory = memoryview(mmap.mmap(-1, _BYTES))
        self._words = self._memory[:_HEAD_BYTES].cast("q")
        self._guard = threading.Lock()

    @property
    def beats(self) -> int:
        """Grows while any Python runs in the process."""
        return self._words[_BEATS]

    @property
    def exit_code(self) -> int | None:
        """What the process was about to end with; None where it was not that far."""
        return self._words[_CODE] if self._words[_HAS_ENDED] else None

    def traces(self) -> list[Trace]:
        """What it left, if it came to no end."""
        lines = bytes(self._memory[_HEAD_BYTES:])[: self._words[_TRACE_BYTES]].splitlines()
        return [Trace(**{**entry, "made": tuple(entry["made"])}) for entry in map(json.loads, lines)]

    def start(self) -> None:
        """Beats from now on, until the process ends."""
        threading.Thread(target=self._beat, name="pulse", daemon=True).start()

    def end(self, code: int) -> None:
        """The last word: all that is left to do is to end."""
        self._words[_CODE] = code
        self._words[_HAS_ENDED] = 1

    def leave(self, trace: Trace) -> None:
        """Adds a trace; for a process there are a few of them at most."""
        line = json.dumps(asdict(trace)).encode() + b"\n"
        with self._guard:
            start = _HEAD_BYTES + self._words[_TRACE_BYTES]
            if start + len(line) > _BYTES:
                _log.debug("no room to note %s", trace)
                return
            self._memory[start : start + len(line)] = line
            self._words[_TRACE_BYTES] += len(line)

    def _beat(self) -> None:
        while True:
            self._words[_BEATS] += 1
            time.sleep(BEAT_SECONDS)


_heartbeat: tuple[int, Heartbeat] | None = None


def begin(heartbeat: Heartbeat) -> None:
    """Makes it the heartbeat of this process and starts it."""
    global _heartbeat
    _heartbeat = os.getpid(), heartbeat
    heartbeat.start()


def is_supervised() -> bool:
    """Whether this process is watched from outside, as that of a command is."""
    return _heartbeat is not None and _heartbeat[0] == os.getpid()


def leave_trace(output: Path | None, *, work: Path | None = None, made: Sequence[Path] = ()) -> None:
    """Tells the supervisor what to remove if this process dies; does nothing without output or supervisor."""
    if output is not None and _heartbeat is not None and _heartbeat[0] == os.getpid():
        _heartbeat[1].leave(
            Trace(
                output=str(output.absolute()),
                work=None if work is None else str(work.absolute()),
                made=tuple(str(folder.absolute()) for folder in made),
            )
        )
