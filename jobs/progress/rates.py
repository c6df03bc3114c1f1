"""When a stage is due for another report, and how fast it goes."""

import threading
import time


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

    def due(self, name: str, done: int, total: int | None) -> Rate | None:
        """The stage's rate, if a report is due: at its start, now and then, and once at its end."""
        now = time.monotonic()
        with self._lock:
            begun, initial = self._first.setdefault(name, (now, done))
            told_at, told_done = self._last.get(name, (-self._seconds, -1))
            at_end = total is not None and done >= total
            if told_done == done or not (at_end or now - told_at >= self._seconds):
                return None
            self._last[name] = (now, done)
        if done <= initial or now <= begun:
            return Rate(None, None)
        per_second = (done - initial) / (now - begun)
        return Rate(per_second, None if total is None else (total - done) / per_second)


def stage_line(name: str, done: int, total: int | None, unit: str, rate: Rate) -> str:
    """How far a stage is, how fast and for how long still, in one line."""
    of = "" if total is None else f" of {total}"
    left = "" if rate.seconds_left is None else f", {_clock(rate.seconds_left)} left"
    speed = "" if rate.per_second is None else f", {rate.per_second:.1f} {unit}s/s"
    return f"{name}: {done}{of} {unit}s{speed}{left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
