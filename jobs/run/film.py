"""The film path: the only place that chains the stages of a film, from probe to mux.

`plan`, `shots` and `mux` are stages of their own, which any queue can start, on any host that shares the folder;
a run is these three in one process. What a segment's folder records as done, of the same inputs, is not done
again, so whatever was killed goes on where it stopped.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobs.estimate.forecast import expect, told_error
from jobs.progress.frame_count import FrameCount
from jobs.progress.reporters import Progress
from jobs.records.gather import record_film
from jobs.records.make_record import publish_record
from jobs.run.stills_output import write_stills, written_picture
from jobs.segments.lanes import do_lanes
from jobs.segments.task import check_output, find_weights, make_predictor, make_wanted, open_bench
from jobs.settings.job import Job
from jobs.settings.shots import Ranges
from jobs.version import VERSION
from jobs.workdir.film_plan import open_plan, plan_film
from jobs.workdir.film_spec import Wanted, probe_source
from jobs.workdir.folder import WorkDir
from jobs.workdir.locks import reachable
from jobs.workdir.run_log import noted
from jobs.workdir.segment_records import job_fingerprint
from jobs.workdir.status import cache_line, survey, video_paths, what_is_missing
from jobs.workers.devices import Seat, describe_seats, plan_seats
from models.checkpoint import WeightsInfo
from pipeline.colorize.predict import Predictor
from pipeline.errors import DeviceError, OutputError
from pipeline.media import FilmInfo, Segment, Shot
from pipeline.output.mux import MuxReport, mux
from pipeline.plan.plan import Plan
from pipeline.render.frame_writer import notices
from pipeline.render.render import as_coded
from pipeline.source.fingerprint import check_source
from pipeline.timeline import Timeline

__all__ = [
    "RunSummary",
    "check_output",
    "film_tags",
    "make_predictor",
    "open_plan",
    "plan_film",
    "run_job",
    "run_mux",
    "run_plan",
    "run_shots",
]


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What a finished run made."""

    film: FilmInfo
    output: Path
    timeline: Timeline
    shots: tuple[Shot, ...]
    segments: int
    seconds: float
    mux: MuxReport


def run_job(
    job: Job, *, work: WorkDir, progress: Progress, workers: int | None = None, scheduler: str | None = None
) -> RunSummary:
    """Colourise one film. The caller holds `work`, which keeps what was done for the next run of the same job.

    `workers` processes do the segments; None takes what suits the machine, and one is this process. With `scheduler`
    those of a Dask cluster do. Raises KinochromeError or ModelError; then the output is absent, and finished
    segments are kept.
    """
    started = time.monotonic(), datetime.now(UTC)
    with noted(progress, work) as told, reachable(work.path):
        film = probe_source(job)
        picture = check_output(job, film)
        seats = _seats(job, progress, workers=workers, scheduler=scheduler, work=work)
        predictor, weights = _network(job, seats)
        for notice in notices(film, job.encode, width=picture.width, height=picture.height):
            told.note(notice)
        plan = plan_film(job, film, work=work, progress=told)
        wanted = make_wanted(job, film, plan=plan, work=work, weights=weights)
        expected = expect(wanted, seats=seats, started=started[0], progress=told)
        _do(wanted, plan.segments, predictor=predictor, seats=seats, scheduler=scheduler, progress=told)
        made = _mux(wanted, weights, started=started, progress=told, hashed=False, expected_seconds=expected)
        if expected is not None:
            told.note(told_error(expected, made.seconds))
        return made


def run_plan(job: Job, *, work: WorkDir, progress: Progress) -> Plan:
    """The first stage: the film's plan, in the work folder. Raises as `run_job`, before anything else was done."""
    with noted(progress, work) as told, reachable(work.path):
        film = probe_source(job)
        check_output(job, film)
        return plan_film(job, film, work=work, progress=told)


def run_shots(
    job: Job,
    *,
    ranges: Ranges | None,
    work: WorkDir,
    progress: Progress,
    workers: int | None = None,
    scheduler: str | None = None,
) -> tuple[int, ...]:
    """The second stage: all segments of the shots in `ranges` (None: all), done; returns the shots.

    Raises SettingsError where there is no plan yet, else as `run_job`.
    """
    with noted(progress, work) as told, reachable(work.path):
        film, plan = open_plan(job, work=work)
        count = len(plan.shots)
        shots = tuple(range(count)) if ranges is None else ranges.pick(count)
        if ranges is not None and ranges.reaches_past(count):
            told.note(f"the last shot is {count - 1}; the range reaches past it, where nothing is to do")
        segments = [segment for segment in plan.segments if segment.shot in set(shots)]
        if segments:
            seats = _seats(job, progress, workers=workers, scheduler=scheduler, work=work)
            predictor, weights = _network(job, seats)
            wanted = make_wanted(job, film, plan=plan, work=work, weights=weights)
            _do(wanted, segments, predictor=predictor, seats=seats, scheduler=scheduler, progress=told)
        return shots


