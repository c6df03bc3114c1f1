"""Plots over time: chroma, flicker and exposure, with the cuts, as points of SVG paths."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jobs.records.film_record import FilmRecord
from jobs.review.course import Course

WIDTH, HEIGHT = 1000, 100
"""Units of the SVG's view box."""
MOST_POINTS = 500
_TICKS = 4
_PLOTS = (
    ("Chroma", "how strong the colours are: mean of Cb and Cr, in steps of 8 bits", 1, 4.0),
    (
        "Flicker",
        "how much they change from frame to frame where the picture stands still, in steps of 8 bits",
        2,
        0.5,
    ),
    ("Exposure", "how light the picture is, of 100 %", 0, 100.0),
)
"""Name, meaning, digits of the largest value, least height of the scale."""


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One line over the time of the film."""

    name: str
    meaning: str
    top: str
    """The value at the upper edge; the lower one is 0."""
    path: str
    """Of the line, in units of the view box."""
    summary: str
    """For those who cannot see it."""


def plots_of(course: "npt.NDArray[np.float32]") -> list[Plot]:
    """The plots of (n, 3) values as `Course.shown` gives them; none of a film of one frame."""
    if len(course) < 2:
        return []
    made = []
    for (name, meaning, digits, least), column in zip(_PLOTS, (course * (1, 1, 100)).T, strict=True):
        top = max(float(column.max()) * 1.05, least) if name != "Exposure" else least
        across = np.linspace(0, WIDTH, len(column))
        points = " ".join(
            f"{x:.0f},{HEIGHT - HEIGHT * y / top:.1f}" for x, y in zip(across, column, strict=True)
        )
        middle, largest = float(np.median(column)), float(column.max())
        at = int(column.argmax()) / len(column) * 100
        summary = (
            f"{name}: median {middle:.{digits}f}, largest {largest:.{digits}f} at {at:.0f} % of the film"
        )
        made.append(
            Plot(name=name, meaning=meaning, top=f"{top:.{digits}f}", path=f"M{points}", summary=summary)
        )
    return made


def cuts_path(record: FilmRecord) -> str:
    """A short line for each cut."""
    places = [shot.start / record.frames * WIDTH for shot in record.shots[1:]]
    return "".join(f"M{place:.1f},0V{HEIGHT}" for place in dict.fromkeys(round(place, 1) for place in places))


def seconds_of(course: Course, *, length: float) -> list[float]:
    """When each of the shown values begins, as if frames were evenly spread."""
    count = len(course.shown(most=MOST_POINTS))
    return [length * part / count for part in range(count)]


def time_ticks(length: float) -> Sequence[str]:
    """Times that are written below the plots, from 0 to the length."""
    return [_time(length * part / _TICKS, whole=length) for part in range(_TICKS + 1)]


def _time(seconds: float, *, whole: float) -> str:
    """`7.5 s`, `1:05` or `1:02:05`, as the length asks for."""
    if whole < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if whole < 3600:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
