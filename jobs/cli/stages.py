"""The stages of a film as verbs, for queues that start them on hosts which share a folder, and how far they are.

A stage may be started again, or twice at once: what is done is not done again. The work folder stays.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.options import AddVerb, Details, add_crew_options, given_options
from jobs.progress.reporters import Progress
from jobs.settings.output_paths import work_folder
from jobs.settings.shots import Ranges, format_ranges, parse_ranges
from jobs.workdir.folder import WorkDir
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from jobs.run.film import RunSummary
    from jobs.settings.job import Job


def add_stage_verbs(add: AddVerb, *parents: argparse.ArgumentParser) -> None:
    """Adds plan, shots and mux; `parents` hold the options of `run`."""
    for name, call, summary in (
        ("plan", plan, "First stage of a job: look at the film, find its shots."),
        ("shots", shots, "Second stage: colour and render shots of a planned film."),
        ("mux", mux, "Last stage: the film, once all its shots are done."),
    ):
        verb = add(name, call, summary, *parents)
        verb.add_argument("job", type=Path, metavar="JOB.yaml")
        if call is shots:
            summary = "shots to do, from 0, both ends included: 3-7,12 or 0-99:2; else all"
            verb.add_argument("--range", type=parsed_ranges, metavar="RANGE", help=summary)
            add_crew_options(verb)


def plan(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Plans a film."""
    with stage(arguments, progress) as (job, work):
        from jobs.run.film import run_plan

        found = run_plan(job, work=work, progress=progress)
    frames, shot_count, segments = len(found.timeline), len(found.shots), len(found.segments)
    progress.note(f"{work.plan_path}: {frames} frames, {shot_count} shots, {segments} segments")
    return {"plan": work.plan_path, "frames": frames, "shots": shot_count, "segments": segments}


def shots(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Colours and renders shots."""
    with stage(arguments, progress) as (job, work):
        from jobs.run.film import run_shots

        done = run_shots(
            job,
            ranges=arguments.range,
            work=work,
            progress=progress,
            workers=arguments.workers,
            scheduler=arguments.scheduler,
        )
    progress.note(f"shots done: {format_ranges(done) or 'none'}")
    return {"shots": format_ranges(done), "count": len(done)}


def mux(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Puts the film together."""
    from jobs.run.finish import finish_film

    with stage(arguments, progress) as (job, work):

        def make(work: WorkDir) -> "RunSummary":
            from jobs.run.film import run_mux

            return run_mux(job, work=work, progress=progress)

        with work.alone("mux", waiting=lambda who: progress.note(f"waiting: {who} muxes this film")):
            return finish_film(job, progress, work=work, make=make).as_json()


def status(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints how a job stands or, of a folder, how the queue in it stands."""
    if arguments.path.is_dir():
        from jobs.cli.queue import status as spool_status

        return spool_status(arguments, progress)
    job = _film_job(arguments.path, arguments, options={"overwrite": True})
    from jobs.run.status import film_status

    found = film_status(job)
    if not arguments.json_events:
        sys.stdout.write(found.as_table())
    return found.as_json()


@contextlib.contextmanager
def stage(arguments: argparse.Namespace, progress: Progress) -> Iterator[tuple["Job", WorkDir]]:
    """The job, and its work folder shared with whoever else works there."""
    job = _film_job(arguments.job, arguments)
    progress.film(job.source.title, part=arguments.verb)
    folder = work_folder(job.output, work=job.work)
    with WorkDir(folder, settings=job.to_yaml(), output=job.output, share="stage") as work:
        yield job, work


def _film_job(
    path: Path, arguments: argparse.Namespace, *, options: dict[str, object] | None = None
) -> "Job":
    from jobs.settings.job_file import load_job

    given = given_options(arguments) | (options or {})
    job = load_job(path, overrides=arguments.set, options=given)
    if job.is_of_stills:
        raise SettingsError(f"{job.input}: stills have no stages; `kinochrome run` does them")
    return job


def parsed_ranges(text: str) -> Ranges:
    """Shots, for an option."""
    try:
        return parse_ranges(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
