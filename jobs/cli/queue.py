"""What each verb of the queue does: parsed arguments in, one call, an outcome out.

The queue's verbs on the command line.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.options import AddVerb, Details, add_workers_option, given_options
from jobs.progress.reporters import Progress
from jobs.queue.entry import HIGHEST_PRIORITY, NORMAL_ATTEMPTS, NORMAL_PRIORITY
from jobs.queue.settings import WorkerSettings
from jobs.settings.queue_presets import QueuePresets
from pipeline.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from jobs.queue.drop_folder import DropFolder
    from jobs.settings.job import Job


_PATIENCE_SECONDS = 60.0
"""For a run that is asked to end."""


def submit(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Checks job files, puts all or none of them into the queue, and prints their ids, one a line."""
    from jobs.queue.control import submit as submit_jobs
    from jobs.queue.folder import Spool

    jobs = _load(
        arguments.jobs,
        overrides=arguments.set,
        options=given_options(arguments),
        queue=QueuePresets(arguments.presets),
    )
    spool = Spool.make(arguments.spool)
    spool.tidy()
    entries = submit_jobs(spool, jobs, priority=arguments.priority, attempts=arguments.attempts)
    if not arguments.json_events:
        sys.stdout.write("".join(f"{entry.id}\n" for entry in entries))
    return {"spool": spool.path, "ids": [entry.id for entry in entries]}


