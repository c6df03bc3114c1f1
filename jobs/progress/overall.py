"""How far a film is over all its stages, and how long it will still take, counted from the reports of the stages."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from jobs.progress.stages import STAGES, Phase, phase_of, stages_of

_MOST_BEFORE_THE_END = 0.99
_LEAST_SHARE, _LEAST_SECONDS = 0.01, 1.0
"""Of a phase, before its pace says anything of the time left."""
_SURE_SHARE, _SURE_SECONDS = 0.03, 30.0
"""One of them is needed, too: the first frames of a short film take as long as it takes to load the network."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A film's place among those of one command."""

    number: int
    """From 1."""
    count: int
    start: float
    """The share of the whole command, 0 to 1, that lies before this film."""
    end: float
    """The share that lies before the next one."""
    first: float
    """The share that was done when the command began."""
    began: float
    """When the command began, by the monotonic clock."""


class OverallProgress:
    """One number from 0 to 1 for a film, which never falls, and the time left by the pace of the present phase."""

    def __init__(
        self, part: str, *, place: Place | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`part` tells which stages are to come."""
        self.place = place
        self.phase: Phase = "starting"
        self._shares = dict.fromkeys(stages_of(part), 0.0)
        self._clock = clock
        self._share = 0.0
        self._phase_began, self._phase_first = clock(), 0.0
        self._left: tuple[float, float] | None = None

    @property
    def share(self) -> float:
        """0 to 1."""
        return self._share

    @property
    def percent(self) -> float:
        """0 to 99; only the end of the run makes 100."""
        return 100 * self._share

    def update(self, stage: str, done: int, total: int | None) -> None:
        """Takes in the report of a stage; one that the part does not name counts as one of its own."""
        named = STAGES.get(stage)
        if named is None or named.weight:
            share = 0.0 if not total else min(done / total, 1.0)
            self._shares[stage] = max(share, self._shares.get(stage, 0.0))
            self._share = max(self._share, min(self._weighted(), _MOST_BEFORE_THE_END))
        phase = phase_of(stage)
        if phase is not None and phase != self.phase:
            self.phase = phase
            self._phase_began, self._phase_first = self._clock(), self._share

    def seconds_left(self) -> float | None:
        """By the pace of the present phase; None where nothing can be said yet."""
        now = self._clock()
        gone, took = self._share - self._phase_first, now - self._phase_began
        if _says_something(gone, took):
            self._left = now, took * (1 - self._share) / gone
        if self._left is None:
            return None
        at, left = self._left
        return max(left - (now - at), 0.0)

    def _weighted(self) -> float:
        """What comes later cannot be ahead of what comes before it."""
        weighted, weights, ahead = 0.0, 0, 0.0
        for stage in reversed(self._shares):
            ahead = max(ahead, self._shares[stage])
            weight = STAGES[stage].weight if stage in STAGES else 1
            weighted += weight * ahead
            weights += weight
        return weighted / weights


def command_progress(
    overall: OverallProgress, *, clock: Callable[[], float] = time.monotonic
) -> tuple[float, float | None]:
    """The share of all films of the command that is done, and the seconds left; None where that is not known yet."""
    place = overall.place
    if place is None:
        return overall.share, overall.seconds_left()
    share = place.start + (place.end - place.start) * overall.share
    gone, took = share - place.first, clock() - place.began
    return share, took * (1 - share) / gone if _says_something(gone, took) else None


def _says_something(gone: float, took: float) -> bool:
    """Whether a share that was done in so many seconds says how long the rest takes."""
    is_enough = gone >= _LEAST_SHARE and took >= _LEAST_SECONDS
    return is_enough and (gone >= _SURE_SHARE or took >= _SURE_SECONDS)
