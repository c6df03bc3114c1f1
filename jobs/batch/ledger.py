"""What is known of a batch, in the output folder: which outputs are its own, made of what, with which settings.

A file of JSON lines, OUT/.kinochrome/batch.jsonl, to which every run adds; a line that a kill cut short is passed over.
What is to be published is noted before it gets its name, so that a kill at any moment leaves no output that nobody
knows again.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jobs.batch.inputs import Work
from jobs.settings.output_paths import STATE_NAME, file_identity
from jobs.version import VERSION
from jobs.workdir.locks import LOCK_NAME, holder, try_lock
from pipeline.errors import OutputError, SettingsError

LEDGER_NAME = "batch.jsonl"
State = Literal["begun", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of one output."""

    source: str
    state: State
    stamp: tuple[int, int] = (0, 0)
    """Size and time of change of the source, in bytes and nanoseconds."""
    fingerprint: str = ""
    """Of the settings."""
    identity: tuple[int, ...] = ()
    """Of the output; see `file_identity`."""
    turn: int = 0
    """Which of the runs that replace everything made the output."""
    message: str = ""
    """Why it failed."""
    details: dict[str, Any] = field(default_factory=dict)
    """What the run said of it: frames, seconds, notes."""


class Ledger:
    """The ledger of an output folder. It holds nothing open: the file is the truth, for other processes too."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._folder = output / STATE_NAME
        self._path = self._folder / LEDGER_NAME
        self.entries: dict[Path, Entry] = {}
        """By output."""
        self.ended: set[Path] = set()
        """Outputs that the last run, which may be this one, has done or failed at."""
        self.is_over = False
        """Whether the last run came to its end."""
        self.turn = 0
        self._is_open_turn = False
        self.read()

    def read(self) -> None:
        """Takes in what the file says now."""
        self.entries.clear()
        self.ended.clear()
        for line in self._lines():
            self._take(line)

    def next_turn(self, *, overwrite: bool) -> int:
        """The turn of a run that would begin now."""
        return self.turn + 1 if overwrite and not self._is_open_turn else self.turn

    def begin(self, *, overwrite: bool) -> None:
        """A run begins; one that replaces everything goes on with the last such run where that did not end."""
        turn = self.next_turn(overwrite=overwrite)
        self._add("began", overwrite=overwrite, turn=turn, version=VERSION)

    def end(self) -> None:
        """The run came to its end, whatever failed."""
        self._add("ended")

    def note_start(self, work: Work) -> None:
        """Work on an output begins, which was found absent, or may be replaced."""
        self._note(work, state="begun")

    def note_result(self, work: Work, partial: Path, *, fingerprint: str) -> None:
        """`partial` is complete and is renamed to the output next."""
        identity = list(file_identity(partial))
        self._note(
            work, state="begun", fingerprint=fingerprint, identity=identity, stamp=stamp_of(work.source)
        )

    def note_done(self, work: Work, *, fingerprint: str, details: dict[str, Any]) -> None:
        """The output is there."""
        self._note(
            work,
            state="done",
            fingerprint=fingerprint,
            identity=list(file_identity(work.output)),
            stamp=stamp_of(work.source),
            details=details,
        )

    def note_failure(self, work: Work, message: str) -> None:
        """Why there is no output."""
        self._note(work, state="failed", message=message)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """For the length of the block no other run writes into the folder, which is made where it is missing."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {self._folder}: {error.strerror}") from error
        lock = try_lock(self._folder / LOCK_NAME)
        if lock is None:
            who = " on ".join(holder(self._folder / LOCK_NAME))
            raise SettingsError(f"another run ({who}) works in {self._output}; wait for it, or stop it")
        with lock:
            self.read()
            yield

    def _note(self, work: Work, **values: Any) -> None:
        name = os.path.relpath(work.output, self._output)
        self._add("output", output=name, source=str(work.source), turn=self.turn, **values)

    def _add(self, event: str, **values: Any) -> None:
        line = {"time": round(time.time(), 3), "event": event, **values}
        try:
            with self._path.open("ab", buffering=0) as file:
                file.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror}") from error
        self._take(line)

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(f"cannot read {self._path}: {error.strerror}") from error
        for line in data.splitlines():
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict):
                    yield value

    def _take(self, line: dict[str, Any]) -> None:
        with contextlib.suppress(KeyError, TypeError, ValueError):  # a line of another version, or cut short
            if line["event"] == "began":
                self.turn, self._is_open_turn = int(line["turn"]), bool(line["overwrite"])
                self.ended.clear()
                self.is_over = False
            elif line["event"] == "ended":
                self._is_open_turn, self.is_over = False, True
            elif line["event"] == "output":
                output = self._output / line["output"]
                before = self.entries.get(output, Entry(source="", state="begun"))
                self.entries[output] = Entry(
                    source=str(line["source"]),
                    state=line["state"],
                    stamp=tuple(line.get("stamp", before.stamp)),
                    fingerprint=line.get("fingerprint", before.fingerprint),
                    identity=tuple(line.get("identity", before.identity)),
                    turn=int(line["turn"]) if "identity" in line else before.turn,
                    message=line.get("message", ""),
                    details=dict(line.get("details", before.details)),
                )
                (self.ended.discard if line["state"] == "begun" else self.ended.add)(output)


def stamp_of(source: Path) -> tuple[int, int]:
    """Size and time of change."""
    found = source.stat()
    return found.st_size, found.st_mtime_ns
