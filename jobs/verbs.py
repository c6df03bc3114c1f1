"""What each verb of the command line does: parsed arguments in, one call, an outcome out.

Whatever is heavy is imported by the verb that needs it, so that a fault in a job file is told at once.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.ledger import job_fingerprint
from jobs.progress import Progress
from jobs.version import VERSION
from pipeline.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from jobs.jobfile import Job
    from jobs.workdir import WorkDir

Details = dict[str, Any]
"""What a program that reads the events is told at the end."""


def colorize(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Colours a film, a still or a folder of stills, as the input is one."""
    from jobs.jobfile import make_job

    paths = {"input": str(arguments.input), "output": arguments.output}
    job = make_job(paths | _options(arguments), overrides=arguments.set)
    if not _is_of_stills(job):
        return _run_film(job, progress, sheet=arguments.sheet)
    if arguments.sheet is not None:
        raise SettingsError(f"--sheet shows a film; {job.input} is a still or a folder of stills")
    return _colorize_stills(job, progress)


def run(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Runs a job file."""
    from jobs.jobfile import load_job

    job = load_job(arguments.job, overrides=arguments.set, options=_options(arguments))
    return _colorize_stills(job, progress) if _is_of_stills(job) else _run_film(job, progress)


def check(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints what a job file would do and need."""
    from jobs.jobfile import load_job

    job = load_job(arguments.job, overrides=arguments.set, options=_options(arguments))
    if _is_of_stills(job):
        progress.note(f"{job.input}: a still or a folder of stills; the settings work")
        return {"input": job.input}
    from jobs.check import check_job

    estimate = check_job(job)
    if not arguments.json_events:
        sys.stdout.write(estimate.as_table())
    return estimate.as_json()


def schema(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints the JSON Schema of job files."""
    from jobs.jobfile import schema as job_schema

    if arguments.json_events:
        return {"schema": job_schema()}
    print(json.dumps(job_schema(), indent=2))
    return {}


def train(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Trains a generator, or goes on with a training."""
    from jobs.trainfile import load_train_job

    job = load_train_job(arguments.config, overrides=arguments.set)
    from jobs.training import train as run_training

    scores = run_training(job, progress=progress)
    progress.note(
        f"best: step {scores.step}, loss {scores.loss:.4f}, ab RMSE {scores.ab_rmse:.2f}; in {job.out}"
    )
    return {"out": job.out, "step": scores.step, "loss": scores.loss, "ab_rmse": scores.ab_rmse}


def evaluate(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Measures predicted colours against the true ones of photos and clips in colour."""
    from jobs.evaluation import evaluate as measure
    from models.lite0 import ImageNetFeatures
    from pipeline.predict import Predictor
    from pipeline.steady import SteadySettings, steady

    predictor = Predictor(arguments.weights, device=arguments.device)
    settings = SteadySettings()
    report = measure(
        arguments.paths,
        predict=predictor.predict_pictures,
        features=ImageNetFeatures().eval() if arguments.kernel_distance else None,
        groups=arguments.groups,
        steady=lambda luma, ab: steady(luma, ab, settings=settings),
        sheet=arguments.sheet,
        progress=lambda stage, done, total: progress.stage(stage, done, total, "file"),
    )
    if not arguments.json_events:
        sys.stdout.write(
            json.dumps(report.as_json(), indent=2) + "\n" if arguments.json else report.as_table()
        )
    return report.as_json()


def _options(arguments: argparse.Namespace) -> dict[str, object]:
    """The options that stand for keys of a job, as far as they were given."""
    given: dict[str, object] = {}
    for key in ("preset", "weights", "from_proxy", "work"):
        value = getattr(arguments, key)
        if value is not None:
            given[key] = str(value)
    for key in ("overwrite", "allow_loss", "keep_work"):
        if getattr(arguments, key):
            given[key] = True
    return given


def _is_of_stills(job: "Job") -> bool:
    from pipeline.stills.values import is_still_name

    return job.input.is_dir() or is_still_name(job.input)


def _run_film(job: "Job", progress: Progress, *, sheet: Path | None = None) -> Details:
    from jobs.workdir import WorkDir, finished_fingerprint, work_folder

    folder, wanted = work_folder(job.output, work=job.work), job_fingerprint(job)
    finished = finished_fingerprint(folder, job.output)
    with WorkDir(folder, settings=job.to_yaml(), output=job.output) as work:
        if finished == wanted and not job.overwrite and sheet is None:
            progress.note(f"{job.output} is finished already")
            details: Details = {"output": job.output, "already_finished": True}
        elif finished not in (None, wanted) and not job.overwrite:
            told = (
                "exists, made with other settings; another name, or --overwrite (overwrite: true) would work"
            )
            raise OutputError(f"output: {job.output} {told}")
        else:
            details = _run_steps(job, work, progress, sheet=sheet)
        if job.work is None and not job.keep_work:
            work.discard()
    return details


def _run_steps(job: "Job", work: "WorkDir", progress: Progress, *, sheet: Path | None) -> Details:
    from jobs.sheet import write_sheet
    from jobs.steps import run_job

    work.log("started", version=VERSION, input=job.input, output=job.output)
    try:
        summary = run_job(job, work=work, progress=progress)
    except BaseException as error:
        work.log("ended", outcome=type(error).__name__, message=str(error))
        raise
    for change in summary.mux.converted:
        progress.note(f"changed: {change}")
    for loss in summary.mux.lost:
        progress.note(f"left out: {loss}", warning=True)
    if sheet is not None:
        write_sheet(
            sheet, film=summary.film, timeline=summary.timeline, shots=summary.shots, result=job.output
        )
    frames = len(summary.timeline)
    rate = frames / max(summary.seconds, 1e-9)
    progress.note(f"{job.output}: {frames} frames in {summary.seconds:.1f} s, {rate:.1f} frames/s")
    details = {
        "output": job.output,
        "frames": frames,
        "shots": len(summary.shots),
        "segments": summary.segments,
        "seconds": round(summary.seconds, 3),
        "lost": list(summary.mux.lost),
    }
    work.log("ended", outcome="done", **details)
    return details


def _colorize_stills(job: "Job", progress: Progress) -> Details:
    from jobs.steps import make_predictor
    from jobs.stills import StillResult, colorize_stills

    predictor = make_predictor(job)
    done = 0

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
        predict=lambda luma: predictor.predict_pictures(luma),
        saturation=job.color.saturation,
        overwrite=job.overwrite,
        progress=tell,
    )
    return {"output": job.output, "stills": len(summary.results)}
