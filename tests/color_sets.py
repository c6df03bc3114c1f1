"""Sets of pictures that tests make of films in colour, and what lies in them."""

import csv
from collections.abc import Sequence
from pathlib import Path

from jobs.dataset.build import make_dataset
from jobs.progress.reporters import QuietProgress
from jobs.settings.dataset import make_dataset_job


def make_set(
    *paths: Path, out: Path, workers: int = 1, overrides: Sequence[str] = ()
) -> list[dict[str, str]]:
    """Makes a set and returns the rows of its manifest."""
    job = make_dataset_job(paths, out=out, workers=workers, overrides=overrides)
    make_dataset(job, progress=QuietProgress())
    return manifest_rows(out)


def manifest_rows(out: Path) -> list[dict[str, str]]:
    """The rows of a set's manifest, by the names of the columns."""
    with (out / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def stored_pictures(out: Path) -> list[str]:
    """The paths of all pictures in a set, sorted."""
    return sorted(path.relative_to(out).as_posix() for path in (out / "frames").rglob("*") if path.is_file())
