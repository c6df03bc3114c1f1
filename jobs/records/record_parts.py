"""The parts of a record: files, picture, shots and segments of a finished film."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobs.records.film_record import (
    FileRecord,
    GuidanceRecord,
    PictureFileRecord,
    PictureRecord,
    ProductRecord,
    SegmentRecord,
    ShotRecord,
    TreatmentRecord,
    WeightsRecord,
)
from jobs.review.examine import ColoredFilm, Examined
from jobs.settings.job import Job
from jobs.workdir.segment_records import Record
from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.references import needs_reference
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.media import FilmInfo
from pipeline.output.mux import MuxReport
from pipeline.render.output_picture import OutputPicture
from pipeline.timecode import clock_time, find_timecode
from pipeline.verify.fixity import ContentHash


@dataclass(frozen=True, kw_only=True)
class FinishedFilm:
    """What a record needs from a run whose film is muxed but not published yet."""

    job: Job
    colored: ColoredFilm
    picture: OutputPicture
    records: Sequence[Mapping[str, Record]]
    """Of each segment, by product."""
    weights: WeightsRecord | None
    guidance: Sequence[ShotGuidance | None]
    """Of each shot: the colours that were given."""
    shot_weights: Mapping[str, WeightsRecord]
    """Of shots that ask for others, by name."""
    device: str
    mux: MuxReport
    started: datetime
    started_clock: float
    """The same by the monotonic clock: days and hours may be set anew while a film is made."""
    estimated_seconds: float | None = None
    runs: int = 1
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()


def file_record(path: Path, content: ContentHash, *, xxh3_128: str | None = None) -> FileRecord:
    """A file as a record names it."""
    name, whole = (os.fsencode(text).decode(errors="backslashreplace") for text in (path.name, path))
    return FileRecord(name=name, path=whole, content=content, xxh3_128=xxh3_128)


def picture_record(run: FinishedFilm, result: FilmInfo) -> PictureRecord:
    """How the pictures of the finished film are coded."""
    color = run.picture.color
    return PictureRecord(
        width=result.width,
        height=result.height,
        pixel_format=result.pixel_format.name,
        codec=result.video.codec if result.sequence else run.job.encode.codec,
        matrix=color.matrix,
        primaries=color.primaries,
        transfer=color.transfer,
        range=color.range,
        side_by_side=run.picture.side_by_side,
    )


def shot_records(run: FinishedFilm, found: Examined) -> list[ShotRecord]:
    """Every shot: where it lies, what was found in it, what became of it."""
    plan = run.colored.plan
    timecode = find_timecode(run.colored.info, plan.timeline)
    made = []
    fits = _fits(run)
    for shot, figures, choice, given in zip(
        plan.shots, found.figures, run.colored.choices, run.guidance, strict=True
    ):
        pts = int(plan.timeline.pts[shot.start])
        seconds = pts * plan.time_base
        made.append(
            ShotRecord(
                index=shot.index,
                start=shot.start,
                end=shot.end,
                start_pts=pts,
                start_seconds=round(float(seconds), 6),
                start_timecode=clock_time(seconds) if timecode is None else timecode.at(shot.start),
                kind=shot.kind,
                figures=figures,
                treatment=TreatmentRecord(
                    source=choice.treatment.source,
                    saturation=choice.treatment.saturation,
                    hue_degrees=choice.treatment.hue_degrees,
                    weights=run.shot_weights.get(choice.treatment.weights),
                    keys=sorted(set(choice.keys.values())),
                ),
                guidance=None if given is None else _guidance(given, fits.get(shot.index)),
            )
        )
    return made


def segment_records(run: FinishedFilm) -> list[SegmentRecord]:
    """Every segment, with what was made of it, from its own records."""
    made = []
    for segment, records in zip(run.colored.plan.segments, run.records, strict=True):
        made.append(
            SegmentRecord(
                index=segment.index,
                shot=segment.shot,
                start=segment.start,
                end=segment.end,
                color=_product(records.get("color")) if run.job.from_proxy is None else None,
                video=_product(records.get("video")),
            )
        )
    return made


def _fits(run: FinishedFilm) -> dict[int, float]:
    """How surely the frames of each shot that has stills were found in them."""
    found: dict[int, list[tuple[float, int]]] = {}
    for segment, records in zip(run.colored.plan.segments, run.records, strict=True):
        color = records.get("color")
        if color is not None and color.fit is not None:
            found.setdefault(segment.shot, []).append((color.fit, segment.end - segment.start))
    return {
        shot: sum(fit * count for fit, count in parts) / sum(count for _, count in parts)
        for shot, parts in found.items()
    }


def _mark(mark: PlacedMark) -> str:
    """A mark in one line, for people."""
    x, y = mark.path[0]
    color = "" if mark.ab is None else f", a {mark.ab[0]:.0f}, b {mark.ab[1]:.0f}"
    return f"{mark.shape} at {x:.3f}, {y:.3f}{color}"


def _guidance(given: ShotGuidance, fit: float | None) -> GuidanceRecord:
    return GuidanceRecord(
        marks=[f"frame {frame}: {_mark(mark)}" for frame, mark in given.marks],
        overlays=[
            PictureFileRecord(file=str(part.picture.path), sha256=part.picture.sha256, frame=part.frame)
            for part in given.overlays
        ],
        references=[
            PictureFileRecord(
                file=str(part.picture.path),
                sha256=part.picture.sha256,
                frame=part.frame,
            )
            for part in given.references
        ],
        fit=fit,
        needs_reference=fit is not None and needs_reference(fit),
        words={noun: color[1:] for noun, color in given.words.items()},
        regions={letter: color[1:] for letter, color in given.regions.items()},
        take=given.take,
        seed=given.seed,
        look=given.look,
        look_strength=given.look_strength,
    )


def utc_time(time: datetime) -> str:
    """A time to the second, in UTC, as ISO 8601 writes it."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _product(record: Record | None) -> ProductRecord | None:
    if record is None:
        return None
    return ProductRecord(
        sha256=record.sha256,
        bytes=record.bytes,
        seconds=record.seconds,
        attempts=record.attempts,
        host=record.host,
        device=record.device,
        is_from_cache=record.is_from_cache,
    )
