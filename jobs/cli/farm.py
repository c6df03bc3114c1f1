"""The command line of `kinochrome export`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from jobs.cli.options import Details
from jobs.farm.film_job import CHUNK_FRAMES, FARMS, parse_program
from jobs.progress.reporters import Progress
from pipeline.errors import SettingsError

_MOST = 10**6


def add_export_options(verb: argparse.ArgumentParser) -> None:
    """Adds what `export` takes, less what every verb takes."""
    verb.add_argument("farm", choices=FARMS, metavar="|".join(FARMS), help="the kind of farm")
    verb.add_argument("job", type=Path, metavar="JOB.yaml", help="the job file of the film")
    verb.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="file to write: a template (.json, .yaml), a script, or lists: FILE.1-plan, FILE.2-shots, FILE.3-mux",
    )
    verb.add_argument("--overwrite", action="store_true", help="replace an existing FILE")
    verb.add_argument(
        "--chunk",
        type=_whole(1),
        metavar="N",
        help=f"shots in each task (default: about {CHUNK_FRAMES} frames)",
    )
    verb.add_argument("--gpus", type=_whole(0), default=0, metavar="N", help="GPUs that each chunk asks for")
    verb.add_argument(
        "--timeout",
        type=_hours,
        metavar="HOURS",
        help="longest time of a task (default: 24 with openjd, the limit of the partition with slurm)",
    )
    verb.add_argument(
        "--program",
        type=_program,
        metavar="CMD",
        help="command that starts Kinochrome on the farm (default: this program)",
    )
    verb.add_argument("--work", metavar="DIR", help="make the work folder in DIR, and keep it")


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


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= _MOST:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least}")
        return int(text)

    return read


def _hours(text: str) -> int:
    """Seconds."""
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 1 / 60 <= hours <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours, e.g. 12 or 0.5")
    return round(hours * 3600)


def _program(text: str) -> tuple[str, ...]:
    try:
        return parse_program(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
