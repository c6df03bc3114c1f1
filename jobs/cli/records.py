"""The verbs that look at what is on record: `verify` and `report`, and the bag at the end of a run."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.options import AddVerb, Details
from jobs.progress.reporters import Progress
from pipeline.errors import KinochromeError, SettingsError, SourceError

if TYPE_CHECKING:
    from jobs.records.verify import Verdict


def add_record_verbs(add: AddVerb) -> None:
    """Adds verify and report."""
    one = add("verify", verify, "Check that finished films are unchanged, and name what changed.")
    summary = "a film that has its report beside it, a bag, or a folder with such films"
    one.add_argument("films", type=Path, nargs="+", metavar="OUT", help=summary)
    one.add_argument(
        "--source", type=Path, metavar="FILM", help="also check that the film was made from this source"
    )
    one = add("report", report, "Make the report page of a finished film again.")
    one.add_argument(
        "work", type=Path, metavar="WORK", help="work folder of the film, which was kept (--keep-work)"
    )
    one.add_argument(
        "-o", "--output", type=Path, metavar="PAGE", help="file to write (default: OUT.report.html)"
    )


def verify(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Compares films with their records; SourceError with a line for each fault."""
    if arguments.source is not None and len(arguments.films) > 1:
        raise SettingsError(f"--source is of one film; {len(arguments.films)} are named")
    faults: list[str] = []
    for path in arguments.films:
        try:
            if _is_folder(path):
                faults += _look_at_folder(path, progress)
                continue
            verdict = _look_at(path, progress)
            faults += verdict.faults
            if arguments.source is not None:
                faults += _look_at_source(arguments.source, verdict.film, progress).faults
        except KinochromeError as error:
            faults += error.lines
            continue
        if not verdict.faults:
            streams = f"{verdict.streams} stream{'s' if verdict.streams != 1 else ''}"
            size = f"{verdict.frames:,} frames, {streams}, {verdict.size_bytes:,} bytes"
            progress.note(f"{path}: whole: {size}, as on record")
    if faults:
        raise SourceError.of_many(faults)
    return {"films": arguments.films, "whole": True}


def report(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Makes a report page again."""
    from jobs.records.gather import remake_page

    path = remake_page(arguments.work, target=arguments.output, progress=progress)
    progress.note(f"{path}: written")
    return {"page": path}


def _is_folder(path: Path) -> bool:
    """Whether a path is a folder of films, not a bag or a folder of numbered stills with its report beside it."""
    from jobs.settings.output_paths import is_bag, record_path

    return path.is_dir() and not is_bag(path) and not record_path(path.resolve()).is_file()


def _look_at_folder(folder: Path, progress: Progress) -> list[str]:
    """The faults of everything in a folder; tells what is whole, and what there is no record of."""
    from jobs.batch.inputs import others_line
    from jobs.batch.verify import find_records, verify_all

    found = find_records(folder)
    faults: list[str] = []
    bad = 0

    def hashing(stage: str, done: int, total: int | None) -> None:
        progress.stage(stage, done, total, "byte")

    for number, checked in enumerate(verify_all(found, hashing)):
        progress.stage("verify", number, len(found), "file")
        faults += checked.verdict.faults
        bad += bool(checked.verdict.faults)
    progress.stage("verify", len(found), len(found), "file")
    if found.unknown:
        progress.note(f"{folder}: no record, not verified: {others_line(found.unknown)}", warning=True)
    progress.note(f"{folder}: {len(found) - bad} of {len(found)} whole, as on record")
    return faults


def _look_at(path: Path, progress: Progress) -> "Verdict":
    from jobs.records.bag import verify_output

    return verify_output(path, progress=_hashing(path, progress))


def _look_at_source(source: Path, film: Path, progress: Progress) -> "Verdict":
    from jobs.records.film_record import read_record
    from jobs.records.verify import verify_source
    from jobs.settings.output_paths import record_path

    record = read_record(record_path(film))
    return verify_source(source, record=record, progress=_hashing(source, progress))


def _hashing(path: Path, progress: Progress) -> Callable[[str, int, int | None], None]:
    return lambda stage, done, total: progress.stage(f"{stage} {path.name}", done, total, "byte")
