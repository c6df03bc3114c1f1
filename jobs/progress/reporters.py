"""Reports the progress of a run: bars on a terminal, lines in a log, JSON to a program.

Stages report (stage, done, total); several may do so at once, from several threads.
`one_line` makes text from files safe for a line: it cannot break the line, colour it or be endless.
"""

import contextlib
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Protocol, TextIO

from tqdm import tqdm

from jobs.progress.log_forwarding import forwarding
from jobs.progress.rates import Rates, stage_line

_LINE_SECONDS = 5.0
_EVENT_SECONDS = 0.5

_FIRST_CHARACTERS, _LAST_CHARACTERS = 12_000, 2_000
"""Of a line that is longer: two of the longest paths fit, each byte an escape of three."""

Details = dict[str, Any]
"""What a program that reads the events gets at the end of a run."""


class Progress(Protocol):
    """What a run tells while it runs. All of it may be called from any thread."""

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """`done` of `total` units (None: unknown yet) of a stage are finished; a stage may start above 0."""

    def note(self, message: str, *, warning: bool = False) -> None:
        """One line that a person would want to know."""

    def finish(self, outcome: str, **details: object) -> None:
        """The last word, for programs: `done`, `failed` or `interrupted`, and its details."""

    def close(self) -> None:
        """No more calls follow."""


class QuietProgress:
    """Tells warnings only."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """Says nothing."""

    def note(self, message: str, *, warning: bool = False) -> None:
        """A warning on the stream."""
        if warning:
            print(note_line(message, warning=warning), file=self._stream, flush=True)

    def finish(self, outcome: str, **details: object) -> None:
        """Says nothing."""

    def close(self) -> None:
        """Nothing to close."""


class BarProgress:
    """One bar a stage on a terminal, with rate and time left."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._bars: dict[str, tqdm[None]] = {}
        self._lock = threading.RLock()

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """Moves the stage's bar, which is drawn ten times a second at most."""
        with self._lock:
            bar = self._bars.get(name)
            if bar is None:
                bar = self._bars[name] = _Bar(
                    desc=name,
                    initial=done,
                    total=total,
                    unit=f" {unit}s",
                    file=self._stream,
                    dynamic_ncols=True,
                )
            if total != bar.total:
                bar.total = total
            bar.update(done - bar.n)
            if total is not None and done >= total:
                bar.refresh()

    def note(self, message: str, *, warning: bool = False) -> None:
        """A line above the bars."""
        with self._lock:
            tqdm.write(note_line(message, warning=warning), file=self._stream)

    def finish(self, outcome: str, **details: object) -> None:
        """Says nothing: the bars have."""

    def close(self) -> None:
        """Leaves the bars as they stand."""
        with self._lock:
            for bar in self._bars.values():
                bar.close()


class LineProgress:
    """Plain lines for logs: one for each stage every few seconds, and one at its end."""

    def __init__(self, stream: TextIO | None = None, *, line_seconds: float = _LINE_SECONDS) -> None:
        self._stream = stream or sys.stderr
        self._rates = Rates(line_seconds)

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """A line, if the last one of this stage is long enough ago or this is its end."""
        rate = self._rates.due(name, done, total)
        if rate is not None:
            print(stage_line(name, done, total, unit, rate), file=self._stream, flush=True)

    def note(self, message: str, *, warning: bool = False) -> None:
        """A line."""
        print(note_line(message, warning=warning), file=self._stream, flush=True)

    def finish(self, outcome: str, **details: object) -> None:
        """Says nothing: the lines have."""

    def close(self) -> None:
        """Nothing to close."""


class JsonProgress:
    """One JSON object a line on stdout, each with `event` and `time` (seconds since 1970)."""

    def __init__(self, stream: TextIO | None = None, *, event_seconds: float = _EVENT_SECONDS) -> None:
        self._stream = stream or sys.stdout
        self._rates = Rates(event_seconds)
        self._lock = threading.Lock()

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """`{"event": "stage", "stage", "done", "total", "unit", "per_second", "seconds_left"}`."""
        rate = self._rates.due(name, done, total)
        if rate is not None:
            per_second = None if rate.per_second is None else round(rate.per_second, 2)
            left = None if rate.seconds_left is None else round(rate.seconds_left, 1)
            self._emit(
                "stage",
                stage=name,
                done=done,
                total=total,
                unit=unit,
                per_second=per_second,
                seconds_left=left,
            )

    def note(self, message: str, *, warning: bool = False) -> None:
        """`{"event": "note" or "warning", "message"}`."""
        self._emit("warning" if warning else "note", message=message)

    def finish(self, outcome: str, **details: object) -> None:
        """`{"event": outcome, …}`."""
        self._emit(outcome, **details)

    def close(self) -> None:
        """Nothing to close."""

    def _emit(self, event: str, **details: object) -> None:
        line = json.dumps({"event": event, "time": round(time.time(), 3), **details}, default=str)
        with self._lock:
            print(line, file=self._stream, flush=True)


def make_progress(*, quiet: bool = False, json_events: bool = False) -> Progress:
    """What fits the asker and the terminal: JSON, nothing, bars, or lines where stderr is no terminal."""
    if json_events:
        return JsonProgress()
    if quiet:
        return QuietProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()


@contextlib.contextmanager
def logging_to(progress: Progress, *, level: int) -> Iterator[None]:
    """For the length of the block, log records of `level` and above become notes."""

    def note(name: str, level: int, text: str) -> None:
        if level <= logging.DEBUG:
            text = f"{name}: {text}"
        progress.note(text, warning=level >= logging.WARNING)

    with forwarding(note, level=level):
        yield


def one_line(text: str) -> str:
    """The text with everything that does not print as an escape: `two\\nlines`, `\\x1b[31m`, `\\udcff`.

    Of a text of more than 14,000 characters the middle is left out.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escape(char) for char in text)
    left_out = len(text) - _FIRST_CHARACTERS - _LAST_CHARACTERS
    if left_out <= 0:
        return text
    return f"{text[:_FIRST_CHARACTERS]} … {left_out:,} characters … {text[-_LAST_CHARACTERS:]}"


def note_line(message: str, *, warning: bool) -> str:
    """The line that tells a person a message."""
    return f"kinochrome: warning: {one_line(message)}" if warning else one_line(message)


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar without tqdm's watching thread."""

    monitor_interval = 0


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
