"""Keeps the notes and warnings of a run in the work folder's events, for the record of the film."""

import contextlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path

from jobs.progress.log_forwarding import forwarding
from jobs.progress.reporters import Progress
from jobs.workdir.folder import WorkDir
from jobs.workdir.running import RunningNote


class _NoteKeeper:
    """Passes everything on and keeps the notes."""

    def __init__(self, progress: Progress, work: WorkDir, running: RunningNote | None) -> None:
        self._progress, self._work, self._running = progress, work, running
        self.film = progress.film
        self.finish, self.close = progress.finish, progress.close

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """Passes it on."""
        if self._running is not None:
            self._running.stage(name, done, total, unit)
        self._progress.stage(name, done, total, unit)

    def note(self, message: str, *, warning: bool = False) -> None:
        """Keeps the note and passes it on."""
        self._work.log("warning" if warning else "note", message=message)
        self._progress.note(message, warning=warning)


@contextlib.contextmanager
def keep_notes(progress: Progress, work: WorkDir, *, film: str | None = None) -> Iterator[Progress]:
    """A progress that keeps its notes in `work`; for the length of the block, logged warnings are kept too.

    Of a whole run, which has the folder alone, `film` is the name: then others can see how far it is, and end it.
    """

    def keep(name: str, level: int, text: str) -> None:
        work.log("warning", message=text)

    with contextlib.ExitStack() as stack:
        stack.enter_context(forwarding(keep, level=logging.WARNING))
        running = None if film is None else stack.enter_context(RunningNote(work.path, film=film))
        yield _NoteKeeper(progress, work, running)


def read_notes(events: Path) -> tuple[list[str], list[str], int]:
    """Warnings and notes, each once and in order, and the number of runs; incomplete lines are skipped."""
    messages: dict[str, dict[str, None]] = {"warning": {}, "note": {}}
    runs = 0
    with contextlib.suppress(FileNotFoundError), events.open("rb") as file:
        for line in file:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                kind = event.get("event") if isinstance(event, dict) else None
                runs += kind == "started"
                if kind in messages:
                    messages[kind][str(event.get("message"))] = None
    return list(messages["warning"]), list(messages["note"]), max(runs, 1)
