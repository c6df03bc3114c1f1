"""The last stage of a film: its segments become the finished film, which is put on record before it gets its name."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jobs.progress.reporters import Progress
from jobs.records.gather import record_film
from jobs.records.make_record import publish_record
from jobs.run.source_notes import source_notes
from jobs.run.stills_output import write_stills, written_picture
from jobs.version import VERSION
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.job_fingerprint import job_fingerprint
from jobs.workdir.status import survey, video_paths
from models.weights_info import WeightsInfo
from pipeline.media import FilmInfo, Shot
from pipeline.output.mux import MuxReport, mux
from pipeline.render.delivery import Delivery
from pipeline.render.output_picture import as_coded
from pipeline.timeline import Timeline


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """The result of a finished run."""

    film: FilmInfo
    output: Path
    timeline: Timeline
    shots: tuple[Shot, ...]
    segments: int
    seconds: float
    mux: MuxReport
    delivery: Delivery | None = None
    """The film at the rate that was asked for."""


def mux_film(
    spec: FilmSpec,
    weights: WeightsInfo | None,
    *,
    started: tuple[float, datetime],
    progress: Progress,
    hashed: bool,
    expected_seconds: float | None = None,
) -> RunSummary:
    """Puts the film together, records and publishes it; with `hashed` every segment is read before.

    `started` is when the run began, by the monotonic clock and by the calendar. Raises SettingsError where segments are
    to do, else as `mux` and `record_film`.
    """
    job, film, plan, work = spec.job, spec.film.info, spec.film.plan, spec.film.work
    segments = survey(spec, hashed=hashed)
    videos = video_paths(spec, segments)
    sources = {choice.treatment.source for choice in spec.shots}
    tags = film_tags(weights, guided=any(spec.guidance), recolored="recoloured" in sources)
    notes = source_notes(job, film, plan, spec.picture)

    def put_on_record(partial: Path, mux_report: MuxReport) -> None:
        new = None
        if job.report:
            new = record_film(
                partial,
                job=job,
                film=film,
                plan=plan,
                work=work.path,
                records=[status.records for status in segments],
                picture=written_picture(spec),
                weights=weights,
                mux=notes.added_to(mux_report),
                started=started[1],
                started_clock=started[0],
                estimated_seconds=expected_seconds,
                progress=progress,
            )
        work.record_output(partial, fingerprint=job_fingerprint(job))
        publish_record(new, job.output, film=partial)

    if job.target.is_numbered:
        report = write_stills(spec, videos, tags=tags, progress=progress, before=put_on_record)
    else:
        delivery = spec.delivery
        report = mux(
            as_coded(film if delivery is None else delivery.film, spec.picture),
            videos,
            job.output,
            timeline=plan.timeline if delivery is None else delivery.timeline,
            changes=() if delivery is None else (delivery.line(),),
            color=spec.picture.color,
            tags=tags,
            allow_loss=job.allow_loss,
            faststart=job.faststart,
            before_publish=put_on_record,
            progress=lambda stage, done, total: progress.stage(stage, done, total),
        )
    return RunSummary(
        film=film,
        output=job.output,
        timeline=plan.timeline,
        shots=plan.shots,
        segments=len(plan.segments),
        seconds=time.monotonic() - started[0],
        mux=notes.added_to(report),
        delivery=spec.delivery,
    )


def film_tags(
    weights: WeightsInfo | None, *, guided: bool = False, recolored: bool = False
) -> dict[str, str]:
    """Tags for the film which say that its colours are predicted, by which weights, and whether some were given or
    are the source's own with another theme."""
    source = f"weights {weights.name} {weights.sha256[:12]}" if weights else "colours from proxies"
    how = "predicted, some of them guided by a person" if guided else "predicted"
    theme = " Colours that the source had were changed by a look." if recolored else ""
    return {
        "comment": f"Colourised by machine: the colours are {how}, not recorded.{theme} Kinochrome {VERSION}, {source}."
    }
