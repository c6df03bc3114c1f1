"""Chains the stages of a film, from probe to mux; nothing else does.

`plan`, `shots` and `mux` are separate stages, which any queue can start on any host that shares the folder; a run is
all three in one process. Segments that their folders record as done, with the same inputs, are not done again, so a
killed run continues where it stopped.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from jobs.estimate.forecast import error_line, expect
from jobs.progress.frame_count import FrameCount
from jobs.progress.reporters import Progress
from jobs.run.film_mux import RunSummary, film_tags, mux_film
from jobs.segments.guidance_pictures import check_guidance_pictures
from jobs.segments.lanes import do_lanes
from jobs.segments.spec import check_output, check_weights, find_weights, make_spec
from jobs.segments.task import make_predictor, open_tools
from jobs.settings.job import Job
from jobs.settings.shots import Ranges
from jobs.workdir.film_plan import open_plan, plan_film
from jobs.workdir.film_spec import FilmSpec, probe_source
from jobs.workdir.folder import WorkDir
from jobs.workdir.locks import reachable
from jobs.workdir.run_log import keep_notes
from jobs.workdir.status import cache_line, survey, what_is_missing
from jobs.workers.devices import Seat, describe_seats, plan_seats
from models.weights_info import WeightsInfo
from pipeline.colorize.predict import Predictor
from pipeline.errors import DeviceError, OutputError
from pipeline.media import Segment
from pipeline.plan.fingerprint import check_source
from pipeline.plan.plan import Plan
from pipeline.render.encoder import notices

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


def run_job(
    job: Job, *, work: WorkDir, progress: Progress, workers: int | None = None, scheduler: str | None = None
) -> RunSummary:
    """Colours one film. The caller holds `work`, which keeps finished segments for the next run of the same job.

    `workers` processes do the segments; None takes as many as suit the machine, 1 means this process. With `scheduler`
    the workers of a Dask cluster do them. Raises KinochromeError or ModelError; then the output is absent and finished
    segments are kept.
    """
    started = time.monotonic(), datetime.now(UTC)
    with keep_notes(progress, work, film=job.source.title) as recorder, reachable(work.path):
        film = probe_source(job)
        picture = check_output(job, film)
        check_guidance_pictures(job, film)
        seats = _seats(job, progress, workers=workers, scheduler=scheduler, work=work)
        predictor, weights = _network(job, seats, progress)
        for notice in notices(film, job.encode, width=picture.width, height=picture.height):
            recorder.note(notice)
        plan = plan_film(job, film, work=work, progress=recorder)
        spec = make_spec(job, film, plan=plan, work=work, weights=weights)
        expected = expect(spec, seats=seats, started=started[0], progress=recorder)
        _do(spec, plan.segments, predictor=predictor, seats=seats, scheduler=scheduler, progress=recorder)
        made = mux_film(
            spec, weights, started=started, progress=recorder, hashed=False, expected_seconds=expected
        )
        if expected is not None:
            recorder.note(error_line(expected, made.seconds))
        return made


def run_plan(job: Job, *, work: WorkDir, progress: Progress) -> Plan:
    """The first stage: writes the film's plan into the work folder. Raises as `run_job`."""
    with keep_notes(progress, work) as recorder, reachable(work.path):
        film = probe_source(job)
        check_output(job, film)
        check_guidance_pictures(job, film)
        return plan_film(job, film, work=work, progress=recorder)


def run_shots(
    job: Job,
    *,
    ranges: Ranges | None,
    work: WorkDir,
    progress: Progress,
    workers: int | None = None,
    scheduler: str | None = None,
) -> tuple[int, ...]:
    """The second stage: does all segments of the shots in `ranges` (None: all); returns the shots.

    Raises SettingsError if there is no plan yet, else as `run_job`.
    """
    with keep_notes(progress, work) as recorder, reachable(work.path):
        film, plan = open_plan(job, work=work)
        count = len(plan.shots)
        shots = tuple(range(count)) if ranges is None else ranges.pick(count)
        if ranges is not None and ranges.reaches_past(count):
            recorder.note(f"the last shot is {count - 1}; the range reaches past it, where nothing is to do")
        chosen = set(shots)
        segments = [segment for segment in plan.segments if segment.shot in chosen]
        if segments:
            seats = _seats(job, progress, workers=workers, scheduler=scheduler, work=work)
            predictor, weights = _network(job, seats, progress)
            spec = make_spec(job, film, plan=plan, work=work, weights=weights)
            _do(spec, segments, predictor=predictor, seats=seats, scheduler=scheduler, progress=recorder)
        return shots


