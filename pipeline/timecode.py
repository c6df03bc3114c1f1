"""Where a frame is: by its number, its time, or as an editing desk names it, HH:MM:SS:FF from the film's own start."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pipeline.errors import SettingsError
from pipeline.media import FilmInfo, Shot
from pipeline.timeline import Timeline

Place = int | str
"""A frame, as people name it: its number from 0, or a time (`12.5s`, `00:00:12:12`)."""

_SECONDS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?s")
_PLACES = "a frame's number from 0, 12.5s, or a timecode such as 00:00:12:12 would work"
_TIMECODE = re.compile(r"([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])([:;.,])([0-9]{2,3})")
_DROPPED_A_MINUTE = {30: 2, 60: 4}
"""Numbers that drop-frame timecode leaves out at the start of each minute but every tenth, by nominal rate."""


@dataclass(frozen=True, kw_only=True)
class Timecode:
    """Names the frames of a film; frame 0 is `start` frames after 00:00:00:00."""

    rate: int
    """Nominal frames per second: 30 for 29.97."""
    start: int = 0
    drop: bool = False
    """Drop frame: written with `;`, it keeps up with the clock at 29.97 and 59.94."""

    def at(self, number: int) -> str:
        """The timecode of frame `number`."""
        count = number + self.start
        if self.drop:
            count = _with_dropped(count, self.rate)
        seconds, frame = divmod(count, self.rate)
        mark, digits = (";" if self.drop else ":"), len(str(self.rate - 1))
        return f"{_clock(seconds % 86400)}{mark}{frame:0{max(digits, 2)}d}"

    def number(self, text: str) -> int | None:
        """The frame that has this timecode; below 0 where it lies before the film, None where it is no timecode.

        Drop frame or not goes by the film, not by the separator.
        """
        match = _TIMECODE.fullmatch(text.strip())
        if match is None or int(match[5]) >= self.rate:
            return None
        hours, minutes, seconds, frame = (int(match[part]) for part in (1, 2, 3, 5))
        count = ((hours * 60 + minutes) * 60 + seconds) * self.rate + frame
        if self.drop:
            count = _without_dropped(count, self.rate)
        return count - self.start


@dataclass(frozen=True, eq=False, kw_only=True)
class FrameNumbers:
    """The frames of a film, and its shots."""

    pts: npt.NDArray[np.int64]
    time_base: Fraction
    shots: tuple[range, ...]
    """The frames of each."""
    timecode: Timecode | None
    """None where the film has no even rate."""
    what: str = "film"

    @classmethod
    def of_film(cls, film: FilmInfo, timeline: Timeline, shots: Iterable[Shot]) -> "FrameNumbers":
        """Those of a planned film."""
        return cls(
            pts=timeline.pts,
            time_base=film.time_base,
            shots=tuple(range(shot.start, shot.end) for shot in shots),
            timecode=find_timecode(film, timeline),
        )

    def number(self, place: Place) -> int:
        """The number of the frame, from 0. Raises SettingsError, without the key, where the film has no such frame."""
        number = self._number(place)
        count = len(self.pts)
        if number < count:
            return number
        if count == 1:
            raise SettingsError(f"found {place}; a {self.what} is one frame, 0")
        raise SettingsError(f"found {place}; the {self.what} has {count} frames, 0 to {count - 1}")

    def _number(self, place: Place) -> int:
        if isinstance(place, int):
            if place < 0:
                raise SettingsError(f"found {place}; {_PLACES}")
            return place
        if seconds := _SECONDS.fullmatch(place.strip()):
            return self._at(Fraction(seconds[1]), place)
        if self.timecode is None:
            raise SettingsError(
                f"found {place!r}, but the {self.what} has no even rate; a frame's number would work"
            )
        number = self.timecode.number(place)
        if number is None:
            raise SettingsError(f"found {place!r}; {_PLACES}")
        if number < 0:
            raise SettingsError(f"found {place!r}; the {self.what} begins at {self.timecode.at(0)}")
        return number

    def _at(self, seconds: Fraction, place: str) -> int:
        """The frame that is shown so many seconds after the first one appears."""
        first, last = int(self.pts[0]), int(self.pts[-1])
        wanted = first + seconds / self.time_base
        end = last + (last - int(self.pts[-2]) if len(self.pts) > 1 else 1)
        if wanted >= end:
            ends = float((end - first) * self.time_base)
            raise SettingsError(f"found {place}; the {self.what} ends after {ends:.3f}s")
        return max(0, int((self.pts <= int(wanted)).sum()) - 1)


def find_timecode(film: FilmInfo, timeline: Timeline) -> Timecode | None:
    """The timecode of a film; None where its rate is not known or its frames do not keep it."""
    rate = film.rate_from_header
    if rate is None or round(rate) < 1 or not _is_steady(film, timeline, rate):
        return None
    nominal = round(rate)
    text = next(filter(None, (film.video.tag("timecode"), *_other_timecodes(film))), "")
    match = _TIMECODE.fullmatch(text.strip())
    if match is None or int(match[5]) >= nominal:
        return Timecode(rate=nominal)
    drop = match[4] in ";." and nominal in _DROPPED_A_MINUTE and rate != nominal
    hours, minutes, seconds = (int(match[part]) for part in (1, 2, 3))
    count = ((hours * 60 + minutes) * 60 + seconds) * nominal + int(match[5])
    if drop:
        count = _without_dropped(count, nominal)
    return Timecode(rate=nominal, start=count, drop=drop)


def clock_time(seconds: Fraction) -> str:
    """HH:MM:SS.mmm, rounded to the nearest; with a minus before the start."""
    milli = round(seconds * 1000)
    sign, milli = ("-", -milli) if milli < 0 else ("", milli)
    return f"{sign}{_clock(milli // 1000)}.{milli % 1000:03d}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _with_dropped(count: int, rate: int) -> int:
    """The number that drop-frame timecode gives frame `count`."""
    dropped = _DROPPED_A_MINUTE[rate]
    minute = rate * 60 - dropped
    ten_minutes = minute * 10 + dropped
    tens, rest = divmod(count, ten_minutes)
    minutes = (rest - dropped) // minute if rest > dropped else 0
    return count + dropped * (9 * tens + minutes)


def _without_dropped(count: int, rate: int) -> int:
    """The frame that drop-frame timecode names by that number."""
    minutes = count // (60 * rate)
    return count - _DROPPED_A_MINUTE[rate] * (minutes - minutes // 10)


def _other_timecodes(film: FilmInfo) -> list[str | None]:
    of_film = next((value for key, value in film.tags if key.lower() == "timecode"), None)
    return [stream.tag("timecode") for stream in film.streams if stream.kind == "data"] + [of_film]


def _is_steady(film: FilmInfo, timeline: Timeline, rate: Fraction) -> bool:
    """Whether every frame stands at its place in a film of that rate, within half a frame."""
    step = float(1 / rate / film.time_base)
    wanted = np.arange(len(timeline)) * step
    return bool(np.all(np.abs(timeline.pts - timeline.pts[0] - wanted) < step / 2))
