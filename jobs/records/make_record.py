"""Puts a finished film on record, just before it is published: one pass over it, then its report and its page."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from jobs.progress.reporters import Progress
from jobs.records.film_record import (
    FileRecord,
    FilmRecord,
    PictureRecord,
    ProductRecord,
    SegmentRecord,
    ShotRecord,
    TreatmentRecord,
    WeightsRecord,
)
from jobs.records.host import this_machine
from jobs.records.page import report_page
from jobs.records.premis import to_premis
from jobs.review.examine import ColoredFilm, Examined, examine, examine_proxies
from jobs.settings.job import Job
from jobs.settings.output_paths import page_path, record_path, remove_reports
from jobs.workdir.segment_records import Record, read_records
from pipeline.atomic_files import make_durable, publish, write_json
from pipeline.errors import OutputError
from pipeline.media import FilmInfo
from pipeline.output.mux import MuxReport
from pipeline.render.encoder import codec_of
from pipeline.render.render import OutputPicture
from pipeline.source.open_film import probe_film_or_stills
from pipeline.still_pattern import is_pattern, output_home
from pipeline.timecode import clock_time, find_timecode
from pipeline.timeline import to_runs
from pipeline.verify.fixity import ContentHash, hash_content
from pipeline.verify.luma_proof import LumaProof, must_be_equal


@dataclass(frozen=True, kw_only=True)
class FinishedFilm:
    """What a record needs to be told of a run whose film is muxed but not published yet."""

    job: Job
    colored: ColoredFilm
    picture: OutputPicture
    segment_dirs: Sequence[Path]
    """The folder of each segment, with its records."""
    weights: WeightsRecord | None
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


@dataclass(frozen=True, kw_only=True)
class NewRecord:
    """A record that is not written yet."""

    record: FilmRecord
    page: str | None
    """HTML; None where the job wants no page."""


def make_record(run: FinishedFilm, partial: Path, *, progress: Progress) -> NewRecord:
    """The record of the whole film in `partial`, which is hashed and, where the job wants it, decoded once.

    Raises OutputError where the film does not read or decode to its end, or where a lossless film does not show
    the source's luma; then it must not be published.
    """
    output = run.job.output
    film = run.colored.info
    source = hash_content(film.path, places=False, progress=_bytes(progress, "hash source"))
    result = probe_film_or_stills(partial, rate=_rate_of_stills(film, output))
    content = hash_content(partial, picture_index=result.video_index, progress=_bytes(progress, "hash film"))
    if content.broken_off is not None:
        raise OutputError(f"cannot write {output}: what was written does not read: {content.broken_off}")
    found = _examine(run, result, progress)
    _refuse_other_luma(run, found.luma)
    record = _gather(run, source, content, result, found)
    page = report_page(record, found.strips) if run.job.report_page else None
    return NewRecord(record=record, page=page)


def publish_record(new: NewRecord | None, output: Path, *, film: Path) -> None:
    """Writes `OUT.report.json` and `OUT.report.html`, or takes away those of an output that is replaced.

    `film` is the film that is to be renamed to `output` next: it is made durable first, so that report and film
    change together. Raises OutputError.
    """
    make_durable(output_home(film))
    if new is None or new.page is None:
        remove_reports(output)
    if new is not None and new.page is not None:
        write_page(page_path(output), new.page)
    if new is not None:
        write_json(record_path(output), new.record.model_dump(mode="json"))


def _rate_of_stills(film: FilmInfo, output: Path) -> Fraction | None:
    """The rate at which the stills of a pattern are read again; None for a film file, which has times."""
    return (film.rate_from_header or Fraction(24)) if is_pattern(output) else None


def write_page(path: Path, page: str) -> None:
    """Publishes a report page. Raises OutputError."""
    with publish(path) as partial:
        partial.write_text(page, encoding="utf-8")


def _examine(run: FinishedFilm, result: FilmInfo, progress: Progress) -> Examined:
    done, total = 0, len(run.colored.plan.timeline)

    def count() -> None:
        nonlocal done
        done += 1
        progress.stage("prove", done, total)

    if run.job.prove:
        return examine(run.colored, result=result, output=run.job.output, picture=run.picture, on_frame=count)
    skipped = LumaProof(comparable=True, reason="prove: false")
    return examine_proxies(run.colored, luma=skipped, on_frame=count)


def _refuse_other_luma(run: FinishedFilm, luma: LumaProof) -> None:
    codec = codec_of(run.job.encode.codec)
    if luma.equal is False and must_be_equal(run.colored.info, run.picture, codec=codec):
        lost = luma.frames - luma.frames_equal
        raise OutputError(
            f"cannot write {run.job.output}: {lost} of {luma.frames} frames do not show the source's luma, the "
            f"first is frame {luma.first_different}; this disk, memory or encoder makes errors: another machine "
            "would work"
        )


def _gather(
    run: FinishedFilm, source: ContentHash, content: ContentHash, result: FilmInfo, found: Examined
) -> FilmRecord:
    job, plan = run.job, run.colored.plan
    ended = datetime.now(UTC)
    record = FilmRecord(
        source=_file(run.colored.info.path, source, xxh3_128=plan.source.xxh3_128),
        output=_file(job.output, content),
        luma=found.luma,
        machine=this_machine(operator=job.operator, device=run.device),
        weights=run.weights,
        started=_utc(run.started),
        ended=_utc(ended),
        picture_stream=result.video_index,
        picture=_picture(run, result),
        time_base=str(plan.time_base),
        frames=len(plan.timeline),
        pts_runs=" ".join(f"{first}:{step}:{count}" for first, step, count in to_runs(plan.timeline.pts)),
        shots=_shots(run, found),
        segments=_segments(run),
        settings=job.model_dump(mode="json"),
        runs=run.runs,
        seconds=round(time.monotonic() - run.started_clock, 3),
        estimated_seconds=None if run.estimated_seconds is None else round(run.estimated_seconds, 1),
        damage=list(plan.damage),
        warnings=list(run.warnings),
        notes=list(run.notes),
        kept=list(run.mux.kept),
        converted=list(run.mux.converted),
        lost=list(run.mux.lost),
    )
    return record.model_copy(update={"premis": to_premis(record)})


def _file(path: Path, content: ContentHash, *, xxh3_128: str | None = None) -> FileRecord:
    name, whole = (os.fsencode(text).decode(errors="backslashreplace") for text in (path.name, path))
    return FileRecord(name=name, path=whole, content=content, xxh3_128=xxh3_128)


def _picture(run: FinishedFilm, result: FilmInfo) -> PictureRecord:
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


def _shots(run: FinishedFilm, found: Examined) -> list[ShotRecord]:
    plan = run.colored.plan
    timecode = find_timecode(run.colored.info, plan.timeline)
    made = []
    for shot, figures, choice in zip(plan.shots, found.figures, run.colored.choices, strict=True):
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
            )
        )
    return made


def _segments(run: FinishedFilm) -> list[SegmentRecord]:
    made = []
    for segment, folder in zip(run.colored.plan.segments, run.segment_dirs, strict=True):
        records = read_records(folder)
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


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _bytes(progress: Progress, name: str) -> Callable[[str, int, int | None], None]:
    return lambda stage, done, total: progress.stage(name, done, total, "byte")
