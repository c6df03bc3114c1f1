"""A film at another rate than its own: frames are shown once or several times, never blended and never left out.

Silent films run at 12 to 20 frames a second, players and broadcasters want 24, 25 or 30. Frame n of the delivered film
is shown at n / rate and is the frame of the source that is due by then, so that picture and sound stay in step.
"""

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

from pipeline.errors import SourceError
from pipeline.media import FilmInfo
from pipeline.timeline import Timeline

_LEAST_TICKS = 12_000
"""Least ticks of a second in the delivered time base, so that the first frame can keep its time."""
_EARLY = Fraction(1, 10)
"""Part of a delivered frame by which a frame may be shown early: times in milliseconds are rounded."""
_MOST_TIMES = 1000
"""Repeats of one frame, at most: more would fill a disk, and mean a slide show and not a silent film."""


@dataclass(frozen=True, eq=False)
class Delivery:
    """A film at a delivery rate, with the source frame of each delivered frame."""

    rate: Fraction
    """Frames per second."""
    film: FilmInfo
    """The source, with the time base and rate of the delivered film."""
    timeline: Timeline
    """Of the delivered frames, in the time base of `film`; each has the hash of the source frame that it shows."""
    times: npt.NDArray[np.int64]
    """(N,) how many delivered frames show each frame of the source, 1 or more."""
    starts: npt.NDArray[np.int64]
    """(N,) number of the first delivered frame that shows each frame of the source."""

    def pts_of(self, number: int) -> list[int]:
        """The pts, in the time base of `film`, of the delivered frames that show frame `number` of the source."""
        start = int(self.starts[number])
        return [int(pts) for pts in self.timeline.pts[start : start + int(self.times[number])]]

    def seconds_of(self, number: int) -> Fraction:
        """The time at which frame `number` of the source is shown first."""
        return int(self.timeline.pts[self.starts[number]]) * self.film.time_base

    def line(self) -> str:
        """One line for a report: rate, number of frames, how often frames are repeated."""
        shown = ", ".join(
            f"{count:,} frames {'once' if often == 1 else f'{often} times'}"
            for often, count in sorted(Counter(self.times.tolist()).items())
        )
        cycle = ":".join(map(str, self.times[:8]))
        return (
            f"picture: delivered at {_rate_text(self.rate)} frames/s, {len(self.timeline):,} frames for the source's "
            f"{len(self.times):,} ({shown}; it begins {cycle}); frames are repeated, never blended"
        )


def deliver(film: FilmInfo, timeline: Timeline, rate: Fraction) -> Delivery:
    """Plans the delivery of a film at `rate` frames per second, from its first time to the end of its last frame.

    Raises SourceError where a frame would not be shown at all, or one for more than 1,000 frames.
    """
    pts, base = timeline.pts, film.time_base
    ticks = rate.numerator * ceil(_LEAST_TICKS / rate.numerator)
    step = Fraction(ticks) / rate
    last = int(pts[-1] - pts[-2]) if len(pts) > 1 else round(1 / (film.rate_from_header or rate) / base)
    seconds = (int(pts[-1] - pts[0]) + last) * base
    due = [_first_frame(int(one - pts[0]) * base, rate) for one in pts]
    count = max(round(seconds * rate), due[-1] + 1)
    starts = np.array([*due, count], np.int64)
    times: npt.NDArray[np.int64] = starts[1:] - starts[:-1]
    _refuse(film, times, rate)
    first = round(int(pts[0]) * base * ticks)
    shown = np.repeat(np.arange(len(pts)), times)
    delivered = Timeline(
        pts=np.array([first + round(number * step) for number in range(count)], np.int64),
        luma_hash=timeline.luma_hash[shown],
    )
    return Delivery(
        rate=rate,
        film=replace(film, time_base=Fraction(1, ticks), rate_from_header=rate),
        timeline=delivered,
        times=times,
        starts=starts[:-1],
    )


def _first_frame(seconds: Fraction, rate: Fraction) -> int:
    """The first delivered frame that is shown when a frame of the source is due."""
    return max(0, ceil(seconds * rate - _EARLY))


def _refuse(film: FilmInfo, times: npt.NDArray[np.int64], rate: Fraction) -> None:
    left_out, longest = np.flatnonzero(times < 1), int(np.argmax(times))
    if len(left_out):
        raise SourceError(
            f"{film.path}: {_rate_text(rate)} frames/s would leave out {len(left_out)} of its frames, the first is "
            f"frame {left_out[0]}; a rate above the film's own, or none, would work"
        )
    if times[longest] > _MOST_TIMES:
        raise SourceError(
            f"{film.path}: frame {longest} would be repeated {times[longest]} times at {_rate_text(rate)} frames/s; "
            "without delivery_rate its time is kept"
        )


def _rate_text(rate: Fraction) -> str:
    return str(rate.numerator) if rate.denominator == 1 else f"{float(rate):.3f}"
