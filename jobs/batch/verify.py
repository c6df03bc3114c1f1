"""Verifies everything in a folder and below it: films with their reports, bags, and stills that a batch made."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs.batch.ledger import Ledger
from jobs.records.bag import verify_output
from jobs.records.verify import Verdict
from jobs.settings.output_paths import STATE_NAME, is_bag, record_path
from jobs.workdir.segment_records import file_sha256
from pipeline.errors import KinochromeError, SourceError
from pipeline.progress import StageProgress
from pipeline.target import FILM_SUFFIXES, STILL_SUFFIXES

_REPORT = ".report.json"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One file that was looked at."""

    path: Path
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class ToCheck:
    """What a folder holds."""

    films: tuple[Path, ...]
    """Films on record, and bags."""
    stills: dict[Path, str]
    """SHA-256 of each still that a batch made."""
    missing: dict[Path, str]
    """What a batch made and is gone, with its source."""
    unknown: tuple[Path, ...]
    """Films and stills without a record."""

    def __len__(self) -> int:
        return len(self.films) + len(self.stills) + len(self.missing)


def find_records(folder: Path) -> ToCheck:
    """Everything in a folder and below it that can be verified. Raises SourceError where there is nothing."""
    films, seen = list[Path](), list[Path]()
    stills: dict[Path, str] = {}
    missing: dict[Path, str] = {}
    for at, folders, names in os.walk(folder):
        here = Path(at)
        if STATE_NAME in folders:
            for output, entry in Ledger(here).entries.items():
                if entry.state == "done" and not output.exists() and not record_path(output).exists():
                    missing[output] = entry.source
                elif entry.state == "done" and "sha256" in entry.details:
                    stills[output] = str(entry.details["sha256"])
        bags = [name for name in folders if is_bag(here / name)]
        numbered = [name for name in folders if record_path(here / name).is_file()]
        films += [here / name for name in bags]
        films += [here / name.removesuffix(_REPORT) for name in names if name.endswith(_REPORT)]
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in (*bags, *numbered)
        )
        seen += [
            here / name
            for name in names
            if Path(name).suffix.lower() in {*FILM_SUFFIXES, *STILL_SUFFIXES} and not name.startswith(".")
        ]
    known = {*films, *stills}
    unknown = tuple(sorted(path for path in seen if path not in known))
    found = ToCheck(films=tuple(sorted(films)), stills=stills, missing=missing, unknown=unknown)
    if not found:
        raise SourceError(f"{folder}: no film with a report, no bag and no still that a batch made is in it")
    return found


def verify_all(found: ToCheck, progress: StageProgress) -> Iterator[Checked]:
    """Looks at one after the other; a film that cannot even be read is a verdict with a fault."""
    for path in found.films:
        try:
            verdict = verify_output(path, progress=progress)
        except KinochromeError as error:
            verdict = Verdict(film=path, faults=error.lines)
        yield Checked(path=path, verdict=verdict)
    for path, digest in sorted(found.stills.items()):
        faults = () if file_sha256(path) == digest else (f"{path}: changed since it was coloured",)
        yield Checked(path=path, verdict=Verdict(film=path, faults=faults, size_bytes=path.stat().st_size))
    for path, source in sorted(found.missing.items()):
        fault = f"{path}: is missing; it was made of {source}"
        yield Checked(path=path, verdict=Verdict(film=path, faults=(fault,)))