def run_mux(job: Job, *, work: WorkDir, progress: Progress) -> RunSummary:
    """The last stage: the film from its segments, which are all hashed before.

    Raises SettingsError where there is no plan or segments are to do, naming the shots; else as `run_job`.
    """
    started = time.monotonic(), datetime.now(UTC)
    with noted(progress, work) as told, reachable(work.path):
        film, plan = open_plan(job, work=work)
        weights = find_weights(job)
        wanted = make_wanted(job, film, plan=plan, work=work, weights=weights)
        return _mux(wanted, weights, started=started, progress=told, hashed=True)


def film_tags(weights: WeightsInfo | None) -> dict[str, str]:
    """The tags by which the film says that its colours are predicted, and by what."""
    told = f"weights {weights.name} {weights.sha256[:12]}" if weights else "colours from proxies"
    return {
        "comment": f"Colourised by machine: the colours are predicted, not recorded. Kinochrome {VERSION}, {told}."
    }


def _seats(
    job: Job, progress: Progress, *, workers: int | None, scheduler: str | None, work: WorkDir
) -> tuple[Seat, ...]:
    """Where processes of this machine work, told to the user; none where a cluster does, which is examined now."""
    if scheduler is not None:
        from jobs.workers.dask_pool import check_cluster

        progress.note(check_cluster(job, work=work, scheduler=scheduler))
        return ()
    seats = plan_seats(job, workers=workers)
    progress.note(describe_seats(seats, asked=workers is not None))
    return seats


def _network(job: Job, seats: tuple[Seat, ...]) -> tuple[Predictor | None, WeightsInfo | None]:
    """The network of this process, where this process does the work, and what its weights say of themselves."""
    if len(seats) != 1 or job.from_proxy is not None:
        return None, find_weights(job)
    predictor = make_predictor(job)
    return predictor, predictor.weights


def _do(
    wanted: Wanted,
    segments: tuple[Segment, ...] | list[Segment],
    *,
    predictor: Predictor | None,
    seats: tuple[Seat, ...],
    scheduler: str | None,
    progress: Progress,
) -> None:
    """Every segment done, here, by workers or by a cluster's; an error says how much is missing."""
    report = FrameCount(progress, segments).report
    bench = open_bench(wanted, predictor)
    try:
        if len(seats) == 1:
            do_lanes(bench, segments, report=report)
        elif scheduler is not None:
            from jobs.workers.dask_pool import do_on_cluster

            do_on_cluster(wanted, segments, scheduler=scheduler, report=report)
        else:
            from jobs.workers.local_pool import do_in_workers

            do_in_workers(wanted, segments, seats=seats, report=report)
    except (OutputError, DeviceError) as error:
        if not wanted.film.work.path.is_dir():
            raise
        raise type(error)(f"{error}; {what_is_missing(wanted, segments)}") from error
    check_source(wanted.film.info.path, wanted.film.plan.source)
    if wanted.job.cache is not None and wanted.job.from_proxy is None:
        progress.note(cache_line(wanted, segments))


def _mux(
    wanted: Wanted,
    weights: WeightsInfo | None,
    *,
    started: tuple[float, datetime],
    progress: Progress,
    hashed: bool,
    expected_seconds: float | None = None,
) -> RunSummary:
    job, film, plan, work = wanted.job, wanted.film.info, wanted.film.plan, wanted.film.work
    segments = survey(wanted, hashed=hashed)
    videos = video_paths(wanted, segments)

    def put_on_record(partial: Path, told: MuxReport) -> None:
        new = None
        if job.report:
            new = record_film(
                partial,
                job=job,
                film=film,
                plan=plan,
                work=work.path,
                records=[status.records for status in segments],
                picture=written_picture(wanted),
                weights=weights,
                mux=told,
                started=started[1],
                started_clock=started[0],
                estimated_seconds=expected_seconds,
                progress=progress,
            )
        work.record_output(partial, fingerprint=job_fingerprint(job))
        publish_record(new, job.output, film=partial)

    if job.target.is_numbered:
        report = write_stills(
            wanted, videos, tags=film_tags(weights), progress=progress, before=put_on_record
        )
    else:
        progress.stage("mux", 0, 1, unit="film")
        report = mux(
            as_coded(film, wanted.picture),
            videos,
            job.output,
            timeline=plan.timeline,
            color=wanted.picture.color,
            tags=film_tags(weights),
            allow_loss=job.allow_loss,
            faststart=job.faststart,
            before_publish=put_on_record,
        )
        progress.stage("mux", 1, 1, unit="film")
    return RunSummary(
        film=film,
        output=job.output,
        timeline=plan.timeline,
        shots=plan.shots,
        segments=len(plan.segments),
        seconds=time.monotonic() - started[0],
        mux=report,
    )
