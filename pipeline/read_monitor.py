"""Where this process is reading which film: posted on a board that others can look at, also once it is dead.

As with logging, stages say where they are and `jobs` decides who hears of it. A board is plain shared memory:
nothing is asked of a process that hangs or has crashed. Posting costs about a microsecond.
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
"""Files that may be read at once; what is read beyond that is not posted."""
_USED, _BUSY, _STEPS, _FRAMES, _PTS, _STALL, _PATH_BYTES, _WORDS = range(8)
"""A place: numbers of 64 bits, each stored at once, so that whoever looks meanwhile sees the old or the new one."""
_LONGEST_PATH = 1024
_PLACE_WORDS = _WORDS + _LONGEST_PATH // 8
_NO_PTS = -(2**63)


class Place(NamedTuple):
    """Where one reader is."""

    path: str
    is_busy: bool
    """Whether it is inside a library, which has not given anything yet."""
    steps: int
    """Changes whenever it gets on."""
    frames: int
    """That it has given."""
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

    def open(self, path: Path, limits: Limits) -> "Post":
        """A place on the board, for a reader of `path`."""
        with self._guard:
            index = self._free.pop(0) if self._free else None
        if index is None:
            return Post(self, index, _unseen())
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
        return Post(self, index, words)

    def clear(self, index: int) -> None:
        """Frees a place."""
        self._place(index)[_USED] = 0
        with self._guard:
            self._free.append(index)

    def _place(self, index: int) -> "memoryview[int]":
        return self._words[index * _PLACE_WORDS : (index + 1) * _PLACE_WORDS]


class Post:
    """A reader's word on where it is; used by one thread at a time."""

    def __init__(self, board: Board, index: int | None, words: "memoryview[int]") -> None:
        self._board, self._index, self._words = board, index, words

    def busy(self) -> None:
        """It goes into a library that may not come back."""
        self._words[_STEPS] += 1
        self._words[_BUSY] = 1

    def idle(self) -> None:
        """It is back, and does nothing until it is `busy` again."""
        self._words[_BUSY] = 0

    def frame(self, pts: int | None) -> None:
        """It got on, by a frame or a packet, and goes back into the library."""
        self._words[_PTS] = _NO_PTS if pts is None else pts
        self._words[_FRAMES] += 1
        self.busy()

    def close(self) -> None:
        """It is over; a second time does nothing."""
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
    """An empty board, on which this process and those that it forks post from now on."""
    global _board
    _board = Board()
    return _board


@contextlib.contextmanager
def reading(path: Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[Post]:
    """For the length of the block this thread is busy reading `path`; it tells the post how it gets on."""
    post = _board.open(path, limits)
    post.busy()
    try:
        yield post
    finally:
        post.close()
