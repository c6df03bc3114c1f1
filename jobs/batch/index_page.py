"""The page of a batch: every film and still of an output folder, with a link to its report. No script, no picture."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined

from jobs.batch.ledger import Entry, Ledger
from jobs.batch.results import without_name
from jobs.progress.rates import clock
from jobs.progress.reporters import Progress
from jobs.records.html import text
from jobs.records.page import report_css
from jobs.settings.output_paths import GENERATOR, is_page, page_path
from pipeline.atomic_files import publish

_NAME = "index.html"
_MOST_ROWS = 5000


def write_index(output: Path, *, progress: Progress) -> Path | None:
    """Writes OUT/index.html from the ledger and returns it; None where there is no film, or a file that is not ours.

    Raises OutputError.
    """
    path, ledger = output / _NAME, Ledger(output)
    entries = sorted(ledger.entries.items())
    rows = [
        _row(name, entry, output)
        for name, entry in entries
        if entry.state != "failed" or Path(entry.source).exists()
    ]
    if not any(row["report"] or row["state"] == "failed" for row in rows):
        return None
    if path.exists() and not is_page(path):
        progress.note(
            f"{path} is in the way, and no page of Kinochrome's; no page of all reports", warning=True
        )
        return None
    page = Environment(
        autoescape=True, finalize=text, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    html = page.from_string((files(__package__) / "index.html").read_text(encoding="utf-8")).render(
        generator=GENERATOR,
        css=report_css(),
        folder=output.name,
        counts={state: sum(row["state"] == state for row in rows) for state in ("done", "failed", "begun")},
        failed=[row for row in rows if row["state"] == "failed"],
        rows=[row for row in rows if row["state"] == "done"][:_MOST_ROWS],
        left_out=max(sum(row["state"] == "done" for row in rows) - _MOST_ROWS, 0),
    )
    if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != html:
        with publish(path) as partial:
            partial.write_text(html, encoding="utf-8")
    return path


def _row(output: Path, entry: Entry, folder: Path) -> dict[str, Any]:
    report = page_path(output)
    seconds, frames = entry.details.get("seconds"), entry.details.get("frames")
    return {
        "name": os.path.relpath(output, folder),
        "link": _link(output, folder) if output.exists() else "",
        "source": entry.source,
        "state": entry.state,
        "message": without_name(entry.message, Path(entry.source)),
        "luma": str(entry.details.get("luma", "")),
        "report": _link(report, folder) if report.exists() else "",
        "frames": f"{frames:,}" if isinstance(frames, int) else "",
        "took": clock(seconds) if isinstance(seconds, int | float) else "",
        "notes": [str(note) for note in (*entry.details.get("notes", ()), *entry.details.get("lost", ()))],
    }


def _link(path: Path, folder: Path) -> str:
    """A relative URL, whatever bytes the name has."""
    return "./" + quote(os.fsencode(os.path.relpath(path, folder)))
