"""Where a frame is, as an editing desk names it: HH:MM:SS:FF, counted on from the film's own start timecode."""

import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pipeline.media import FilmInfo
from pipeline.timeline import Timeline

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
        whole = hours * 60 + minutes
        count -= _DROPPED_A_MINUTE[nominal] * (whole - whole // 10)
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


def _other_timecodes(film: FilmInfo) -> list[str | None]:
    of_film = next((value for key, value in film.tags if key.lower() == "timecode"), None)
    return [stream.tag("timecode") for stream in film.streams if stream.kind == "data"] + [of_film]


def _is_steady(film: FilmInfo, timeline: Timeline, rate: Fraction) -> bool:
    """Whether every frame stands at its place in a film of that rate, within half a frame."""
    step = float(1 / rate / film.time_base)
    wanted = np.arange(len(timeline)) * step
    return bool(np.all(np.abs(timeline.pts - timeline.pts[0] - wanted) < step / 2))
