"""Compares a finished film with its record and finds what changed: which frame, which stream.

The file is hashed first; only if that hash differs are its streams compared. Nothing is decoded.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from jobs.records.film_record import FilmRecord, read_record
from jobs.settings.output_paths import record_path
from pipeline.errors import SettingsError, SourceError
from pipeline.progress import StageProgress
from pipeline.target import target_of
from pipeline.timecode import clock_time
from pipeline.timeline import from_runs
from pipeline.verify.fixity import ContentHash, StreamHash, hash_content, split_hashes


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result of comparing a film with its record."""

    film: Path
    faults: tuple[str, ...]
    """One line for each; none where the film is whole."""
    streams: int = 0
    frames: int = 0
    size_bytes: int = 0


def verify_film(path: Path, *, progress: StageProgress | None = None) -> Verdict:
    """Compares a film with the record beside it; numbered stills go by their pattern, or by their folder.

    Raises SettingsError where there is no record, or none that this version reads; SourceError where there
    is no film.
    """
    record = read_record(record_path(path))
    target = target_of(path)
    if target.kind == "folder":
        target = target_of(path / record.output.name)
    if target.is_numbered:
        path = target.path
    elif not path.is_file():
        raise SourceError(f"{path}: no such file; its report is there, the film is not")
    try:
        found = hash_content(path, picture_index=record.picture_stream, progress=progress)
    except SourceError as error:
        return Verdict(film=path, faults=(str(error),))
    faults = tuple(_faults(path, record, found))
    return Verdict(
        film=path,
        faults=faults,
        streams=len(found.streams),
        frames=record.frames,
        size_bytes=found.size_bytes,
    )


def verify_source(path: Path, *, record: FilmRecord, progress: StageProgress | None = None) -> Verdict:
    """Compares a source film with what a record says of it."""
    found = hash_content(path, places=False, progress=progress)
    recorded = record.source.content
    same = (found.size_bytes, found.sha256) == (recorded.size_bytes, recorded.sha256)
    message = f"{path}: is not the source on record, {record.source.name}: SHA-256 {found.sha256[:16]}…"
    fault = f"{message}, on record {recorded.sha256[:16]}…"
    return Verdict(
        film=path,
        faults=() if same else (fault,),
        streams=len(found.streams),
        size_bytes=found.size_bytes,
    )


def _faults(path: Path, record: FilmRecord, found: ContentHash) -> Iterator[str]:
    recorded = record.output.content
    if found.sha256 == recorded.sha256:
        return
    own = {stream.index: stream for stream in found.streams}
    lines: list[str] = []
    for stream in recorded.streams:
        other = own.pop(stream.index, None)
        if other is None:
            lines.append(f"{_name(record, stream)}: is missing")
        elif other.sha256 != stream.sha256 or _places(other) != _places(stream):
            lines.append(f"{_name(record, stream)}: {_change(record, stream, other)}")
    lines += [f"{stream.kind} stream {stream.index}: was not there" for stream in own.values()]
    if found.broken_off is not None:
        lines.append(f"its packets cannot be read to the end: {found.broken_off}")
    if not lines:
        size = f"{found.size_bytes:,} bytes, were {recorded.size_bytes:,}"
        lines.append(f"the container changed (headers, index or tags; {size}); all its streams are whole")
    for line in lines:
        yield f"{path}: {line}"


def _change(record: FilmRecord, recorded: StreamHash, found: StreamHash) -> str:
    """What changed in a stream, and where first."""
    if recorded.frames is not None and found.frames is not None:
        return _changed_frames(record, recorded.frames, found.frames)
    if recorded.seconds is None or not recorded.seconds:
        return "changed"
    seconds, own = dict(recorded.seconds), dict(found.seconds or {})
    changed = sorted(int(at) for at in {*seconds, *own} if seconds.get(at) != own.get(at))
    if not changed:
        return "its packets stand in another order"
    of = f"{len(changed)} of {len(seconds)} second{'s' if len(seconds) != 1 else ''} changed"
    return f"{of}, the first at {clock_time(Fraction(changed[0]))}"


def _changed_frames(record: FilmRecord, recorded: str, found: str) -> str:
    left = Counter(split_hashes(found))
    changed = []
    for number, digest in enumerate(split_hashes(recorded)):
        if left[digest] > 0:
            left[digest] -= 1
        else:
            changed.append(number)
    foreign = left.total()
    if not changed:
        return f"{foreign} foreign frames" if foreign else "its frames stand in another order"
    what = "changed" if foreign >= len(changed) else "changed or missing" if foreign else "missing"
    count = f"{len(changed):,} frame{'s' if len(changed) > 1 else ''} {what}"
    return f"{count}, the first is {_where(record, changed[0])}"


def _where(record: FilmRecord, number: int) -> str:
    """A frame by its number, its time and the segment that it belongs to."""
    place = f"frame {number:,}"
    try:
        runs = [[int(part) for part in run.split(":")] for run in record.pts_runs.split()]
        seconds = int(from_runs(runs, record.frames)[number]) * Fraction(record.time_base)
        place += f" at {clock_time(seconds)}"
    except (ValueError, IndexError, ZeroDivisionError, OverflowError) as error:
        raise SettingsError(
            f"{record_path(Path(record.output.name))}: damaged report: pts_runs: {error}"
        ) from error
    part = next((part for part in record.segments if part.start <= number < part.end), None)
    return place if part is None else f"{place}, in segment {part.index} of shot {part.shot}"


def _name(record: FilmRecord, stream: StreamHash) -> str:
    kind = "picture" if stream.index == record.picture_stream else stream.kind
    return f"{kind} stream {stream.index} ({stream.codec})"


def _places(stream: StreamHash) -> tuple[object, object]:
    return stream.frames, dict(stream.seconds or {})
