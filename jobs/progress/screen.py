"""Progress on a terminal: a block of at most three lines at its foot, which is gone when the work is done.

One line for all films of a command, one for the film, one for what is being done just now. Notes are lines above
the block and stay. A thread draws it anew twice a second, so that it lives while a stage has nothing to report.
"""

import contextlib
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import TextIO

from tqdm.std import Bar  # type: ignore[attr-defined]  # its types do not name it

from jobs.progress.overall import OverallProgress, Place, command_progress
from jobs.progress.rates import Rate, amount, clock, rate_since, speed
from jobs.progress.reporters import note_line, one_line
from jobs.progress.stages import label_of, order_of, phase_of

_DRAW_SECONDS, _TICK_SECONDS = 0.1, 0.5
_LEAST_COLUMNS, _SHORTEST_BAR, _LONGEST_BAR = 20, 6, 40
_MOST_LINES = 5
_ENDED_SECONDS = 5.0
_STILL_SECONDS = 1.5
"""Without a report, after which the line of the stage counts them."""


@dataclass
class _Active:
    """A stage that is under way."""

    began: float
    """When `initial` units were done; counted from the first one on that cost time."""
    initial: int
    done: int
    total: int | None
    unit: str
    reported: float
    """When it was last heard of."""

    @property
    def is_over(self) -> bool:
        return self.total is not None and self.done >= self.total

    def rate(self) -> Rate:
        now = time.monotonic()
        return rate_since(self.began, self.initial, now=now, done=self.done, total=self.total)


