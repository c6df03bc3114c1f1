"""The state of a film: which segments are done, which are to do or to be done again, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jobs.settings.output_paths import segment_folder
from jobs.settings.shot_choices import count_kinds, kinds_line
from jobs.settings.shots import format_ranges
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.segment_records import (
    Finding,
    Record,
    count_attempts,
    file_sha256,
    find_product,
    read_records,
)
from pipeline.atomic_files import free_bytes
from pipeline.errors import SettingsError
from pipeline.media import Segment
from pipeline.plan.damage import describe_damage

_MOST_REASONS = 20


@dataclass(frozen=True, kw_only=True)
class SegmentStatus:
    """The state of one segment."""

    segment: Segment
    color: Finding | None
    """None where the colour comes from a proxy."""
    video: Finding
    records: Mapping[str, Record]
    """All records in the segment's folder, valid or not."""
    proxy_sha256: str
    """Of the proxy with which `video` was looked up: the valid one, or the last one made; empty for none."""
    attempts: int
    """How often work on colour or video was started."""

    @property
    def is_done(self) -> bool:
        """Whether both products are done."""
        return self.video.state == "done" and (self.color is None or self.color.state == "done")

    @property
    def state(self) -> str:
        """`done`, `to do`, or `again` if there is a result that is no longer valid."""
        if self.is_done:
            return "done"
        kinds = {self.video.state} | ({self.color.state} if self.color else set())
        return "again" if kinds & {"changed", "damaged"} else "to do"

    @property
    def why(self) -> str:
        """What is to be done and why; empty if it is done."""
        found = (("colour", self.color), ("video", self.video))
        return ", ".join(
            f"{name}: {finding.why}" for name, finding in found if finding and finding.state != "done"
        )


