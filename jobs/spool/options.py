"""The queue's verbs on the command line."""

import argparse
import math
from pathlib import Path

from jobs.cli import queue as spool_verbs
from jobs.cli.stages import AddVerb, add_workers_option
from jobs.queue.entry import HIGHEST_PRIORITY, NORMAL_ATTEMPTS, NORMAL_PRIORITY
from jobs.queue.settings import WorkerSettings


def add_queue_verbs(add: AddVerb, *, job: argparse.ArgumentParser, settings: argparse.ArgumentParser) -> None:
    """Adds submit, worker, cancel and retry; `job` and `settings` hold the options of `run`."""
    verb = add("submit", spool_verbs.submit, "Put job files into a queue folder, checked.", job, settings)
    verb.add_argument("jobs", type=Path, nargs="+", metavar="JOB.yaml")
    _add_spool(verb)
    add_presets_option(verb)
    _add_standing(verb)
    _add_worker(add("worker", spool_verbs.worker, "Run the jobs of a queue folder.", settings))
    for name, call, told in (
        ("cancel", spool_verbs.cancel, "Take a job out of a queue folder; a running one is stopped."),
        ("retry", spool_verbs.retry, "Put a failed or cancelled job back into the queue."),
    ):
        verb = add(name, call, told)
        verb.add_argument("id", metavar="ID", help="as submit printed it, or its last eight characters")
        _add_spool(verb)


def add_presets_option(verb: argparse.ArgumentParser) -> None:
    """Adds `--presets`, the folder of a queue's own presets."""
    told = "folder whose YAML files are presets, by their names; jobs of a queue can name no other file"
    verb.add_argument("--presets", type=Path, metavar="DIR", help=told)


def _add_worker(verb: argparse.ArgumentParser) -> None:
    _add_spool(verb)
    add_presets_option(verb)
    until = verb.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="take one job at most")
    until.add_argument("--drain", action="store_true", help="end once no job waits and none runs anywhere")
    normal = WorkerSettings()
    for option, name, told in (
        ("--poll", "poll_seconds", "between two looks at the queue and the drop folder"),
        ("--heartbeat", "beat_seconds", "between two signs of life"),
        ("--dead-after", "dead_seconds", "without a sign of life, and a worker's job goes back"),
        ("--grace", "grace_seconds", "for a job that is asked to end, before it is killed"),
    ):
        verb.add_argument(
            option,
            dest=name,
            type=_seconds,
            default=getattr(normal, name),
            metavar="S",
            help=f"seconds {told} (%(default)g)",
        )
    add_workers_option(verb)
    drop = verb.add_argument_group("drop folder")
    drop.add_argument("--watch", type=Path, metavar="DIR", help="make jobs of what is put there")
    drop.add_argument("--output-dir", type=Path, metavar="DIR", help="where dropped films go")
    drop.add_argument("--preset", metavar="NAME", help="of dropped films")
    _add_standing(drop)


def _add_spool(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--spool", type=Path, required=True, metavar="DIR", help="the queue folder")


def _add_standing(verb: argparse._ActionsContainer) -> None:
    verb.add_argument(
        "--priority",
        type=int,
        default=NORMAL_PRIORITY,
        metavar="N",
        help=f"0 to {HIGHEST_PRIORITY}, the higher the sooner (%(default)s)",
    )
    verb.add_argument(
        "--attempts",
        type=int,
        default=NORMAL_ATTEMPTS,
        metavar="N",
        help="starts before a job that crashes is given up (%(default)s)",
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value
