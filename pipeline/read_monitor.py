"""Records which file this process is reading and how far it is, in memory that a supervisor can read after a crash.

Readers update their place and `jobs` decides who looks at it, as with logging. A board is plain shared memory, so
that a process that hangs or has crashed need not answer. An update costs about a microsecond.
"""

import contextlib
import mmap
import os
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.limits import DEFAULT_LIMITS, Limits

PLACES = 32
"""Files that may be read at once; further ones are not recorded."""
_USED, _BUSY, _STEPS, _FRAMES, _PTS, _STALL, _PATH_BYTES, _WORDS = range(8)
"""A place: numbers of 64 bits, each stored at once, so that whoever looks meanwhile sees the old or the new one."""
_LONGEST_PATH = 1024
_PLACE_WORDS = _WORDS + _LONGEST_PATH // 8
_NO_PTS = -(2**63)


class Place(NamedTuple):
    """Where one reader is."""

    path: str
    is_busy: bool
    """Whether it is inside a call of a library."""
    steps: int
    """Changes with every frame and every call."""
    frames: int
    """Number of frames read so far."""
    pts: int | None
    """Of the last one."""
    stall_seconds: int

    def __str__(self) -> str:
        if not self.frames:
            return f"{self.path}: before its first frame"
        last = "" if self.pts is None else f" (pts {self.pts})"
        return f"{self.path}: after {self.frames} frames{last}"


class Board:
    """The places of one process, in memory that it shares with those that it was forked from."""

    def __init__(self) -> None:
        self._words = memoryview(mmap.mmap(-1, PLACES * _PLACE_WORDS * 8)).cast("q")
        self._free = list(range(PLACES))
        self._guard = threading.Lock()

    def places(self) -> list[Place]:
        """Every reader that is open, or was when the process died; those that are busy come first."""
        found = []
        for index in range(PLACES):
            words = self._place(index)
            if words[_USED]:
                path = os.fsdecode(bytes(words[_WORDS:])[: words[_PATH_BYTES]])
                pts = None if words[_PTS] == _NO_PTS else words[_PTS]
                found.append(
                    Place(path, bool(words[_BUSY]), words[_STEPS], words[_FRAMES], pts, words[_STALL])
                )
        return sorted(found, key=lambda place: not place.is_busy)

    def open(self, path: Path, limits: Limits) -> "ReadTracker":
        """A place on the board, for a reader of `path`."""
        with self._guard:
            index = self._free.pop(0) if self._free else None
        if index is None:
            return ReadTracker(self, index, _unseen())
        words, name = self._place(index), os.fsencode(path)[:_LONGEST_PATH]
        words[_WORDS:] = memoryview(name.ljust(_LONGEST_PATH, b"\0")).cast("q")
        for word, value in (
            (_STALL, limits.stall_seconds),
            (_PATH_BYTES, len(name)),
            (_BUSY, 0),
            (_FRAMES, 0),
        ):
            words[word] = value
        words[_PTS] = _NO_PTS
        words[_USED] = 1
        return ReadTracker(self, index, words)

    def clear(self, index: int) -> None:
        """Frees a place."""
        self._place(index)[_USED] = 0
        with self._guard:
            self._free.append(index)

    def _place(self, index: int) -> "memoryview[int]":
        return self._words[index * _PLACE_WORDS : (index + 1) * _PLACE_WORDS]


class ReadTracker:
    """Updates the place of one reader; used by one thread at a time."""

    def __init__(self, board: Board, index: int | None, words: "memoryview[int]") -> None:
        self._board, self._index, self._words = board, index, words

    def busy(self) -> None:
        """The reader calls a library, which may hang."""
        self._words[_STEPS] += 1
        self._words[_BUSY] = 1

    def idle(self) -> None:
        """The call returned; the reader does nothing until it is `busy` again."""
        self._words[_BUSY] = 0

    def frame(self, pts: int | None) -> None:
        """The reader got a frame or a packet and calls the library again."""
        self._words[_PTS] = _NO_PTS if pts is None else pts
        self._words[_FRAMES] += 1
        self.busy()

    def close(self) -> None:
        """Frees the place; a second call does nothing."""
        index, self._index = self._index, None
        if index is not None:
            self._words = _unseen()
            self._board.clear(index)


def _unseen() -> "memoryview[int]":
    """A place that is on no board."""
    return memoryview(array("q", bytes(_WORDS * 8)))


_board = Board()


def board() -> Board:
    """The board of this process; a process that is forked goes on with the one it had."""
    return _board


def renew_board() -> Board:
    """Replaces the board by an empty one, for this process and those that it forks."""
    global _board
    _board = Board()
    return _board


@contextlib.contextmanager
def reading(path: Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[ReadTracker]:
    """For the length of the block this thread reads `path`; it reports its progress to the tracker."""
    tracker = _board.open(path, limits)
    tracker.busy()
    try:
        yield tracker
    finally:
        tracker.close()
