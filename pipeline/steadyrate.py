"""Containers that know one rate: whether a film keeps it, frame by frame."""

from fractions import Fraction
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.media import FilmInfo, Timeline
from pipeline.output.constant_rate import check_even
from pipeline.output.container_table import Container, container_of
from pipeline.still_pattern import is_pattern
from pipeline.support.table import cure

_RATE_TOLERANCE = Fraction(1, 2500)
"""By which a rate in a header may miss the one it means: 23.98 is 24000/1001, and is not 24."""
_LATE_FRAMES = Fraction(1, 4)
"""How far from its place a frame may be that keeps a rate: clocks of a millisecond are no finer at 120 frames/s."""


def check_times(film: FilmInfo, output: Path, *, timeline: Timeline) -> None:
    """OutputError where the container of `output` has one rate, and the film's frames do not keep it."""
    if is_pattern(output):
        check_even(film, output, timeline=timeline)
        return
    container = container_of(output)
    if not container.rates:
        return
    rate = steady_rate(film.rate_from_header, container)
    if rate is None:
        raise OutputError(f"cannot write {output}: {rates_told(film.rate_from_header, container)}")
    first = int(timeline.pts[0])
    for number, pts in enumerate(timeline.pts.tolist()):
        late = (pts - first) * film.time_base * rate - number
        if abs(late) > _LATE_FRAMES:
            raise OutputError(
                f"cannot write {output}: it has one rate, and frame {number} (pts {pts}) is {float(late):+.1f} frames "
                f"from its place at {float(rate):g} frames/s; {cure('variable-rate')}"
            )


def steady_rate(rate: Fraction | None, container: Container) -> Fraction | None:
    """The container's rate that is meant by one of a header; None where there is none so near."""
    near = [own for own in container.rates if rate is not None and abs(own / rate - 1) < _RATE_TOLERANCE]
    return min(near, key=lambda own: abs(own - (rate or own)), default=None)


def rates_told(rate: Fraction | None, container: Container) -> str:
    """Why a film of that rate in its header does not fit, and what would."""
    able = ", ".join(f"{float(own):.5g}" for own in container.rates)
    found = "no rate" if rate is None else f"{float(rate):.5g}"
    return f"it has one rate, {able} frames/s, the film has {found}; {cure('variable-rate')}"