def worker(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Works through a queue until there is nothing to do, or for ever."""
    from jobs.queue.folder import Spool
    from jobs.queue.settings import WorkerSettings
    from jobs.queue.worker import Worker, stopping

    names = ("once", "drain", "poll_seconds", "beat_seconds", "dead_seconds", "grace_seconds")
    settings = WorkerSettings(**{name: getattr(arguments, name) for name in names})
    presets = QueuePresets(arguments.presets)
    drop = _drop_folder(arguments, presets)
    spool = Spool(arguments.spool) if drop is None else Spool.make(arguments.spool)
    made = Worker(
        spool, settings=settings, progress=progress, drop=drop, workers=arguments.workers, presets=presets
    )
    with stopping(made):
        tally = made.serve()
    if made.stop.is_set():
        raise KeyboardInterrupt
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(tally.ended.items()))
    progress.note(f"{spool.path}: {counts or 'nothing to do'}")
    return {"spool": spool.path, "jobs": tally.ended}


def cancel(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Takes a job out of a queue, or asks its worker to stop it; without a queue, asks a run to end."""
    if arguments.spool is None:
        return _cancel_run(Path(arguments.id), progress)
    from jobs.queue.control import cancel_job
    from jobs.queue.folder import Spool

    was = cancel_job(Spool(arguments.spool), arguments.id)
    change = f"{was.worker} is told to stop it" if was.state == "running" else "cancelled"
    progress.note(f"{was.id}: {change}")
    return {"id": was.id, "was": was.state}


def _cancel_run(output: Path, progress: Progress) -> Details:
    """Ends the run that writes `output`, wherever it runs; what it has done is kept."""
    from jobs.batch.runs import find_runs
    from jobs.workdir.running import ask_to_end

    running = [run for run in find_runs(output) if run.is_running]
    if not running:
        raise SettingsError(
            f"{output}: nothing runs there now; `kinochrome status {output}` says how it stands"
        )
    if len(running) > 1:
        names = ", ".join(str(run.output) for run in running)
        raise SettingsError(f"{output}: {len(running)} runs work there ({names}); name one of them")
    (run,) = running
    if not ask_to_end(
        run.folder,
        run.lock,
        patience_seconds=_PATIENCE_SECONDS,
        waiting=lambda: progress.note(f"{run.as_line()}; asked to end"),
    ):
        raise OutputError(f"{run.output}: still runs after {_PATIENCE_SECONDS:.0f} s; stop its process")
    progress.note(f"{run.output}: ended; what is done is kept, and the same command goes on")
    return {"output": run.output, "was": "running"}


def retry(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Puts a failed or cancelled job back."""
    from jobs.queue.control import retry_job
    from jobs.queue.folder import Spool

    entry = retry_job(Spool(arguments.spool), arguments.id)
    progress.note(f"{entry.id}: waits again")
    return {"id": entry.id}


def add_queue_verbs(add: AddVerb, *, job: argparse.ArgumentParser, settings: argparse.ArgumentParser) -> None:
    """Adds submit, worker, cancel and retry; `job` and `settings` hold the options of `run`."""
    verb = add("submit", submit, "Check job files and put them into a queue folder.", job, settings)
    verb.add_argument("jobs", type=Path, nargs="+", metavar="JOB.yaml", help="all or none of them are queued")
    _add_spool(verb)
    add_presets_option(verb)
    _add_standing(verb)
    _add_worker(add("worker", worker, "Run the jobs of a queue folder, until you stop it.", settings))
    whose = "id of the job, as submit printed it, or its last eight characters"
    verb = add(
        "cancel",
        cancel,
        "Take a job out of a queue folder, or stop it; or stop a run of colorize.",
    )
    verb.add_argument(
        "id", metavar="ID|OUT", help=f"{whose}; without --spool, the file or folder that a run writes"
    )
    verb.add_argument("--spool", type=Path, metavar="DIR", help="the queue folder")
    verb = add("retry", retry, "Put a failed or cancelled job back into the queue.")
    verb.add_argument("id", metavar="ID", help=whose)
    _add_spool(verb)


def add_presets_option(verb: argparse.ArgumentParser) -> None:
    """Adds `--presets`, the folder of a queue's own presets."""
    summary = "folder with presets of your own (YAML files), which jobs of the queue may name"
    verb.add_argument("--presets", type=Path, metavar="DIR", help=summary)


def _load(
    paths: Sequence[Path], *, overrides: Sequence[str], options: dict[str, object], queue: QueuePresets
) -> "list[tuple[Path, Job]]":
    """Every job with its file; the faults of all files at once."""
    from jobs.settings.job_file import load_job

    found, faults = [], list[str]()
    for path in paths:
        try:
            found.append((path, load_job(path, overrides=overrides, options=options, queue=queue)))
        except SettingsError as error:
            faults += error.lines
    if faults:
        raise SettingsError.of_many(faults)
    return found


def _drop_folder(arguments: argparse.Namespace, presets: QueuePresets) -> "DropFolder | None":
    if arguments.watch is None:
        if arguments.output_dir is not None or arguments.preset is not None or arguments.set:
            raise SettingsError(
                "--output-dir, --preset and --set are for dropped films; give --watch DIR too"
            )
        return None
    if arguments.output_dir is None:
        raise SettingsError("--watch needs --output-dir DIR, the folder that dropped films go to")
    from jobs.queue.drop_folder import DropFolder, DropSettings

    settings = DropSettings(
        output_dir=arguments.output_dir,
        preset=arguments.preset,
        presets=presets,
        overrides=arguments.set,
        priority=arguments.priority,
        attempts=arguments.attempts,
        poll_seconds=arguments.poll_seconds,
    )
    return DropFolder(arguments.watch, settings=settings)


def _add_worker(verb: argparse.ArgumentParser) -> None:
    _add_spool(verb)
    add_presets_option(verb)
    until = verb.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="run one job at most, then end")
    until.add_argument("--drain", action="store_true", help="end when no job waits and none runs")
    normal = WorkerSettings()
    for option, name, summary in (
        ("--poll", "poll_seconds", "between two looks at the queue and the drop folder"),
        ("--heartbeat", "beat_seconds", "between two signs of life"),
        ("--dead-after", "dead_seconds", "without a sign of life until the job is queued again"),
        ("--grace", "grace_seconds", "that a job has to end, before it is killed"),
    ):
        verb.add_argument(
            option,
            dest=name,
            type=_seconds,
            default=getattr(normal, name),
            metavar="S",
            help=f"seconds {summary} (%(default)g)",
        )
    add_workers_option(verb)
    drop = verb.add_argument_group("drop folder")
    drop.add_argument(
        "--watch", type=Path, metavar="DIR", help="queue every film and job file that is put into DIR"
    )
    drop.add_argument("--output-dir", type=Path, metavar="DIR", help="folder for outputs of dropped films")
    drop.add_argument("--preset", metavar="NAME", help="preset of dropped films")
    _add_standing(drop)


def _add_spool(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--spool", type=Path, required=True, metavar="DIR", help="the queue folder")


def _add_standing(verb: argparse._ActionsContainer) -> None:
    verb.add_argument(
        "--priority",
        type=int,
        default=NORMAL_PRIORITY,
        metavar="N",
        help=f"0 to {HIGHEST_PRIORITY}; higher runs sooner (%(default)s)",
    )
    verb.add_argument(
        "--attempts",
        type=int,
        default=NORMAL_ATTEMPTS,
        metavar="N",
        help="how often a job that crashes is started before it counts as failed (%(default)s)",
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value
