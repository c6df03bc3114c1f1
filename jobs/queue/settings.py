"""The settings of a queue's worker."""

from dataclasses import dataclass

from pipeline.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """When a worker looks, beats, gives up waiting and ends; checked when made."""

    once: bool = False
    """Take one job at most, then end."""
    drain: bool = False
    """End once no job waits and none runs anywhere."""
    poll_seconds: float = 5.0
    """Between two looks at the queue and the drop folder."""
    beat_seconds: float = 5.0
    """Between two signs of life; a cancelled job is stopped within one of them."""
    dead_seconds: float = 90.0
    """Without a sign of life for this long, a worker counts as dead; above what a network share caches."""
    grace_seconds: float = 30.0
    """For a job that is asked to end, before it is killed."""
    longest_pause_seconds: float = 60.0
    """Between two tries to reach a spool that is gone; the pauses double up to here."""

    def __post_init__(self) -> None:
        for name in ("poll_seconds", "beat_seconds", "dead_seconds"):
            if not 0.01 <= getattr(self, name) <= 86400:
                message = f"found {getattr(self, name)}; 0.01 to 86400 s would work"
                raise SettingsError(
                    f"--{name.removesuffix('_seconds').replace('dead', 'dead-after')}: {message}"
                )
        if self.dead_seconds < 2 * self.beat_seconds:
            message = f"found {self.dead_seconds:g} s; twice the heartbeat ({self.beat_seconds:g} s) or more would work"
            raise SettingsError(f"--dead-after: {message}")