def run_mux(job: Job, *, work: WorkDir, progress: Progress) -> RunSummary:
    """The last stage: hashes all segments, then makes the film of them.

    Raises SettingsError if there is no plan or segments are to do, naming the shots; else as `run_job`.
    """
    started = time.monotonic(), datetime.now(UTC)
    with keep_notes(progress, work) as recorder, reachable(work.path):
        film, plan = open_plan(job, work=work)
        weights = find_weights(job)
        spec = make_spec(job, film, plan=plan, work=work, weights=weights)
        return mux_film(spec, weights, started=started, progress=recorder, hashed=True)


def _seats(
    job: Job, progress: Progress, *, workers: int | None, scheduler: str | None, work: WorkDir
) -> tuple[Seat, ...]:
    """The seats of this machine's worker processes, noted for the user; none for a cluster, which is checked now."""
    if scheduler is not None:
        from jobs.workers.dask_pool import check_cluster

        progress.note(check_cluster(job, work=work, scheduler=scheduler))
        return ()
    seats = plan_seats(job, workers=workers)
    progress.note(describe_seats(seats, asked=workers is not None))
    return seats


def _network(
    job: Job, seats: tuple[Seat, ...], progress: Progress
) -> tuple[Predictor | None, WeightsInfo | None]:
    """The network if this process does the work, else None, and the facts in its weights file.

    Every weights file of the job is read whole, so that a damaged one is told of before any work is done.
    """
    check_weights(job, own=len(seats) != 1)
    if len(seats) != 1 or job.from_proxy is not None:
        return None, find_weights(job)
    progress.stage("network", 0, 1)
    predictor = make_predictor(job)
    progress.stage("network", 1, 1)
    return predictor, predictor.weights


def _do(
    spec: FilmSpec,
    segments: Sequence[Segment],
    *,
    predictor: Predictor | None,
    seats: tuple[Seat, ...],
    scheduler: str | None,
    progress: Progress,
) -> None:
    """Does every segment here, in worker processes or on a cluster; an error says how much is missing."""
    kept = _tell_kept(spec, segments, progress)
    stages = ("render",) if spec.job.from_proxy is not None else ("colour", "render")
    report = FrameCount(progress, segments, kept=kept, stages=stages).report
    tools = open_tools(spec, predictor)
    try:
        if len(seats) == 1:
            do_lanes(tools, segments, report=report)
        elif scheduler is not None:
            from jobs.workers.dask_pool import do_on_cluster

            do_on_cluster(spec, segments, scheduler=scheduler, report=report)
        else:
            from jobs.workers.local_pool import do_in_workers

            do_in_workers(spec, segments, seats=seats, report=report)
    except (OutputError, DeviceError) as error:
        if not spec.film.work.path.is_dir():
            raise
        raise type(error)(f"{error}; {what_is_missing(spec, segments)}") from error
    check_source(spec.film.info.path, spec.film.plan.source)
    if spec.job.cache is not None and spec.job.from_proxy is None:
        progress.note(cache_line(spec, segments))


def _tell_kept(spec: FilmSpec, segments: Sequence[Segment], progress: Progress) -> list[int]:
    """The segments that an earlier run finished, noted for the user; their files are hashed when their turn comes."""
    found = survey(spec, segments=segments, hashed=False)
    kept = [status.segment for status in found if status.is_done]
    if kept:
        frames, all_frames = (sum(one.end - one.start for one in some) for some in (kept, segments))
        share = f"{frames:,} of {all_frames:,} frames ({100 * frames / all_frames:.0f} %)"
        progress.note(f"going on: {share} are kept from before, {len(kept)} of {len(segments)} segments")
    return [segment.index for segment in kept]
