"""When a stage is due for another report, how fast it goes, and how people write amounts, rates and times."""

import re
import threading
import time
from dataclasses import dataclass

from jobs.progress.stages import STAGES, label_of

_NAMES = {stage.label: name for name, stage in STAGES.items()}
_LINE = re.compile(
    r"(?P<label>[a-z ]+)(?:: (?P<done>[0-9.,]+)(?: of (?P<total>[0-9.,]+))? (?P<unit>[A-Za-z]+)"
    r"(?:, [0-9.,]+ [A-Za-z]+/[a-z]+)?(?:, (?P<left>[0-9:]+) left)?)?"
)
_FILM_LINE = re.compile(r".*: (?P<percent>[0-9]+) %(?:, (?P<left>[0-9:]+) left)?; (?P<stage>.*)")
_BYTES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


class Rate:
    """How fast a stage is and how long it will take; None if not known yet."""

    def __init__(self, per_second: float | None, seconds_left: float | None) -> None:
        self.per_second = per_second
        self.seconds_left = seconds_left


class Rates:
    """When a stage is due for a report, and how fast it has been since its first report."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: dict[str, tuple[float, int]] = {}
        self._last: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Begins anew, for the next film."""
        with self._lock:
            self._first.clear()
            self._last.clear()

    def due(self, name: str, done: int, total: int | None) -> Rate | None:
        """The stage's rate, if a report is due: at its start, now and then, and once at its end."""
        now = time.monotonic()
        with self._lock:
            begun, initial = self._first.setdefault(name, (now, done))
            last_at, last_done = self._last.get(name, (-self._seconds, -1))
            at_end = total is not None and done >= total
            if last_done == done or not (at_end or now - last_at >= self._seconds):
                return None
            self._last[name] = (now, done)
        return rate_since(begun, initial, now=now, done=done, total=total)


def rate_since(begun: float, initial: int, *, now: float, done: int, total: int | None) -> Rate:
    """The rate of a stage that had `initial` units at the time `begun`."""
    if done <= initial or now <= begun:
        return Rate(None, None)
    per_second = (done - initial) / (now - begun)
    return Rate(per_second, None if total is None else max(total - done, 0) / per_second)


def stage_line(name: str, done: int, total: int | None, unit: str, rate: Rate) -> str:
    """How far a stage is, how fast and for how long still, in one line."""
    is_over = total is not None and done >= total
    parts = [amount(done, total, unit), "" if is_over and done == 1 else speed(rate.per_second, unit)]
    if rate.seconds_left is not None and not is_over:
        parts.append(f"{clock(rate.seconds_left)} left")
    text = ", ".join(filter(None, parts))
    return f"{label_of(name)}: {text}" if text else label_of(name)


def amount(done: int, total: int | None, unit: str) -> str:
    """`1,024 of 2,400 frames`, `0.3 of 1.2 GB`; empty for a stage that is one thing, done or not."""
    if total == 1 or (total is None and not done):
        return ""
    if unit == "byte":
        name, size = next((found for found in _BYTES if max(done, total or 0) >= found[1]), ("bytes", 1))
        digits = 0 if name == "bytes" else 1
        of = "" if total is None else f" of {total / size:,.{digits}f}"
        return f"{done / size:,.{digits}f}{of} {name}"
    of = "" if total is None else f" of {total:,}"
    return f"{done:,}{of} {unit}{'' if (total or done) == 1 else 's'}"


def speed(per_second: float | None, unit: str) -> str:
    """`21.3 frames/s`, `85 MB/s`, `3.1 frames/min`; empty where it is not known, or nobody counts in that unit."""
    if not per_second or unit == "film":
        return ""
    if unit == "byte":
        return f"{per_second / 1e6:,.0f} MB/s" if per_second >= 1e6 else ""
    if per_second < 0.1:
        return (
            f"{per_second * 60:.2g} {unit}s/min"
            if per_second * 60 >= 0.1
            else f"{per_second * 3600:.2g} {unit}s/h"
        )
    return f"{per_second:,.0f} {unit}s/s" if per_second >= 100 else f"{per_second:.1f} {unit}s/s"


def clock(seconds: float) -> str:
    """`0:14`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@dataclass(frozen=True, kw_only=True)
class StageState:
    """How far a stage was when it said so in a line."""

    name: str
    done: int
    total: int | None
    seconds_left: float | None
    """Of the film where the line is of one, else of the stage."""
    percent: float | None = None
    """Of the film, 0 to 100, where the line is of one."""


def parse_stage_line(line: str) -> StageState | None:
    """What a line of `stage_line` says, about, or the line of a film that ends with one; None for any other line."""
    film = _FILM_LINE.fullmatch(line.strip())
    match = _LINE.fullmatch(film["stage"] if film else line.strip())
    if match is None or match["label"] not in _NAMES:
        return None
    left = film["left"] if film else match["left"]
    unit = dict(_BYTES).get(match["unit"] or "", 1)
    done, total = (
        None if text is None else round(float(text.replace(",", "")) * unit)
        for text in (match["done"], match["total"])
    )
    parts = [int(part) for part in left.split(":")] if left else []
    seconds = sum(part * 60**power for power, part in enumerate(reversed(parts)))
    return StageState(
        name=_NAMES[match["label"]],
        done=done or 0,
        total=total,
        seconds_left=float(seconds) if parts else None,
        percent=float(film["percent"]) if film else None,
    )
