"""The stages of a film as verbs, for queues that start them on hosts which share a folder, and how far they are.

A stage may be started again, or twice at once: what is done is not done again. The work folder stays.
"""

import argparse
import contextlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.options import AddVerb, Details, add_crew_options, given_options
from jobs.progress.reporters import Progress
from jobs.queue.folder import Spool, is_spool
from jobs.settings.output_paths import work_folder
from jobs.workdir.folder import WorkDir
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from jobs.run.film import RunSummary
    from jobs.settings.job import Job
    from jobs.settings.shots import Ranges


Look = Callable[[], tuple[str, Details, bool]]
"""Returns text for people, details for programs, and whether there may be more to see later."""
_WATCH_SECONDS = 2.0


def add_status_verb(add: AddVerb, *parents: argparse.ArgumentParser) -> None:
    """Adds status; `parents` hold the options of `run`."""
    summary = "Show how far a run, a folder of films, a job or a queue is."
    verb = add("status", status, summary, *parents)
    verb.add_argument(
        "path",
        type=Path,
        metavar="JOB.yaml|OUT|DIR",
        help="job file, output file, output folder or queue folder",
    )
    verb.add_argument(
        "--all", action="store_true", help="list all finished jobs of a queue, not only the last ones"
    )
    verb.add_argument(
        "--hash", action="store_true", help="also read every finished file of a job and compare its checksum"
    )
    verb.add_argument(
        "--watch",
        type=_seconds,
        nargs="?",
        const=_WATCH_SECONDS,
        metavar="S",
        help=f"look again every S seconds ({_WATCH_SECONDS:g}), until a run ends or Ctrl-C",
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r}: 0.1 to 86400 seconds would work")
    return value


def add_stage_verbs(add: AddVerb, *parents: argparse.ArgumentParser) -> None:
    """Adds plan, shots and mux; `parents` hold the options of `run`."""
    for name, call, summary in (
        ("plan", plan, "First stage of run: read the film and find its shots."),
        ("shots", shots, "Second stage: colour and render shots of a planned film, all or some."),
        ("mux", mux, "Last stage: put the film together when all its shots are done."),
    ):
        verb = add(name, call, summary, *parents)
        verb.add_argument("job", type=Path, metavar="JOB.yaml", help="the job file of the film")
        if call is shots:
            summary = "shots to do, numbered from 0, both ends included: 3-7,12 or 0-99:2 (default: all)"
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
        from jobs.settings.shots import format_ranges

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
    """Prints how a job, a run, or everything in a queue folder or an output folder stands."""
    look = _what_to_look_at(arguments)
    text, details, goes_on = look()
    if arguments.watch is None:
        if not arguments.json_events:
            sys.stdout.write(text)
        return details
    with contextlib.suppress(KeyboardInterrupt):  # the usual end of looking
        while True:
            if arguments.json_events:
                text = (
                    json.dumps({"event": "status", "time": round(time.time(), 3), **details}, default=str)
                    + "\n"
                )
            elif sys.stdout.isatty():
                text = f"\x1b[H\x1b[2J{text}"
            sys.stdout.write(text)
            sys.stdout.flush()
            if not goes_on:
                break
            time.sleep(arguments.watch)
            text, details, goes_on = look()
    return details


def _what_to_look_at(arguments: argparse.Namespace) -> "Look":
    """What `status` shows: of a queue every job, of a job file the film's segments, of all else the runs there."""
    path, width = arguments.path, shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if path.is_dir() and is_spool(path):
        from jobs.queue.status import as_table, spool_status

        def look_at_queue() -> tuple[str, Details, bool]:
            jobs = spool_status(Spool(path))
            text = as_table(jobs, everything=arguments.all, width=width)
            return text, {"spool": path.absolute(), "jobs": [job.as_json() for job in jobs]}, True

        return look_at_queue
    if path.suffix.lower() in (".yaml", ".yml"):
        from jobs.batch.runs import run_in
        from jobs.run.status import film_status

        def look_at_job() -> tuple[str, Details, bool]:
            job = _film_job(path, arguments, options={"overwrite": True})
            found = film_status(job, hashed=arguments.hash)
            run = run_in(work_folder(job.output, work=job.work))
            is_running = run is not None and run.is_running
            line = f"{'run':<12} {run.as_line()}\n" if run is not None and is_running else ""
            return found.as_table() + line, found.as_json(), is_running

        return look_at_job
    from jobs.batch.runs import find_runs

    def look_at_runs() -> tuple[str, Details, bool]:
        work = None if arguments.work is None else Path(arguments.work)
        runs = find_runs(path, work=work)
        text = "".join(f"{run.as_line()}\n" for run in runs)
        return text, {"runs": [run.as_json() for run in runs]}, any(run.is_running for run in runs)

    return look_at_runs


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
        if arguments.verb in ("still", "takes"):
            raise SettingsError(
                f"{job.input}: `kinochrome {arguments.verb}` is for films; `kinochrome serve` shows the takes and "
                "regions of a still, and paint goes over the still itself"
            )
        what = "a folder has" if job.source.kind == "folder" else "stills have"
        raise SettingsError(f"{job.input}: {what} no stages; `kinochrome run` does all of it")
    return job


def parsed_ranges(text: str) -> "Ranges":
    """Shots, for an option."""
    from jobs.settings.shots import parse_ranges

    try:
        return parse_ranges(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
