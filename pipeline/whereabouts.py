"""Where this process is reading which film: posted on a board that others can look at, also once it is dead.

As with logging, stages say where they are and `jobs` decides who hears of it. A board is plain shared memory:
nothing is asked of a process that hangs or has crashed. Posting costs about a microsecond.
"""

import contextlib
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.limits import DEFAULT_LIMITS, Limits

PLACES = 32
"""Files that may be read at once; what is read beyond that is not posted."""
_LAYOUT = struct.Struct(
    "=BBQQqqI1024s"
)  # used, busy, steps, frames, pts, stall seconds, bytes of the path, path
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
        self._memory = mmap.mmap(-1, PLACES * _LAYOUT.size)
        self._free = list(range(PLACES))
        self._guard = threading.Lock()

    def places(self) -> list[Place]:
        """Every reader that is open, or was when the process died; those that are busy come first."""
        found = []
        for index in range(PLACES):
            used, busy, steps, frames, pts, stall, size, path = _LAYOUT.unpack_from(
                self._memory, index * _LAYOUT.size
            )
            if used:
                told = os.fsdecode(path[: min(size, len(path))])
                found.append(Place(told, bool(busy), steps, frames, None if pts == _NO_PTS else pts, stall))
        return sorted(found, key=lambda place: not place.is_busy)

    def open(self, path: Path, limits: Limits) -> "Post":
        """A place on the board, for a reader of `path`."""
        with self._guard:
            index = self._free.pop(0) if self._free else None
        return Post(self, index, os.fsencode(path)[:1024], limits.stall_seconds)

    def write(self, index: int, *values: object) -> None:
        """Fills in a place."""
        _LAYOUT.pack_into(self._memory, index * _LAYOUT.size, *values)

    def clear(self, index: int) -> None:
        """Frees a place."""
        self._memory[index * _LAYOUT.size] = 0
        with self._guard:
            self._free.append(index)


class Post:
    """A reader's word on where it is; used by one thread at a time."""

    def __init__(self, board: Board, index: int | None, path: bytes, stall_seconds: int) -> None:
        self._board, self._index = board, index
        self._path, self._stall = path, stall_seconds
        self._steps = self._frames = 0
        self._pts = _NO_PTS
        self._write(busy=False)

    def busy(self) -> None:
        """It goes into a library that may not come back."""
        self._write(busy=True)

    def idle(self) -> None:
        """It is back, and does nothing until it is `busy` again."""
        self._write(busy=False)

    def frame(self, pts: int | None) -> None:
        """It got on, by a frame or a packet, and stays as busy as it was."""
        self._frames += 1
        self._pts = _NO_PTS if pts is None else pts
        self._write(busy=True)

    def close(self) -> None:
        """It is over; a second time does nothing."""
        index, self._index = self._index, None
        if index is not None:
            self._board.clear(index)

    def _write(self, *, busy: bool) -> None:
        self._steps += 1
        if self._index is not None:
            self._board.write(
                self._index,
                *(1, busy, self._steps, self._frames, self._pts, self._stall, len(self._path), self._path),
            )


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
