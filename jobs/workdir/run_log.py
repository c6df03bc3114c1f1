"""What a run told its user, kept in the work folder's events, so that it gets on record whoever finishes the film."""

import contextlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path

from jobs.progress.log_forwarding import forwarding
from jobs.progress.reporters import Progress
from jobs.workdir.folder import WorkDir


class _Noted:
    """Passes everything on, and keeps the notes."""

    def __init__(self, progress: Progress, work: WorkDir) -> None:
        self._progress, self._work = progress, work
        self.stage, self.finish, self.close = progress.stage, progress.finish, progress.close

    def note(self, message: str, *, warning: bool = False) -> None:
        """Tells the note, and keeps it."""
        self._work.log("warning" if warning else "note", message=message)
        self._progress.note(message, warning=warning)


@contextlib.contextmanager
def noted(progress: Progress, work: WorkDir) -> Iterator[Progress]:
    """A progress that keeps its notes in `work`; for the length of the block, warnings of the stages are kept too."""

    def keep(name: str, level: int, text: str) -> None:
        work.log("warning", message=text)

    with forwarding(keep, level=logging.WARNING):
        yield _Noted(progress, work)


def read_notes(events: Path) -> tuple[list[str], list[str], int]:
    """Warnings and notes, each once and in order, and how many runs there were; lines that are cut are passed over."""
    told: dict[str, dict[str, None]] = {"warning": {}, "note": {}}
    runs = 0
    with contextlib.suppress(FileNotFoundError), events.open("rb") as file:
        for line in file:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                kind = event.get("event") if isinstance(event, dict) else None
                runs += kind == "started"
                if kind in told:
                    told[kind][str(event.get("message"))] = None
    return list(told["warning"]), list(told["note"]), max(runs, 1)
