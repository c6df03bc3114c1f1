"""The verbs about films: parsed arguments in, one call, a result out.

Whatever is heavy is imported by the verb that needs it, so that a fault in a job file is reported at once.
"""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from jobs.cli.options import Details, given_options
from jobs.progress.reporters import Progress
from jobs.settings.queue_presets import QueuePresets
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from jobs.queue.claim import Claim
    from jobs.settings.job import Job


def colorize(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Colours a film, a still or a folder of stills, as the input is one."""
    from jobs.settings.job_file import make_job

    paths = {"input": str(arguments.input), "output": arguments.output}
    job = make_job(paths | given_options(arguments), overrides=arguments.set)
    _announce(job, progress)
    if not job.is_of_stills:
        from jobs.run.finish import run_film

        return run_film(
            job, progress, sheet=arguments.sheet, workers=arguments.workers, scheduler=arguments.scheduler
        ).as_json()
    if arguments.sheet is not None:
        raise SettingsError(f"--sheet shows a film; {job.input} is a still or a folder of stills")
    _refuse_workers(arguments, job)
    return _run_stills(job, progress)


def run(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Runs a job file."""
    from jobs.settings.job_file import load_job

    is_queued = arguments.claimed or arguments.presets is not None
    queue = QueuePresets(arguments.presets) if is_queued else None
    job = load_job(arguments.job, overrides=arguments.set, options=given_options(arguments), queue=queue)
    claim = _claim(arguments)
    _announce(job, progress)
    if job.is_of_stills:
        _refuse_workers(arguments, job)
        return _run_stills(job, progress, claim=claim)
    from jobs.run.finish import run_film

    return run_film(
        job,
        progress,
        before_publish=claim.before_publish if claim else None,
        workers=arguments.workers,
        scheduler=arguments.scheduler,
    ).as_json()


def check(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints what a job file would do and need."""
    from jobs.settings.job_file import load_job

    job = load_job(arguments.job, overrides=arguments.set, options=given_options(arguments))
    if job.is_of_stills:
        progress.note(f"{job.input}: a still or a folder of stills; the settings work")
        return {"input": job.input}
    from jobs.estimate.measure import check_job

    estimate = check_job(job, workers=arguments.workers)
    if not arguments.json_events:
        sys.stdout.write(estimate.as_table())
    return estimate.as_json()


def schema(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints the JSON Schema of job files."""
    from jobs.settings.job_file import schema as job_schema

    if arguments.json_events:
        return {"schema": job_schema()}
    print(json.dumps(job_schema(), indent=2))
    return {}


def _announce(job: "Job", progress: Progress) -> None:
    progress.film(job.source.title, part="stills" if job.is_of_stills else "run")


def _refuse_workers(arguments: argparse.Namespace, job: "Job") -> None:
    for option in ("workers", "scheduler"):
        if getattr(arguments, option) is not None:
            raise SettingsError(f"--{option} is for films; {job.input} is a still or a folder of stills")


def _claim(arguments: argparse.Namespace) -> "Claim | None":
    """What the run must look at before it publishes; None where no queue started it."""
    if not arguments.claimed:
        return None
    from jobs.queue.claim import Claim

    return Claim(arguments.job)


def _run_stills(job: "Job", progress: Progress, *, claim: "Claim | None" = None) -> Details:
    from jobs.run.stills import run_stills

    made = run_stills(job, progress, before_still=claim.before_still) if claim else run_stills(job, progress)
    return {"output": job.output, "stills": len(made.results)}
