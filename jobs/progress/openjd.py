"""Progress for a worker of Open Job Description: `openjd_progress:`, `openjd_status:` and `openjd_fail:` lines.

They begin in column 1 of stdout, each written whole and flushed. Any other output begins with `kinochrome: `, so
that no text of a film or a job (a title with a line break in it) can pass for such a line.
"""

import sys
import threading
import time
from typing import TextIO

from jobs.progress.overall import OverallProgress, Place, command_progress
from jobs.progress.rates import Rates, stage_line

_STATUS_SECONDS = 5.0
_PROGRESS_SECONDS = 1.0
_LONGEST_LINE = 1000
_MOST_BEFORE_THE_END = 99.0


class OpenJdProgress:
    """One number from 0 to 100 for the whole verb, which never falls, and what is being done now."""

    def __init__(
        self,
        verb: str,
        stream: TextIO | None = None,
        *,
        status_seconds: float = _STATUS_SECONDS,
        progress_seconds: float = _PROGRESS_SECONDS,
    ) -> None:
        """`verb` tells which stages are to come."""
        self._stream = stream or sys.stdout
        self._rates = Rates(status_seconds)
        self._progress_seconds = progress_seconds
        self._overall = OverallProgress(verb)
        self._percent = 0.0
        self._last_at = -progress_seconds
        self._lock = threading.Lock()

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """What follows is of another film."""
        with self._lock:
            self._overall = OverallProgress(part, place=place)
            self._rates.forget()
            if place is not None and place.count > 1 and place.number:
                self._say(f"openjd_status: film {place.number} of {place.count}: {_one_line(name)}")

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """A progress line a second at most, a status line every few seconds and at the stage's end."""
        with self._lock:
            self._overall.update(name, done, total)
            percent = min(round(100 * command_progress(self._overall)[0], 1), _MOST_BEFORE_THE_END)
            now = time.monotonic()
            if percent > self._percent and now - self._last_at >= self._progress_seconds:
                self._percent, self._last_at = percent, now
                self._say(f"openjd_progress: {percent:.1f}")
        rate = self._rates.due(name, done, total)
        if rate is not None:
            with self._lock:
                self._say(f"openjd_status: {_one_line(stage_line(name, done, total, unit, rate))}")

    def note(self, message: str, *, warning: bool = False) -> None:
        """Plain lines of the log; a warning is the status too."""
        with self._lock:
            for line in message.splitlines():
                self._say(f"kinochrome: warning: {line}" if warning else f"kinochrome: {line}")
            if warning:
                self._say(f"openjd_status: warning: {_one_line(message)}")

    def finish(self, outcome: str, **details: object) -> None:
        """100 for what is done; for anything else the reason, which the exit code has to confirm."""
        with self._lock:
            if outcome == "done":
                self._say("openjd_progress: 100.0")
            else:
                self._say(f"openjd_fail: {_one_line(str(details.get('message') or outcome))}")

    def close(self) -> None:
        """Nothing to close."""

    def _say(self, line: str) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        shown = line[:_LONGEST_LINE].encode(encoding, "backslashreplace").decode(encoding)
        self._stream.write(f"{shown}\n")
        self._stream.flush()


def _one_line(message: str) -> str:
    return " ".join("; ".join(line for line in message.splitlines() if line.strip()).split())
