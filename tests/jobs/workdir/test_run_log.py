"""What a run told is kept with its work, whoever finishes the film."""

import logging
from pathlib import Path

from jobs.progress.reporters import QuietProgress
from jobs.workdir.folder import WorkDir
from jobs.workdir.run_log import keep_notes, read_notes


def test_notes_and_warnings_of_all_runs_are_kept_once_and_in_order(tmp_path: Path) -> None:
    with WorkDir(tmp_path / "work") as work:
        for _ in range(2):
            work.log("started")
            with keep_notes(QuietProgress(), work) as progress:
                progress.note("padded to 64x48")
                progress.note("left out: a font", warning=True)
                logging.getLogger("pipeline.plan.plan").warning("damaged in %d places", 3)
        logging.getLogger("pipeline.plan.plan").warning("said to nobody")
        with (work.path / "events.jsonl").open("ab") as file:
            file.write(b'[1]\n{"event": "warn')  # a line that a dead run cut off
        warnings, notes, runs = read_notes(work.path / "events.jsonl")
    assert warnings == ["left out: a font", "damaged in 3 places"]
    assert notes == ["padded to 64x48"]
    assert runs == 2


def test_without_events_nothing_was_told(tmp_path: Path) -> None:
    assert read_notes(tmp_path / "events.jsonl") == ([], [], 1)
