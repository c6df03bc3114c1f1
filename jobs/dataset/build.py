"""`kinochrome dataset`: films and stills in, a training set out that says where each picture is from and why.

OUT/frames/<film>/<pts>.jpg   the pictures
    manifest.csv              a row for each; written last, absent while the set changes
    summary.json              counts before and after each rule
    contact.jpg               what was kept and what was left out, to look at
    .kinochrome/              records of what was read (`records.py`)
"""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from jobs.dataset.contact_sheet import write_sheet
from jobs.dataset.inputs import Inputs, find_inputs
from jobs.dataset.manifest import count_rules, manifest_text, summarise
from jobs.dataset.reader import Reader
from jobs.dataset.records import Failure, read_record, record_path, remove_pictures
from jobs.dataset.selection import Entry, Selection
from jobs.progress.reporters import Progress
from jobs.settings.dataset import DatasetJob
from jobs.workdir.folder import WorkDir
from jobs.workdir.work_files import is_work_folder
from pipeline.atomic_files import publish, write_json
from pipeline.dataset.splits import SPLITS
from pipeline.errors import OutputError, SourceError

_log = logging.getLogger(__name__)
MANIFEST, SUMMARY, CONTACT, RECORDS = "manifest.csv", "summary.json", "contact.jpg", ".kinochrome"


class DatasetResult(NamedTuple):
    """What a run came to."""

    rules: list[dict[str, Any]]
    """`rule`, `before`, `left_out`, `after`, in order."""
    kept: int
    splits: dict[str, int]
    """Pictures of each split."""
    failures: tuple[Failure, ...]
    """Files that could not be used."""
    already_finished: bool


def make_dataset(job: DatasetJob, *, progress: Progress) -> DatasetResult:
    """Makes the set that the job asks for, or finds that it is there already.

    Files that cannot be used are in the result, and the set is of the others. Raises SourceError where no
    picture is left, OutputError where the set cannot be written or the folder is not one of ours.
    """
    inputs = find_inputs(job.inputs, out=job.out)
    _check_folder(job.out)
    settings = job.config.model_dump(mode="json")
    with WorkDir(job.out / RECORDS, settings=yaml.safe_dump(settings, sort_keys=False)):
        reader = Reader(job, records=job.out / RECORDS, manifest=job.out / MANIFEST, progress=progress)
        entries, selection = reader.read(inputs)
        failures = (*reader.failures, *(fault for entry in entries for fault in entry.record.failures))
        if not selection.pictures:
            raise SourceError(_nothing_left(entries, selection, failures))
        text = manifest_text(selection)
        finished = not reader.has_read and _holds(job.out, text)
        if not finished:
            (job.out / MANIFEST).unlink(missing_ok=True)
            write_sheet(job.out / CONTACT, out=job.out, entries=entries, selection=selection)
            write_json(job.out / SUMMARY, summarise(entries, selection, failures, settings=settings))
            with publish(job.out / MANIFEST) as partial:
                partial.write_bytes(text.encode())
            _tidy(job.out, inputs, entries, selection)
    splits = Counter(picture.split for picture in selection.pictures)
    return DatasetResult(
        rules=count_rules(entries, selection),
        kept=len(selection.pictures),
        splits={split: splits[split] for split in SPLITS},
        failures=failures,
        already_finished=finished,
    )


def _check_folder(out: Path) -> None:
    """Refuses a folder with other things in it: pictures are removed from a set when it changes."""
    if out.exists() and not out.is_dir():
        raise OutputError(f"cannot write {out}: it is a file; name a folder")
    others = [path for path in out.iterdir() if path.name != RECORDS] if out.is_dir() else []
    if others and not is_work_folder(out / RECORDS):
        raise OutputError(f"cannot write {out}: it holds other things than a dataset; name a new folder")


def _holds(out: Path, manifest: str) -> bool:
    """Whether the set is there, with this manifest."""
    try:
        found = (out / MANIFEST).read_bytes()
    except OSError:
        return False
    return found == manifest.encode() and (out / SUMMARY).is_file() and (out / CONTACT).is_file()


def _tidy(out: Path, inputs: Inputs, entries: Sequence[Entry], selection: Selection) -> None:
    """Removes pictures that the set does not want, and records of batches and contents that are no more."""
    used = {picture.kept.file for picture in selection.pictures}
    remove_pictures(out, (k for entry in entries for k in entry.record.kept if k.file not in used))
    current = {record_path(out / RECORDS, e.record.kind, [f.path for f in e.files]) for e in entries}
    named = {str(file.path) for file in (*inputs.films, *inputs.stills)}
    others = []
    for path in sorted((out / RECORDS).glob("*.json")):
        record = read_record(path) if path not in current else None
        if record is None:
            continue
        if named.isdisjoint(source.path for source in record.sources):
            others.append(Path(record.sources[0].path).name)
            continue
        remove_pictures(out, (kept for kept in record.kept if kept.file not in used))
        path.unlink(missing_ok=True)
    if others:
        _log.warning(
            "%s also holds pictures of inputs that were not named this time (%s); they are not in the manifest: "
            "name all inputs, or a new folder",
            out,
            ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else ""),
        )


def _nothing_left(entries: Sequence[Entry], selection: Selection, failures: Sequence[Failure]) -> str:
    """Why a set is empty: files that failed, then rule by rule."""
    lines = [failure.why for failure in failures]
    total = sum(entry.record.pictures for entry in entries)
    if total:
        rules = [row for row in count_rules(entries, selection) if row["left_out"]]
        why = ", ".join(f"{row['left_out']} {row['rule']}" for row in rules)
        lines.append(f"no picture is left of {total} ({why}); films in colour would work")
    return "\n".join(lines)
