"""The verbs that are about networks: `dataset`, `train`, `evaluate`."""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from jobs.cli.options import Details
from jobs.extras import require
from jobs.progress.reporters import Progress
from jobs.shipped import CONFIGS
from pipeline.errors import SettingsError, SourceError


def add_dataset_verb(
    add: Callable[..., argparse.ArgumentParser], *, settings: argparse.ArgumentParser
) -> None:
    """Adds the verb with its options by `add(name, call, told, *parents)`."""
    verb = add("dataset", dataset, "Make a training set from films and stills in colour.", settings)
    verb.add_argument(
        "paths", type=Path, nargs="+", metavar="FILM|STILL|FOLDER", help="films, stills and folders of them"
    )
    verb.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the set; a set that was begun there goes on",
    )
    verb.add_argument(
        "--config", type=Path, metavar="YAML", help=f"settings; {CONFIGS / 'README.md'} lists them"
    )
    verb.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="films read at the same time (default: one for each CPU core)",
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
                f"no picture is for {split}: it takes three origins or films, see {CONFIGS / 'README.md'}",
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


def recipe_help() -> str:
    """The help of the argument of `train`."""
    names = ", ".join(path.stem for path in sorted((CONFIGS / "train").glob("*.yaml")))
    return f"a YAML file, or one of the recipes that come with Kinochrome: {names}"


def train(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Trains a generator, or goes on with a training."""
    from jobs.settings.training import load_train_job

    require("tensorboard", extra="train", by="train")
    job = load_train_job(arguments.config, overrides=arguments.set)
    from jobs.training.train import train as run_training

    scores = run_training(job, progress=progress)
    progress.note(f"best: step {scores.step}, score {scores.figures.score:.4f}; in {job.out}")
    return {"out": job.out, "step": scores.step} | scores.figures.as_json()


def add_evaluate_verb(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Adds the verb with its options by `add(name, call, told)`."""
    verb = add("evaluate", evaluate, "Measure predicted colours against true ones.")
    verb.add_argument(
        "paths", type=Path, nargs="+", metavar="PHOTO|CLIP|FOLDER", help="photos and clips in colour"
    )
    verb.add_argument(
        "--weights", type=Path, metavar="FILE", help="a .safetensors file (default: the default weights)"
    )
    verb.add_argument(
        "--device", default="auto", help="where the network computes: auto, cpu, cuda or cuda:N"
    )
    verb.add_argument(
        "--groups",
        type=Path,
        metavar="CSV",
        help="table with the columns path and group; each group gets figures of its own",
    )
    verb.add_argument(
        "--sheet", type=Path, metavar="PNG", help="also write a picture with the best and the worst photos"
    )
    verb.add_argument(
        "--kernel-distance",
        action="store_true",
        help="also measure the kernel distance of features (needs kinochrome[train])",
    )
    summary = "measure how much given points of true colour help, by the protocol zhang2017 or icolorit"
    verb.add_argument("--hints", metavar="PROTOCOL", help=summary)
    verb.add_argument("--photos", type=int, metavar="N", help="with --hints: take N of the photos")
    summary = "measure clips with given stills: first (frame of each shot), first-last or foreign"
    verb.add_argument("--reference", metavar="STILLS", help=summary)
    verb.add_argument(
        "--frames", type=int, metavar="N", help="with --reference: measure the first N frames of each shot"
    )
    verb.add_argument("--json", action="store_true", help="print JSON instead of a table")


def evaluate(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Measures predicted colours against the true ones of photos and clips in colour."""
    _check_evaluation(arguments)
    if arguments.hints is not None:
        return _evaluate_hints(arguments, progress)
    if arguments.reference is not None:
        return _evaluate_references(arguments, progress)
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
    return _printed(report.as_json(), arguments, table=partial(as_table, report))


def _printed(
    details: dict[str, object], arguments: argparse.Namespace, *, table: Callable[[], str]
) -> Details:
    """Writes a report as JSON or as its table, unless events are wanted; returns its details."""
    if not arguments.json_events:
        sys.stdout.write(json.dumps(details, indent=2) + "\n" if arguments.json else table())
    return details


def _check_evaluation(arguments: argparse.Namespace) -> None:
    """Raises SettingsError for options that do not go together."""
    if arguments.hints is not None and arguments.reference is not None:
        raise SettingsError("--hints does not go with --reference; one of the two works")
    if arguments.photos is not None and arguments.hints is None:
        raise SettingsError("--photos goes with --hints; without it all photos are evaluated")
    if arguments.frames is not None and arguments.reference is None:
        raise SettingsError("--frames goes with --reference; without it all frames are evaluated")
    guided = "--hints" if arguments.hints is not None else "--reference"
    if arguments.hints is None and arguments.reference is None:
        return
    if arguments.sheet is not None or arguments.kernel_distance:
        raise SettingsError(f"--sheet and --kernel-distance do not go with {guided}; leave them out")


def _evaluate_hints(arguments: argparse.Namespace, progress: Progress) -> Details:
    """The curve over given points, for `evaluate --hints`."""
    from jobs.evaluation.evaluate import evaluate_hints
    from jobs.evaluation.table import as_hint_table

    report = evaluate_hints(
        arguments.paths,
        protocol=arguments.hints,
        photo_count=arguments.photos,
        weights=arguments.weights,
        device=arguments.device,
        groups=arguments.groups,
        progress=lambda stage, done, total: progress.stage(stage, done, total, "file"),
    )
    return _printed(report.as_json(), arguments, table=partial(as_hint_table, report))


def _evaluate_references(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Clips of which stills are given, for `evaluate --reference`."""
    from jobs.evaluation.evaluate import evaluate_references
    from jobs.evaluation.table import as_reference_table

    report = evaluate_references(
        arguments.paths,
        reference=arguments.reference,
        most_frames=arguments.frames,
        weights=arguments.weights,
        device=arguments.device,
        groups=arguments.groups,
        progress=lambda stage, done, total: progress.stage(stage, done, total, "file"),
    )
    return _printed(report.as_json(), arguments, table=partial(as_reference_table, report))
