"""How much a film may ask of whoever reads it, so that no file, however it was made, costs more than was granted."""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from pipeline.errors import SettingsError, SourceError

MOST_PIXELS = 2**28
"""More pixels than that FFmpeg's own decoders refuse."""
MOST_SECONDS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a film may cost at most; one that costs more is refused by name."""

    pixels: int = 100_000_000
    """Of a frame, 256 to 268435456; checked before a frame of that size gets memory."""
    frames: int = 10_000_000
    """Of a film."""
    hours: float = 48.0
    """From the first frame to the last."""
    rate: int = 1000
    """Frames within any second, at most 1000000."""
    stall_seconds: int = 60
    """For which a decoder may be at work without giving a frame, 1 to 1000000; then it is ended."""

    def __post_init__(self) -> None:
        for name, least, most in (
            ("pixels", 256, MOST_PIXELS),
            ("frames", 1, 2**40),
            ("rate", 1, 1_000_000),
            ("stall_seconds", 1, MOST_SECONDS),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise SettingsError(f"limits.{name} {value}: {least} to {most} would work")
        if not 0 < self.hours <= MOST_SECONDS:
            raise SettingsError(f"limits.hours {self.hours}: above 0, up to {MOST_SECONDS} would work")


DEFAULT_LIMITS = Limits()
"""For whoever asks for nothing else."""


def check_pixels(limits: Limits, *, width: int, height: int, where: str) -> None:
    """Raises SourceError, beginning with `where`, for a frame of too many pixels."""
    if width * height > limits.pixels:
        raise SourceError(
            f"{where} is {width}x{height}, {width * height:,} pixels; limits.pixels allows {limits.pixels:,}"
        )


class FrameLimits:
    """Counts the frames of a film as they come, and refuses the one that is too many, too late or too soon."""

    def __init__(self, limits: Limits, *, name: str, time_base: Fraction) -> None:
        """`name` is what messages begin with."""
        self._limits, self._name = limits, name
        self._longest_ticks = int(Fraction(limits.hours) * 3600 / time_base)
        self._second_ticks = 1 / time_base
        self._count = 0
        self._first: int | None = None
        self._recent = deque[int](maxlen=limits.rate)

    def take(self, pts: int | None) -> None:
        """Counts a frame; one without a time counts too. Raises SourceError that names frame, pts and limit."""
        limits, number = self._limits, self._count
        place = f"{self._name}: frame {number} (pts {pts})"
        self._count += 1
        if self._count > limits.frames:
            raise SourceError(f"{place} is one too many; limits.frames allows {limits.frames:,}")
        if pts is None:
            return
        self._first = pts if self._first is None else min(pts, self._first)
        if pts - self._first > self._longest_ticks:
            raise SourceError(
                f"{place} comes more than {limits.hours:g} hours after the first one; its times are broken, or "
                "a larger limits.hours would work"
            )
        recent = self._recent
        if len(recent) == limits.rate and 0 <= pts - recent[0] < self._second_ticks:
            raise SourceError(
                f"{place} is more than the {limits.rate:,}th within a second; its times are broken, or a larger "
                "limits.rate would work"
            )
        recent.append(pts)
