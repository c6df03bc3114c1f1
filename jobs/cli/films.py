"""The verbs about films: parsed arguments in, one call, a result out.

Whatever is heavy is imported by the verb that needs it, so that a fault in a job file is reported at once.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.options import Details, given_options
from jobs.progress.reporters import Progress
from jobs.settings.queue_presets import QueuePresets
from pipeline.errors import SettingsError, SourceError
from pipeline.target import Target, target_of

if TYPE_CHECKING:
    from jobs.batch.plan import MakeJob
    from jobs.queue.claim import Claim
    from jobs.settings.job import Job


def colorize(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Colours a film or a still; a folder, or several files, are a batch."""
    from jobs.settings.job_file import make_job

    options = given_options(arguments)

    def make(keys: Mapping[str, object]) -> "Job":
        return make_job({**options, **keys}, overrides=arguments.set)

    (first, *more) = arguments.inputs
    if more or first.is_dir():
        return _run_batch(arguments, arguments.inputs, Path(arguments.output), make, progress)
    if first.exists():  # settings take a moment: whoever waits sees that it begins
        _announce(target_of(first), progress)
    job = make({"input": str(first), "output": arguments.output})
    if job.source.is_numbered:
        _announce(job.source, progress)
    if not job.is_of_stills:
        from jobs.run.finish import run_film

        return run_film(
            job, progress, sheet=arguments.sheet, workers=arguments.workers, scheduler=arguments.scheduler
        ).as_json()
    if arguments.sheet is not None:
        raise SettingsError(f"--sheet shows a film; {job.input} is a still")
    _refuse_workers(arguments, job)
    return _run_still(job, progress)


def run(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Runs a job file."""
    job, make = _load(arguments)
    claim = _claim(arguments)
    if job.source.kind == "folder":
        return _run_batch(arguments, [job.input], job.output, make, progress, claim=claim)
    _announce(job.source, progress)
    if job.is_of_stills:
        _refuse_workers(arguments, job)
        return _run_still(job, progress, claim=claim)
    from jobs.run.finish import run_film

    return run_film(
        job,
        progress,
        before_publish=claim.before_publish if claim else None,
        workers=arguments.workers,
        scheduler=arguments.scheduler,
    ).as_json()


def check(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints what a job file, or colorize with this input and output, would do and need."""
    job, make = _load(arguments)
    if job.source.kind == "folder":
        from jobs.batch.check import check_batch
        from jobs.batch.plan import plan_batch

        checked = check_batch(plan_batch([job.input], job.output, make), progress, workers=arguments.workers)
        progress.close()
        if not arguments.json_events:
            sys.stdout.write(checked.as_table())
        if checked.faults:
            raise SourceError(f"{len(checked.faults)} of {len(checked.plan.tasks)} would fail")
        return checked.as_json()
    if job.is_of_stills:
        from jobs.run.stills import check_still

        check_still(job)
        progress.note(f"{job.input}: a still; it reads, and the settings work")
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


def _load(arguments: argparse.Namespace) -> "tuple[Job, MakeJob]":
    """The job of a job file, or of an input with an output, and what makes jobs of other inputs out of it."""
    from jobs.settings.job_file import load_job, make_job

    is_queued = getattr(arguments, "claimed", False) or getattr(arguments, "presets", None) is not None
    queue = QueuePresets(arguments.presets) if is_queued else None
    options = given_options(arguments)

    output = getattr(arguments, "output", None)
    if output is not None:
        options = {"input": str(arguments.job), "output": output, **options}
    elif arguments.job.is_dir():
        raise SettingsError(
            f"{arguments.job}: found a folder; -o OUT, the folder to write into, is needed too"
        )

    def make(keys: Mapping[str, object]) -> "Job":
        if output is not None:
            return make_job({**options, **keys}, overrides=arguments.set)
        return load_job(arguments.job, overrides=arguments.set, options={**options, **keys}, queue=queue)

    return make({}), make


def _run_batch(
    arguments: argparse.Namespace,
    sources: Sequence[Path],
    output: Path,
    make: "MakeJob",
    progress: Progress,
    *,
    claim: "Claim | None" = None,
) -> Details:
    from jobs.cli.batch import colorize_batch

    if getattr(arguments, "sheet", None) is not None:
        raise SettingsError("--sheet shows one film; a command of its own for that film would work")
    return colorize_batch(
        sources,
        output,
        make,
        progress,
        workers=arguments.workers,
        scheduler=arguments.scheduler,
        check=claim.check if claim else None,
        shows_table=not arguments.json_events and not arguments.quiet and not arguments.openjd,
    )


def _announce(source: Target, progress: Progress) -> None:
    progress.film(source.title, part="stills" if source.is_of_stills else "run")


def _refuse_workers(arguments: argparse.Namespace, job: "Job") -> None:
    for option in ("workers", "scheduler"):
        if getattr(arguments, option) is not None:
            raise SettingsError(f"--{option} is for films; {job.input} is a still")


def _claim(arguments: argparse.Namespace) -> "Claim | None":
    """What the run must look at before it publishes; None where no queue started it."""
    if not arguments.claimed:
        return None
    from jobs.queue.claim import Claim

    return Claim(arguments.job)


def _run_still(job: "Job", progress: Progress, *, claim: "Claim | None" = None) -> Details:
    from jobs.run.stills import run_still

    made = run_still(job, progress, before_still=claim.before_still) if claim else run_still(job, progress)
    return {"output": job.output, "stills": len(made.results)}
