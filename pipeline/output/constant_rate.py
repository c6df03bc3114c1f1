"""Numbered stills as a container: what they cannot hold of a film.

Containers that know one rate: whether a film keeps it, frame by frame.
"""

from fractions import Fraction

from pipeline.errors import OutputError
from pipeline.media import FilmInfo
from pipeline.messages import first_few
from pipeline.output.container_table import Container, container_of
from pipeline.still_pattern import KINDS, shares_metadata
from pipeline.support.table import cure
from pipeline.target import Target
from pipeline.timeline import Timeline

CODED_AS = "ffv1"
"""What the pictures are coded as until they become stills; every sample comes out as it went in."""
_WITH_HEADERS = ("dpx", "exr")
"""Kinds whose headers hold timecode and aspect."""
_LATE_FRAMES = 0.5
_OF_A_FILE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})

_RATE_TOLERANCE = Fraction(1, 2500)
"""By which a rate in a header may miss the one it means: 23.98 is 24000/1001, and is not 24."""
_LATE_FRAMES_IN_CONTAINER = Fraction(1, 4)
"""How far from its place a frame may be that keeps a rate: clocks of a millisecond are no finer at 120 frames/s."""


def stills_losses(film: FilmInfo, output: Target) -> tuple[str, ...]:
    """What the stills of a pattern cannot hold of a film beside its streams; a line each."""
    kind, lost = output.pattern.kind, []
    if film.sequence is None:
        tags = sorted(key for key, _ in film.tags if key.lower() not in _OF_A_FILE)
        lost += [f"the film's tags {first_few(tags)}"] if tags else []
    if film.sample_aspect != 1 and kind not in _WITH_HEADERS:
        lost.append(
            f"the aspect of its samples, {film.sample_aspect.numerator}:{film.sample_aspect.denominator}"
        )
    has_timecode = any(stream.tag("timecode") for stream in film.streams)
    if has_timecode and kind not in _WITH_HEADERS:
        lost.append("its timecode")
    if film.field_order not in ("progressive", "unknown"):
        lost.append(f"the order of its fields, {film.field_order}")
    return tuple(lost)


def keeps_turn(film: FilmInfo, output: Target) -> bool:
    """Whether the film becomes stills that can say how they lie, as its own stills do."""
    if film.sequence is None or not output.is_numbered:
        return False
    return shares_metadata(KINDS[film.path.suffix.lower()], output.pattern.kind)


def check_codec(output: Target, codec: str) -> None:
    """OutputError unless pictures of that codec can become stills."""
    if codec != CODED_AS:
        raise OutputError(
            f"cannot write {output}: numbered stills are made without loss, not of {codec}; preset: sequence would work"
        )


def check_even(film: FilmInfo, output: Target, *, timeline: Timeline) -> None:
    """OutputError where frames do not keep one rate: stills have a number, but no time."""
    rate, first = film.rate_from_header, int(timeline.pts[0])
    if len(timeline) == 1:
        return
    for number, pts in enumerate(timeline.pts.tolist()):
        late = None if rate is None else (pts - first) * film.time_base * rate - number
        if late is None or abs(late) > _LATE_FRAMES:
            told = (
                "no rate"
                if rate is None
                else f"frame {number} (pts {pts}) {float(late or 0):+.1f} frames off"
            )
            raise OutputError(
                f"cannot write {output}: numbered stills have one rate, the film has {told}; a film file would work"
            )


def check_times(film: FilmInfo, output: Target, *, timeline: Timeline) -> None:
    """OutputError where the container of `output` has one rate, and the film's frames do not keep it."""
    if output.is_numbered:
        check_even(film, output, timeline=timeline)
        return
    container = container_of(output)
    if not container.rates:
        return
    rate = steady_rate(film.rate_from_header, container)
    if rate is None:
        raise OutputError(f"cannot write {output}: {rate_fault(film.rate_from_header, container)}")
    first = int(timeline.pts[0])
    for number, pts in enumerate(timeline.pts.tolist()):
        late = (pts - first) * film.time_base * rate - number
        if abs(late) > _LATE_FRAMES_IN_CONTAINER:
            raise OutputError(
                f"cannot write {output}: it has one rate, and frame {number} (pts {pts}) is {float(late):+.1f} frames "
                f"from its place at {float(rate):g} frames/s; {cure('variable-rate')}"
            )


def steady_rate(rate: Fraction | None, container: Container) -> Fraction | None:
    """The container's rate that is meant by one of a header; None where there is none so near."""
    near = [own for own in container.rates if rate is not None and abs(own / rate - 1) < _RATE_TOLERANCE]
    return min(near, key=lambda own: abs(own - (rate or own)), default=None)


def rate_fault(rate: Fraction | None, container: Container) -> str:
    """Why a film of that rate in its header does not fit, and what would."""
    able = ", ".join(f"{float(own):.5g}" for own in container.rates)
    found = "no rate" if rate is None else f"{float(rate):.5g}"
    return f"it has one rate, {able} frames/s, the film has {found}; {cure('variable-rate')}"
