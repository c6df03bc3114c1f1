"""The verbs that are about networks: `dataset`, `train`, `evaluate`."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jobs.cli.options import Details
from jobs.progress.reporters import Progress
from pipeline.errors import SourceError


def add_dataset_verb(
    add: Callable[..., argparse.ArgumentParser], *, settings: argparse.ArgumentParser
) -> None:
    """Adds the verb with its options by `add(name, call, told, *parents)`."""
    verb = add("dataset", dataset, "Make a training set from films, stills and folders of them.", settings)
    verb.add_argument("paths", type=Path, nargs="+", metavar="FILM|STILL|FOLDER")
    verb.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the set; the same one goes on",
    )
    verb.add_argument("--config", type=Path, metavar="YAML", help="settings, see configs/README.md")
    verb.add_argument(
        "--workers", type=int, metavar="N", help="films read at the same time; else as many as CPU cores"
    )


def dataset(arguments: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Makes a training set; SourceError at the end names the files that could not be used."""
    from jobs.dataset.build import make_dataset
    from jobs.dataset.manifest import as_table
    from jobs.settings.dataset import make_dataset_job

    job = make_dataset_job(
        arguments.paths,
        out=arguments.output,
        workers=arguments.workers,
        config=arguments.config,
        overrides=arguments.set,
    )
    result = make_dataset(job, progress=progress)
    splits = ", ".join(f"{count} {split}" for split, count in result.splits.items())
    if result.already_finished:
        progress.note(f"{job.out} is finished already: {result.kept} pictures ({splits}); nothing to do")
    else:
        if not (arguments.json_events or arguments.openjd or arguments.quiet):
            sys.stdout.write(as_table(result.rules))
        progress.note(f"{job.out}: {result.kept} pictures ({splits}); look at contact.jpg")
    for split in ("val", "test"):
        if not result.splits[split]:
            progress.note(
                f"no picture is for {split}: it takes three origins or films, see configs/README.md",
                warning=True,
            )
    if result.failures:
        lines = [failure.why for failure in result.failures]
        lines.append(f"{len(lines)} files could not be used; the set in {job.out} is made of the others")
        raise SourceError.of_many(lines)
    return {
        "output": job.out,
        "kept": result.kept,
        "splits": result.splits,
        "rules": result.rules,
        "already_finished": result.already_finished,
    }


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
    from jobs.evaluation.evaluate import evaluate_weights
    from jobs.evaluation.table import as_table

    report = evaluate_weights(
        arguments.paths,
        weights=arguments.weights,
        device=arguments.device,
        kernel_distance=arguments.kernel_distance,
        groups=arguments.groups,
        sheet=arguments.sheet,
        progress=lambda stage, done, total: progress.stage(stage, done, total, "file"),
    )
    if not arguments.json_events:
        sys.stdout.write(
            json.dumps(report.as_json(), indent=2) + "\n" if arguments.json else as_table(report)
        )
    return report.as_json()
