"""Whether every stream that was copied is in the finished file as it is in the source: packet by packet, at its time.

Source and file are read side by side, so that little more is held than what one is ahead of the other.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from av.stream import Disposition

from pipeline.media import FilmInfo, StreamInfo
from pipeline.output.container_table import is_lossless
from pipeline.output.containers import ContainerPlan, StreamPlan
from pipeline.output.mux_command import index_in_file, others_path, seconds_text, to_measure
from pipeline.output.units.overlaps import Overlaps
from pipeline.output.units.packet_units import Unit, Units, text_units, units_of
from pipeline.output.units.sound_units import SoundUnits, is_as_loud, tolerance
from pipeline.output.units.unit_reader import UnitReader
from pipeline.read_monitor import reading
from pipeline.source.open_media import open_media
from pipeline.timeline import Timeline

_NANOSECONDS = 1_000_000_000
_GRID_NS = 100_000_000
_USUAL_LAYOUTS = {
    f"{number} channels": name
    for number, name in enumerate(("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1"), start=1)
}
"""What players take channels for that nobody names."""
_MOST_PRIMING_NS = 500_000_000
"""By which a codec with losses may begin before its sound, at the lowest sample rates."""
_BLOCKS_OF_PADDING = 2
"""By which a codec with losses may be longer than its sound."""


class CopyError(Exception):
    """What was written is not what the source holds; the message names the stream and the time."""


class Copies(NamedTuple):
    """What was seen of the streams that are in both files."""

    sums: Mapping[int, str] = {}
    """The MD5 of the samples of each sound that became PCM, by its index in the film."""
    changes: tuple[str, ...] = ()
    """A line for each sound that changes in mid-film, or whose channels are read otherwise."""


@dataclass(frozen=True)
class _Pair:
    """A stream of the source, and the same in the file."""

    index: int
    """In the film."""
    name: str
    source: Any
    copy: Any
    how: str
    slack_ns: int
    """By how much times may differ: both containers round them to their ticks, samples at both ends of a packet."""
    shift_ns: int
    """What the source's times have more than the file's."""
    tolerance: int = 0
    """By how much samples may differ."""
    text: tuple[str | None, frozenset[int]] = (None, frozenset())
    """Of subtitles that are converted, as `text_units` takes it."""
    overlaps: Overlaps | None = None
    """Of sound."""


def check_copies(
    film: FilmInfo, plan: ContainerPlan, partial: Path, *, timeline: Timeline, start: Fraction = Fraction(0)
) -> Copies:
    """CopyError unless the file `partial` holds all packets that were to be copied out of the film, at their times.

    `start` is the time of the film, in seconds, at which the file begins; where that is below 0, all times differ so.
    Texts that were converted are compared without their styles, sound by its samples, sound whose codec has losses by
    how loud it is. Raises FFmpegError where the file does not read.
    """
    if all(t.how in ("video", "lost", "remade") for t in plan.streams):
        return Copies()
    path = others_path(film)
    with reading(path, film.limits) as post, open_media(path) as source, open_media(partial) as made:
        shift = 0 if plan.rate else int(start * _NANOSECONDS)
        pairs = _pairs(film, plan, source, made, shift)
        for pair in pairs:
            if pair.source.type == "attachment" and pair.source.data != pair.copy.data:
                raise CopyError(f"{pair.name}: is not the source's")
        pairs = [pair for pair in pairs if pair.source.type != "attachment"]
        for pair in pairs:
            late = _starts(pair.copy) - _starts(pair.source) + pair.shift_ns
            if pair.how == "heard" and abs(late) > _MOST_PRIMING_NS:
                raise CopyError(f"{pair.name}: begins {late / _NANOSECONDS:.3f} s late")
        if not pairs:
            return Copies()
        measure = "" if plan.rate is None else to_measure(film, timeline, plan.rate)
        of_source = UnitReader(source, {p.source: _units(p, p.source, measure) for p in pairs}, post)
        sums = {pair.copy.index: md5() for pair in pairs if pair.how == "samples"}
        of_copy = UnitReader(made, {p.copy: _units(p, p.copy, "") for p in pairs}, sums=sums)
        _compare(pairs, of_source, of_copy)
        changes = {
            pair: of_source.changes.found.get(pair.source.index) for pair in pairs if pair.how == "copy"
        }
        told = [f"{p.name}: {what}, which its header does not say" for p, what in changes.items() if what]
        told += [line for pair in pairs for line in _other_layout(pair)]
        told += [f"{pair.name}: {pair.overlaps}" for pair in pairs if str(pair.overlaps or "")]
        md5s = {p.index: sums[p.copy.index].hexdigest() for p in pairs if p.how == "samples"}
        return Copies(sums=md5s, changes=tuple(told))


def _pairs(film: FilmInfo, plan: ContainerPlan, source: Any, made: Any, shift_ns: int) -> list[_Pair]:
    """In the order of the source. Streams of a kind keep their order; files and covers stand where they please."""
    found: dict[str, list[Any]] = {}
    for stream in made.streams:
        found.setdefault(_sort(stream), []).append(stream)
    pairs = []
    for stream, treated in zip(film.streams, plan.streams, strict=True):
        if treated.how in ("lost", "remade") or stream.kind == "data":
            continue
        own = source.streams[index_in_file(film, stream)] if treated.how != "video" else None
        sort = "video" if own is None else _sort(own)
        if not found.get(sort):
            raise CopyError(f"{_name(stream)}: is missing")
        copy = found[sort].pop(0)
        if own is not None:
            ticks = [Fraction(s.time_base or 0) for s in (own, copy)]
            slack = int(2 * sum(ticks, Fraction(1, 1_000_000)) * _NANOSECONDS)
            how = _how(stream, treated, is_measured=plan.rate is not None)
            found_tolerance = tolerance(own, is_resampled=how == "measured") if stream.kind == "audio" else 0
            text = (treated.text_coding, treated.unshown_pts)
            name = _name(stream)
            overlaps = Overlaps(int(ticks[1] * _NANOSECONDS) + 1) if stream.kind == "audio" else None
            pairs.append(
                _Pair(stream.index, name, own, copy, how, slack, shift_ns, found_tolerance, text, overlaps)
            )
    return pairs


def _other_layout(pair: _Pair) -> list[str]:
    """A line where the file does not say which channel is where: Matroska, for one, has their number only."""
    if pair.source.type != "audio" or pair.source.codec_context is None or pair.copy.codec_context is None:
        return []
    before, after = (stream.codec_context.layout.name for stream in (pair.source, pair.copy))
    if before in (after, _USUAL_LAYOUTS.get(after)) or before.endswith(" channels"):
        return []
    return [f"{pair.name}: its layout of channels, {before}, is read as {after}"]


def _sort(stream: Any) -> str:
    return (
        "cover" if stream.type == "video" and stream.disposition & Disposition.attached_pic else stream.type
    )


def _name(stream: StreamInfo) -> str:
    return f"{stream.kind} stream {stream.index} ({stream.codec})"


def _how(stream: StreamInfo, treated: StreamPlan, *, is_measured: bool) -> str:
    """`copy`, `text`, or of sound: `measured` for a container with one rate, `samples` as PCM, `heard` with losses."""
    if treated.how != "convert":
        return "copy"
    if stream.kind != "audio":
        return "text"
    if is_measured:
        return "measured"
    return "samples" if is_lossless(treated.encoder or "") else "heard"


def _units(pair: _Pair, stream: Any, measure: str) -> Units:
    if pair.how == "text":
        return text_units(*pair.text) if stream is pair.source else text_units()
    if pair.how == "heard":
        # a codec with losses puts a little silence before the sound: both are cut at one time of the film
        begins = _starts(pair.source) // _GRID_NS * _GRID_NS + 2 * _GRID_NS
        begins -= 0 if stream is pair.source else pair.shift_ns
        cut = f"aresample=48000,atrim=start={begins / _NANOSECONDS:.6f}"
        return SoundUnits(stream, cut, is_exact=False, begins_ns=begins)
    if pair.how == "measured":
        return SoundUnits(stream, measure, is_exact=pair.tolerance == 0, begins_ns=0)
    if pair.how == "samples":
        return SoundUnits(stream, is_exact=pair.tolerance == 0)
    return units_of(stream, stream.codec_context.codec.canonical_name)


def _starts(stream: Any) -> int:
    """When the stream begins, in nanoseconds."""
    return int((stream.start_time or 0) * Fraction(stream.time_base) * _NANOSECONDS)


def _compare(pairs: Sequence[_Pair], source: UnitReader, made: UnitReader) -> None:
    """Reads on in the file that is behind, until both end."""
    waiting: list[deque[Unit]] = [deque() for _ in pairs]
    owners: list[UnitReader | None] = [None for _ in pairs]
    ahead = 0  # units by which the source is before the file
    while not (source.is_done and made.is_done):
        reader = made if source.is_done or (ahead > 0 and not made.is_done) else source
        step = 1 if reader is source else -1
        for number, unit in reader.read():
            ahead += step
            if not waiting[number] or owners[number] is reader:
                waiting[number].append(unit)
                owners[number] = reader
                continue
            other = waiting[number].popleft()
            _same(pairs[number], *((unit, other) if reader is source else (other, unit)))
    for pair, left, owner in zip(pairs, waiting, owners, strict=True):
        if len(left) > (_BLOCKS_OF_PADDING if pair.how == "heard" else 0):
            what = f"{len(left)} packets too few" if owner is source else f"{len(left)} packets too many"
            raise CopyError(f"{pair.name}: {what}, from {_time_text(left[0].time_ns)} on")


def _same(pair: _Pair, unit: Unit, copy: Unit) -> None:
    if unit.digest != copy.digest or not _sound_same(pair, unit, copy):
        raise CopyError(f"{pair.name}: is not the source's{_at(unit.time_ns)}")
    if unit.time_ns is None or copy.time_ns is None:
        return
    expected, late = unit.time_ns - pair.shift_ns, 0
    if pair.overlaps is not None:
        expected, late = pair.overlaps.expected(expected)
    if not -pair.slack_ns <= copy.time_ns - expected <= pair.slack_ns + late:
        raise CopyError(
            f"{pair.name}: what belongs at {_time_text(unit.time_ns)} arrived at {_time_text(copy.time_ns)}"
        )


def _sound_same(pair: _Pair, unit: Unit, copy: Unit) -> bool:
    if unit.samples is None or copy.samples is None:
        return True
    if pair.how == "heard":
        return is_as_loud(unit.samples, copy.samples)
    if unit.samples.shape != copy.samples.shape:
        return False
    return int(np.abs(unit.samples - copy.samples).max(initial=0)) <= pair.tolerance


def _at(time_ns: int | None) -> str:
    return "" if time_ns is None else f" at {_time_text(time_ns)}"


def _time_text(time_ns: int | None) -> str:
    return "an unknown time" if time_ns is None else f"{seconds_text(Fraction(time_ns, _NANOSECONDS))} s"
