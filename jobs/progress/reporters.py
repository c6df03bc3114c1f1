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

from jobs.progress.log_forwarding import forwarding
from jobs.progress.overall import OverallProgress, Place, command_progress
from jobs.progress.rates import Rate, Rates, clock, stage_line

_LINE_SECONDS = 5.0
_EVENT_SECONDS = 0.5

_FIRST_CHARACTERS, _LAST_CHARACTERS = 12_000, 2_000
"""Of a line that is longer: two of the longest paths fit, each byte an escape of three."""

Details = dict[str, Any]
"""What a program that reads the events gets at the end of a run."""


class Progress(Protocol):
    """What a run tells while it runs. All of it may be called from any thread."""

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """A film begins, of which `part` (a verb) is to be done; `place` is its place among those of one command."""

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

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """Says nothing."""

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


class LineProgress:
    """Plain lines for logs: a line when the run comes to another part of its work, and one every few seconds."""

    def __init__(self, stream: TextIO | None = None, *, line_seconds: float = _LINE_SECONDS) -> None:
        self._stream = stream or sys.stderr
        self._rates = Rates(line_seconds)
        self._seconds = line_seconds
        self._name, self._phase = "", ""
        self._overall: OverallProgress | None = None
        self._last_at = 0.0
        self._lock = threading.Lock()

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """From now on lines begin with the film and how far it is."""
        is_one = place is None or place.count <= 1 or not place.number
        of = "" if place is None or is_one else f"film {place.number} of {place.count}: "
        with self._lock:
            self._name, self._overall = f"{of}{one_line(name)}", OverallProgress(part, place=place)
            self._last_at, self._phase = 0.0, ""
            self._rates.forget()

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """A line, if it is time for one."""
        rate = self._rates.due(name, done, total)
        with self._lock:
            line = None if rate is None else stage_line(name, done, total, unit, rate)
            if rate is not None and self._overall is not None:  # one time left in a line is enough
                line = stage_line(name, done, total, unit, Rate(rate.per_second, None))
            if self._overall is not None:
                line = self._film_line(name, done, total, line)
        if line is not None:
            print(line, file=self._stream, flush=True)

    def _film_line(self, name: str, done: int, total: int | None, line: str | None) -> str | None:
        assert self._overall is not None
        self._overall.update(name, done, total)
        now = time.monotonic()
        is_new = self._overall.phase != self._phase
        if line is None or not (is_new or now - self._last_at >= self._seconds):
            return None
        self._last_at, self._phase = now, self._overall.phase
        left = self._overall.seconds_left()
        left_text = "" if left is None else f", {clock(left)} left"
        return f"{self._name}: {self._overall.percent:.0f} %{left_text}; {line}"

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
        self._overall: OverallProgress | None = None
        self._lock = threading.Lock()

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """`{"event": "film", "film", "number", "count"}`; the stages that follow are its."""
        self._overall = OverallProgress(part, place=place)
        self._rates.forget()
        number, count = (1, 1) if place is None else (place.number, place.count)
        self._emit("film", film=name, number=number, count=count)

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """`{"event": "stage", "stage", "done", "total", "unit", "per_second", "seconds_left"}`.

        Of a film also `film_percent` and `film_seconds_left`, of one of several `percent` of the whole command.
        """
        if self._overall is not None:
            self._overall.update(name, done, total)
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
                **self._of_film(),
            )

    def note(self, message: str, *, warning: bool = False) -> None:
        """`{"event": "note" or "warning", "message"}`."""
        self._emit("warning" if warning else "note", message=message)

    def finish(self, outcome: str, **details: object) -> None:
        """`{"event": outcome, …}`."""
        self._emit(outcome, **details)

    def close(self) -> None:
        """Nothing to close."""

    def _of_film(self) -> Details:
        overall = self._overall
        if overall is None:
            return {}
        left = overall.seconds_left()
        found: Details = {
            "film_percent": round(overall.percent, 1),
            "film_seconds_left": None if left is None else round(left, 1),
        }
        return (
            found
            if overall.place is None
            else found | {"percent": round(100 * command_progress(overall)[0], 1)}
        )

    def _emit(self, event: str, **details: object) -> None:
        line = json.dumps({"event": event, "time": round(time.time(), 3), **details}, default=str)
        with self._lock:
            self._stream.write(f"{line}\n")  # in one piece: a process that is ended leaves no half of a line
            self._stream.flush()


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


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
