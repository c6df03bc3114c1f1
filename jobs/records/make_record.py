"""Puts a finished film on record, just before it is published: one pass over it, then its report and its page."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from jobs.progress.reporters import Progress
from jobs.records.film_record import (
    FilmRecord,
)
from jobs.records.host import this_machine
from jobs.records.page import ReportPage, report_page
from jobs.records.premis import to_premis
from jobs.records.record_parts import (
    FinishedFilm,
    file_record,
    picture_record,
    segment_records,
    shot_records,
    utc_time,
)
from jobs.review.examine import ColoredFilm, Examined, examine, examine_proxies
from jobs.settings.output_paths import (
    page_path,
    record_path,
    remove_reports,
    remove_shots_page,
    shots_page_path,
)
from pipeline.atomic_files import make_durable, publish, write_json
from pipeline.errors import OutputError
from pipeline.media import FilmInfo
from pipeline.plan.damage import Damage
from pipeline.progress import StageProgress
from pipeline.render.settings import codec_of
from pipeline.source.open_film import probe_film_or_stills
from pipeline.target import Target, target_of
from pipeline.timeline import to_runs
from pipeline.verify.fixity import ContentHash, hash_content
from pipeline.verify.luma_proof import LumaProof, must_be_equal


@dataclass(frozen=True, kw_only=True)
class NewRecord:
    """A record that is not written yet."""

    record: FilmRecord
    page: ReportPage | None
    """None where the job wants no page."""


def make_record(run: FinishedFilm, partial: Path, *, progress: Progress) -> NewRecord:
    """The record of the whole film in `partial`, which is hashed and, where the job wants it, decoded once.

    Raises OutputError where the film does not read or decode to its end, or where a lossless film does not show
    the source's luma; then it must not be published.
    """
    output = run.job.output
    film = run.colored.info
    source = hash_content(film.path, places=False, progress=_bytes(progress, "hash source"))
    result = probe_film_or_stills(partial, rate=_rate_of_stills(film, run.job.target))
    content = hash_content(partial, picture_index=result.video_index, progress=_bytes(progress, "hash film"))
    if content.broken_off is not None:
        raise OutputError(f"cannot write {output}: what was written does not read: {content.broken_off}")
    found = _examine(run, result, progress)
    _refuse_other_luma(run, found.luma)
    record = _gather(run, source, content, result, found)
    page = None
    if run.job.report_page:
        page = report_page(record, found.stills, course=found.course, name=page_path(output).name)
    return NewRecord(record=record, page=page)


def publish_record(new: NewRecord | None, output: Path, *, film: Path) -> None:
    """Writes `OUT.report.json`, `OUT.report.html` and, of many shots, `OUT.report.shots.html`, or takes away those of
    an output that is replaced.

    `film` is the film that is to be renamed to `output` next: it is made durable first, so that report and film
    change together. Raises OutputError.
    """
    make_durable(target_of(film).home)
    if new is None or new.page is None:
        remove_reports(output)
    if new is not None and new.page is not None:
        write_page(page_path(output), new.page)
    if new is not None:
        write_json(record_path(output), new.record.model_dump(mode="json"))


def _rate_of_stills(film: FilmInfo, output: Target) -> Fraction | None:
    """The rate at which the stills of a pattern are read again; None for a film file, which has times."""
    return (film.rate_from_header or Fraction(24)) if output.is_numbered else None


def write_page(path: Path, page: ReportPage) -> None:
    """Publishes a report page, after the page of its further shots, which is taken away where there is none any more.

    Raises OutputError.
    """
    for place, text in ((shots_page_path(path), page.shots), (path, page.text)):
        if text is not None:
            with publish(place) as partial:
                partial.write_text(text, encoding="utf-8")
    if page.shots is None:
        remove_shots_page(path)


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
        source=file_record(run.colored.info.path, source, xxh3_128=plan.source.xxh3_128),
        output=file_record(job.output, content),
        luma=found.luma,
        machine=this_machine(operator=job.operator, device=run.device),
        weights=run.weights,
        started=utc_time(run.started),
        ended=utc_time(ended),
        picture_stream=result.video_index,
        picture=picture_record(run, result),
        time_base=str(run.colored.time_base),
        frames=len(run.colored.timeline),
        source_seconds=_rounded(run.colored.info.duration_seconds_from_header, 3),
        pts_runs=" ".join(
            f"{first}:{step}:{count}" for first, step, count in to_runs(run.colored.timeline.pts)
        ),
        shots=shot_records(run, found),
        segments=segment_records(run),
        settings=job.model_dump(mode="json"),
        runs=run.runs,
        seconds=round(time.monotonic() - run.started_clock, 3),
        estimated_seconds=_rounded(run.estimated_seconds, 1),
        damage=[_in_ticks_of(run.colored, each) for each in plan.damage],
        warnings=list(run.warnings),
        notes=list(run.notes),
        kept=list(run.mux.kept),
        converted=list(run.mux.converted),
        lost=list(run.mux.lost),
    )
    return record.model_copy(update={"premis": to_premis(record)})


def _in_ticks_of(film: ColoredFilm, damage: Damage) -> Damage:
    """Damage of the source, its time in units of the finished film's time base."""
    if film.delivery is None or damage.pts is None:
        return damage
    return replace(damage, pts=round(damage.pts * film.plan.time_base / film.time_base))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _bytes(progress: Progress, name: str) -> StageProgress:
    return lambda stage, done, total: progress.stage(name, done, total, "byte")
