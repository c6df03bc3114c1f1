"""Decides when a process is hung: a library, or all of it, makes no progress for longer than the job allows.

Clocks of two processes are never compared: it is the watcher's own looking that counts, so a machine that was
suspended, or a watcher that was stopped together with what it watches, gives no false alarm.
"""

from collections.abc import Sequence

from pipeline.limits import Limits
from pipeline.read_monitor import Place

_LONGEST_LOOK_SECONDS = 2.0


class Watch:
    """Checks one process repeatedly."""

    def __init__(self) -> None:
        self._beats: int | None = None
        self._silent_seconds = 0.0
        self._stuck: dict[tuple[str, int], float] = {}

    def look(self, places: Sequence[Place], *, beats: int, seconds: float) -> str | None:
        """Why the process counts as hung, or None; `seconds` have gone by since the last look.

        `beats` changes as long as the process runs at all. Before its first beat nothing is held against it.
        """
        seconds = min(seconds, _LONGEST_LOOK_SECONDS)
        before = self._stuck
        self._stuck = {
            (place.path, place.steps): before.get((place.path, place.steps), -seconds) + seconds
            for place in places
            if place.is_busy
        }
        for place in places:
            if place.is_busy and self._stuck[place.path, place.steps] >= place.stall_seconds:
                return f"{place}, no progress for {place.stall_seconds} s"
        self._silent_seconds = self._silent_seconds + seconds if beats and beats == self._beats else 0.0
        self._beats = beats
        longest = min((place.stall_seconds for place in places), default=Limits.stall_seconds)
        if self._silent_seconds >= longest:
            return (
                f"{places[0]}, no sign of life for {longest} s"
                if places
                else f"no sign of life for {longest} s"
            )
        return None
