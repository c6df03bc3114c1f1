"""Numbered stills as a container: what they cannot hold of a film."""

from pathlib import Path

from pipeline.errors import OutputError
from pipeline.media import FilmInfo, Timeline
from pipeline.shortlist import first_few
from pipeline.still_pattern import parse_pattern

CODED_AS = "ffv1"
"""What the pictures are coded as until they become stills; every sample comes out as it went in."""
_WITH_HEADERS = ("dpx", "exr")
"""Kinds whose headers hold timecode and aspect."""
_LATE_FRAMES = 0.5
_OF_A_FILE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})


def stills_losses(film: FilmInfo, output: Path) -> tuple[str, ...]:
    """What the stills of a pattern cannot hold of a film beside its streams; a line each."""
    kind, lost = parse_pattern(output).kind, []
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
    if film.rotation_degrees:
        lost.append(f"its turn by {film.rotation_degrees} degrees")
    if film.field_order not in ("progressive", "unknown"):
        lost.append(f"the order of its fields, {film.field_order}")
    return tuple(lost)


def check_codec(output: Path, codec: str) -> None:
    """OutputError unless pictures of that codec can become stills."""
    if codec != CODED_AS:
        raise OutputError(
            f"cannot write {output}: numbered stills are made without loss, not of {codec}; preset: sequence would work"
        )


def check_even(film: FilmInfo, output: Path, *, timeline: Timeline) -> None:
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