@dataclass(frozen=True, kw_only=True)
class FilmStatus:
    """The state of a film."""

    output: Path
    finished: bool
    """Whether the output exists and is of this very job."""
    spec: FilmSpec | None = None
    """What is to be made; None if the film is not planned yet."""
    segments: tuple[SegmentStatus, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The status for a program."""
        if self.spec is None:
            return {"output": self.output, "planned": False, "finished": self.finished}
        return {"planned": True, **_status_json(self.spec, self.segments, finished=self.finished)}

    def as_table(self) -> str:
        """The status for a person: totals first, then what is to do, then why."""
        if self.spec is None:
            state = "finished" if self.finished else "not planned yet"
            return f"{'output':<12} {self.output}, {state}\n"
        return _status_table(self.spec, self.segments, finished=self.finished)


def find_segment(
    spec: FilmSpec, segment: Segment, *, hashed: bool = True, records: Mapping[str, Record] | None = None
) -> SegmentStatus:
    """The state of a segment; nothing is written. Without `hashed`, only the sizes of files are compared.

    `records` are those of its folder if they were read just before. Raises SettingsError if a graded proxy is missing.
    """
    folder = segment_folder(spec.film.work.path, segment.index)
    records = read_records(folder) if records is None else records
    color, keys = None, spec.shots[segment.shot].keys
    if spec.graded is not None:
        proxy_sha256 = file_sha256(spec.graded.find(segment))
    else:
        color = find_product(
            folder, "color", records=records, expected=spec.color(segment), hashed=hashed, keys=keys
        )
        made = records.get("color")
        proxy_sha256 = color.record.sha256 if color.record else made.sha256 if made else ""
    inputs = spec.video(segment, proxy_sha256=proxy_sha256)
    video = find_product(folder, "video", records=records, expected=inputs, hashed=hashed, keys=keys)
    return SegmentStatus(
        segment=segment,
        color=color,
        video=video,
        records=records,
        proxy_sha256=proxy_sha256,
        attempts=count_attempts(folder),
    )


def survey(
    spec: FilmSpec, *, segments: Iterable[Segment] | None = None, hashed: bool = True
) -> list[SegmentStatus]:
    """The states of segments, of all unless some are given."""
    chosen = spec.film.plan.segments if segments is None else segments
    return [find_segment(spec, segment, hashed=hashed) for segment in chosen]


def video_paths(spec: FilmSpec, found: Sequence[SegmentStatus]) -> list[Path]:
    """The coded video of every segment of `found`, in order.

    Raises SettingsError if some are to do, naming the shots.
    """
    left = [status for status in found if not status.is_done]
    if left:
        shots = format_ranges(status.segment.shot for status in left)
        message = f"{len(left)} of {len(found)} segments are to do ({left[0].why})"
        raise SettingsError(f"{message}; `kinochrome shots` with --range {shots} does them")
    folders = (segment_folder(spec.film.work.path, status.segment.index) for status in found)
    return [
        folder / status.video.record.file
        for folder, status in zip(folders, found, strict=True)
        if status.video.record
    ]


def what_is_missing(spec: FilmSpec, segments: Sequence[Segment]) -> str:
    """How much is still to do, and how much disk space it will take, judged by what is done."""
    found = survey(spec, segments=segments, hashed=False)
    done = [status for status in found if status.is_done]
    frames = sum(_frames(status) for status in found)
    left = frames - sum(_frames(status) for status in done)
    message = f"{len(found) - len(done)} of {len(found)} segments ({left} of {frames} frames) are still to do"
    if done:
        size = sum(r.bytes for s in done for r in (s.video.record, s.color.record if s.color else None) if r)
        need = size / (frames - left) * left
        free = free_bytes(spec.film.work.path)
        message += f" and need about {need / 1e6:,.1f} MB, {free / 1e6:,.1f} MB are free"
    return f"{message}; what is done is kept, and the same command goes on"


def cache_line(spec: FilmSpec, segments: Sequence[Segment]) -> str:
    """How much of the colour was found in the cache."""
    folders = (segment_folder(spec.film.work.path, segment.index) for segment in segments)
    made = [read_records(folder).get("color") for folder in folders]
    found = sum(record is not None and record.is_from_cache for record in made)
    return f"the colour of {found} of {len(made)} segments was found in {spec.job.cache}"


def _status_json(spec: FilmSpec, found: Sequence[SegmentStatus], *, finished: bool) -> dict[str, object]:
    return {
        "output": spec.job.output,
        "finished": finished,
        "shots": len(spec.film.plan.shots),
        "shots_done": len(_shots(found)["done"]),
        "kinds": count_kinds(spec.film.plan.shots),
        "damage": [asdict(damage) for damage in spec.film.plan.damage],
        "frames": sum(map(_frames, found)),
        "frames_done": sum(_frames(status) for status in found if status.is_done),
        "segments": [
            {
                "index": status.segment.index,
                "shot": status.segment.shot,
                "kind": spec.film.plan.shots[status.segment.shot].kind,
                "source": spec.shots[status.segment.shot].treatment.source,
                "start": status.segment.start,
                "end": status.segment.end,
                "state": status.state,
                "color": status.color.state if status.color else None,
                "video": status.video.state,
                "attempts": status.attempts,
                "why": status.why,
            }
            for status in found
        ],
    }


def _status_table(spec: FilmSpec, found: Sequence[SegmentStatus], *, finished: bool) -> str:
    shots, states = _shots(found), Counter(status.state for status in found)
    frames = sum(map(_frames, found))
    done = sum(_frames(status) for status in found if status.is_done)
    rows = [
        ("output", f"{spec.job.output}{', finished' if finished else ''}"),
        ("shots", f"{len(shots['done'])} of {len(spec.film.plan.shots)} done"),
        ("segments", f"{states['done']} done, {states['to do']} to do, {states['again']} to be done again"),
        ("frames", f"{done:,} of {frames:,}"),
        ("attempts", f"{sum(status.attempts for status in found)}"),
        ("shots left", format_ranges(shots["left"]) or "none"),
    ]
    plan = spec.film.plan
    kinds = kinds_line(plan.shots, spec.shots)
    rows += [("kinds", part) for part in kinds.split("; ") if part]
    rows += [("damage", describe_damage(plan.damage, time_base=plan.time_base))] if plan.damage else []
    lines = [f"{name:<12} {value}" for name, value in rows]
    reasons: dict[str, list[int]] = {}
    for status in found:
        if status.state == "again":
            reasons.setdefault(status.why, []).append(status.segment.index)
    for why, indices in list(reasons.items())[:_MOST_REASONS]:
        lines.append(f"again        segments {format_ranges(indices)}: {why}")
    if len(reasons) > _MOST_REASONS:
        lines.append(
            f"again        and for {len(reasons) - _MOST_REASONS} reasons more; --json-events tells all"
        )
    return "\n".join(lines) + "\n"


def _shots(found: Sequence[SegmentStatus]) -> dict[str, set[int]]:
    left = {status.segment.shot for status in found if not status.is_done}
    return {"left": left, "done": {status.segment.shot for status in found} - left}


def _frames(status: SegmentStatus) -> int:
    return status.segment.end - status.segment.start