class ScreenProgress:
    """The block, on a stream that is a terminal."""

    def __init__(self, stream: TextIO | None = None, *, columns: int | None = None) -> None:
        """`columns` is the width of the screen; None asks the terminal each time."""
        self._stream = stream or sys.stderr
        self._columns = columns
        self._lock = threading.RLock()
        self._name = ""
        self._overall: OverallProgress | None = None
        self._stages: dict[str, _Active] = {}
        self._last, self._last_at = "", time.monotonic()
        self._drawn, self._drawn_at = 0, 0.0
        self._ticker: threading.Thread | None = None
        self._over = threading.Event()

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """The block is about this film from now on."""
        with self._lock:
            self._name, self._overall = one_line(name), OverallProgress(part, place=place)
            self._stages.clear()
            self._last, self._last_at = "", time.monotonic()
            self._draw()
            self._tick()

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """Draws the block anew, ten times a second at most."""
        with self._lock:
            now = time.monotonic()
            stage = self._stages.setdefault(name, _Active(now, done, done, total, unit, now))
            if done > stage.initial == stage.done:
                stage.began, stage.initial = now, done
            stage.done, stage.total, stage.reported = done, total, now
            self._last, self._last_at = name, now
            if self._overall is not None:
                self._overall.update(name, done, total)
            if now - self._drawn_at >= _DRAW_SECONDS:
                self._draw()
            self._tick()

    def note(self, message: str, *, warning: bool = False) -> None:
        """A line above the block."""
        with self._lock:
            self._write(self._cleared() + self._encoded(note_line(message, warning=warning)) + "\n")
            if not self._over.is_set() and (self._overall is not None or self._stages):
                self._draw()

    def finish(self, outcome: str, **details: object) -> None:
        """Says nothing: the notes have."""

    def close(self) -> None:
        """Takes the block away."""
        self._over.set()
        if self._ticker is not None:
            self._ticker.join()
        with self._lock:
            self._write(self._cleared())
            self._overall = None
            self._stages.clear()

    def _tick(self) -> None:
        """Sees to it that the block is drawn while nobody reports."""
        if self._ticker is None and not self._over.is_set():
            self._ticker = threading.Thread(target=self._keep_drawing, name="progress", daemon=True)
            self._ticker.start()

    def _keep_drawing(self) -> None:
        while not self._over.wait(_TICK_SECONDS):
            with self._lock:
                if not self._over.is_set() and time.monotonic() - self._drawn_at >= _TICK_SECONDS / 2:
                    self._draw()

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        lines = [self._encoded(line) for line in self._lines(self._width())]
        self._write(self._cleared() + "".join(f"{line}\n" for line in lines))
        self._drawn = len(lines)

    def _cleared(self) -> str:
        """What takes the block away and leaves the cursor where it began."""
        drawn, self._drawn = self._drawn, 0
        return f"\x1b[{drawn}A\r\x1b[J" if drawn else ""

    def _lines(self, width: int) -> list[str]:
        lines = []
        if self._overall is None:
            running = [(name, stage) for name, stage in self._stages.items() if not stage.is_over]
            return [_stage_line(name, stage, width) for name, stage in running[-_MOST_LINES:]]
        place = self._overall.place
        if place is not None and (place.count > 1 or (place.count and not place.number)):
            lines.append(_command_line(self._overall, width))
        lines += [self._film_line(self._overall, width), self._now_line(width)]
        return lines

    def _film_line(self, overall: OverallProgress, width: int) -> str:
        rendering = self._stages.get("render")
        rate = rendering.rate().per_second if rendering and overall.phase == "colouring" else None
        left = overall.seconds_left()
        right = [speed(rate, "frame"), "" if left is None else f"{clock(left)} left", overall.phase]
        name = _shortened(self._name, max(_LEAST_COLUMNS, width // 4))
        return _with_bar(
            f"{name} {overall.percent:3.0f} %", overall.share, "  ".join(filter(None, right)), width
        )

    def _now_line(self, width: int) -> str:
        running = self._running()
        if not running:
            seconds = time.monotonic() - self._last_at
            what = label_of(self._last) if self._last else "starting"
            return f"  {what} …{f' {clock(seconds)}' if seconds >= 1 else ''}"[:width]
        stages = []
        still = time.monotonic() - self._last_at
        for name, stage in running:
            parts = [amount(stage.done, stage.total, stage.unit)]
            if len(running) == 1:
                parts.append(speed(stage.rate().per_second, stage.unit))
            what = ", ".join(filter(None, parts))
            stages.append(f"{label_of(name)} {what}".rstrip())
        waiting = f" … {clock(still)}" if still >= _STILL_SECONDS else "" if what else " …"
        return f"  {' · '.join(stages)}"[: width - len(waiting)] + waiting

    def _running(self) -> list[tuple[str, _Active]]:
        """The stages of the present phase that are under way. One may end below its total, which a header claimed:
        it has ended where others go on without it."""
        phase = None if self._overall is None else self._overall.phase
        found = [
            (name, stage)
            for name, stage in self._stages.items()
            if not stage.is_over and phase_of(name) in (phase, None)
        ]
        latest = max((stage.reported for _, stage in found), default=0.0)
        found = [(name, stage) for name, stage in found if latest - stage.reported < _ENDED_SECONDS]
        return sorted(found, key=lambda one: order_of(one[0]))

    def _width(self) -> int:
        if self._columns is not None:
            return self._columns
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return max(os.get_terminal_size(self._stream.fileno()).columns - 1, _LEAST_COLUMNS)
        return 79

    def _encoded(self, line: str) -> str:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            line.encode(encoding)
        except UnicodeEncodeError:
            plain = line.translate({ord("━"): "#", ord("─"): "-", ord("…"): "...", ord("·"): "|"})
            return plain.encode(encoding, "backslashreplace").decode(encoding)
        return line

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()


def _command_line(overall: OverallProgress, width: int) -> str:
    """The line of all films of the command."""
    assert overall.place is not None
    share, left = command_progress(overall)
    place = overall.place
    films = f"{place.count} film{'s' if place.count > 1 else ''}"
    what = f"film {place.number} of {place.count}" if place.number else f"stills, then {films}"
    what = f"{what} {100 * share:3.0f} %"
    return _with_bar(what, share, "" if left is None else f"{clock(left)} left for all", width)


def _stage_line(name: str, stage: _Active, width: int) -> str:
    """A stage of a verb that is not about one film."""
    rate = stage.rate()
    left = "" if rate.seconds_left is None else f"{clock(rate.seconds_left)} left"
    right = [amount(stage.done, stage.total, stage.unit), speed(rate.per_second, stage.unit), left]
    text = "  ".join(filter(None, right)) or f"… {clock(time.monotonic() - stage.began)}"
    if not stage.total:
        return f"{label_of(name)}  {text}"[:width]
    share = min(stage.done / stage.total, 1.0)
    return _with_bar(f"{label_of(name)} {100 * share:3.0f} %", share, text, width)


def _with_bar(left: str, share: float, right: str, width: int) -> str:
    """`left ━━━━──── right`, with a bar if there is room for one."""
    room = min(width - len(left) - len(right) - 3, _LONGEST_BAR)
    if room < _SHORTEST_BAR:
        return f"{left}  {right}"[:width].rstrip()
    bar = format(Bar(share, default_len=room, charset="─━"))
    return f"{left} {bar}  {right}".rstrip()


def _shortened(name: str, length: int) -> str:
    """The name with its middle left out where it is longer."""
    if len(name) <= length:
        return name
    end = (length - 1) // 2
    return f"{name[: length - 1 - end]}…{name[len(name) - end :]}"
