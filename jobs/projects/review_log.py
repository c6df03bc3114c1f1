"""Keeps a review in files: each request adds one line to `review.jsonl`, and `review.json` says what they come to.

A line that is written whole counts, and no other: it is on the disk before anybody is told that it is there. Whoever
is killed while writing leaves half a line, which the next writer takes away.
"""

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jobs.projects.errors import ConflictError
from jobs.projects.review import Change, Review
from jobs.projects.review_check import check_change
from jobs.workdir.locks import flock
from pipeline.atomic_files import clear_os_errors, publish
from pipeline.errors import SettingsError

_LOCK_SECONDS = 10.0
_MOST_LINE_BYTES = 8_000_000
Place = tuple[int | None, str, str | None]


@dataclass(frozen=True, kw_only=True)
class LastChange:
    """The last change of a field."""

    revision: int
    client: str
    time: str


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A value that somebody else had set and that this change replaced."""

    change: Change
    theirs: Any
    last: LastChange


@dataclass(frozen=True, kw_only=True)
class ChangeResult:
    """What came of some changes."""

    revision: int
    conflicts: tuple[Conflict, ...]


@dataclass(eq=False)
class _State:
    review: Review = field(default_factory=Review)
    revision: int = 0
    last_changes: dict[Place, LastChange] = field(default_factory=dict)
    colored: dict[int | None, int] = field(default_factory=dict)
    """The revision of the last change of colour, by shot; None: of the film."""
    ends: list[int] = field(default_factory=lambda: [0])
    """Where each line ends in the file, after a 0."""


class ReviewLog:
    """The review of one project; may be used from several threads, and several processes may have one."""

    def __init__(self, path: Path) -> None:
        """`path` is that of `review.jsonl`, which need not be there."""
        self._path, self._state, self._lock = path, _State(), threading.RLock()

    @property
    def revision(self) -> int:
        """Counts the requests that changed something. Raises SettingsError for a damaged file."""
        return self._read().revision

    def review(self) -> tuple[Review, int]:
        """A copy of the state, and its revision."""
        with self._lock:
            state = self._read()
            return state.review.copy(), state.revision

    def colored(self) -> tuple[int, dict[int | None, int]]:
        """The revision of the last change of colour of any shot, and of each shot; None stands for the film."""
        with self._lock:
            colored = dict(self._read().colored)
            return max(colored.values(), default=0), colored

    def lines_after(self, revision: int, *, limit: int) -> list[dict[str, Any]]:
        """The requests after a revision, as they were written, at most `limit`."""
        with self._lock:
            ends = self._read().ends
            last = min(revision + limit, len(ends) - 1)
            if revision >= last:
                return []
            with self._path.open("rb") as file:
                file.seek(ends[revision])
                data = file.read(ends[last] - ends[revision])
            lines = [self._parsed(line) for line in data.splitlines()]
            return [{**line, "revision": number} for number, line in enumerate(lines, start=revision + 1)]

    def change(
        self,
        changes: Sequence[Change],
        *,
        base: int,
        client: str,
        shots: int | None = None,
        is_still: bool = False,
    ) -> ChangeResult:
        """Makes all of the changes or none, durable when it returns; tells whose values of after `base` they replace.

        Raises SettingsError for a change that does not do, ConflictError where the file is locked for ten seconds,
        OutputError where the disk is full.
        """
        with self._lock, self._alone() as descriptor:
            state = self._read()
            after, written, conflicts = state.review.copy(), [], []
            for change in changes:
                check_change(change, after, shots=shots, is_still=is_still)
                was = after.get(*change.place)
                last = state.last_changes.get(change.place)
                if (
                    last is not None
                    and last.revision > base
                    and last.client != client
                    and was != change.value
                ):
                    conflicts.append(Conflict(change=change, theirs=was, last=last))
                after.put(change)
                written.append({**asdict(change), "was": was})
            line = {"revision": state.revision + 1, "time": _now(), "client": client, "changes": written}
            self._append(descriptor, line)
            self._write_snapshot(state)
            return ChangeResult(revision=state.revision, conflicts=tuple(conflicts))

    def _append(self, descriptor: int, line: dict[str, Any]) -> None:
        data = json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        if len(data) > _MOST_LINE_BYTES:
            raise SettingsError(f"these changes take {len(data):,} bytes; fewer at a time would work")
        with clear_os_errors(self._path):
            end = self._state.ends[-1]
            os.ftruncate(descriptor, end)  # half a line of somebody who was killed
            try:
                written = 0
                while written < len(data):
                    written += os.pwrite(descriptor, data[written:], end + written)
                os.fsync(descriptor)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise
        _apply(self._state, line, size=len(data))

    def _write_snapshot(self, state: _State) -> None:
        """What the lines come to, for people; a full disk spoils it, and the next change makes it good."""
        values = {"revision": state.revision, **state.review.as_json()}
        with contextlib.suppress(OSError), publish(self._path.with_suffix(".json")) as partial:
            partial.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def _read(self) -> _State:
        """The state, with what was written since."""
        with self._lock:
            try:
                with self._path.open("rb") as file:
                    size = os.fstat(file.fileno()).st_size
                    if size < self._state.ends[-1]:  # somebody put another file there
                        self._state = _State()
                    file.seek(self._state.ends[-1])
                    data = file.read()
            except FileNotFoundError:
                self._state = _State()
                return self._state
            for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
                _apply(self._state, self._parsed(line), size=len(line))
            return self._state

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            values = json.loads(line)
            if not isinstance(values["revision"], int) or not isinstance(values["changes"], list):
                raise TypeError("no revision or changes")
        except (ValueError, TypeError, KeyError) as error:
            number = self._state.revision + 1
            raise SettingsError(f"{self._path}: line {number} is damaged ({error}); take it out") from error
        return dict(values)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[int]:
        """The open file, while no other process writes it."""
        with clear_os_errors(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            until = time.monotonic() + _LOCK_SECONDS
            while not flock(descriptor, fcntl.LOCK_EX):
                if time.monotonic() > until:
                    raise ConflictError(
                        f"somebody else has held {self._path.name} for ten seconds; try again"
                    )
                time.sleep(0.02)
            yield descriptor
        finally:
            os.close(descriptor)


def _apply(state: _State, line: dict[str, Any], *, size: int) -> None:
    names = ("shot", "field", "key", "value")
    state.revision += 1
    last = LastChange(revision=state.revision, client=str(line.get("client")), time=str(line.get("time")))
    for values in line["changes"]:
        change = Change(**{name: values.get(name) for name in names})
        state.review.put(change)
        state.last_changes[change.place] = last
        if change.is_of_colour:
            state.colored[change.shot] = state.revision
    state.ends.append(state.ends[-1] + size)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
