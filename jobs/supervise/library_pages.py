"""Gives back the pages of libraries that were read only to load them."""

import contextlib
import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

_MADV_DONTNEED = 4
_MAPPING = re.compile(r"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<access>r-[x-]p) \S+ \S+ [1-9][0-9]* ")
"""Of a file, read and run but never written."""


def return_library_pages() -> None:
    """Takes the pages of library files that nobody has changed out of this process; elsewhere than on Linux, nothing.

    Loading goes through tables and start-up code all over a large library, most of which is never needed again. What
    is needed comes back by itself, as a rule from memory: the system keeps the file's pages as long as it has room.
    """
    with contextlib.suppress(OSError, AttributeError):
        advise = ctypes.CDLL(None).madvise
        for start, end in _unchanged(Path("/proc/self/smaps").read_text(errors="replace")):
            advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)


def _unchanged(smaps: str) -> Iterator[tuple[int, int]]:
    """`[start, end)` of what is mapped from files and has no page of its own, which would be lost."""
    found = None
    for line in smaps.splitlines():
        if "-" in line.partition(" ")[0]:
            found = _MAPPING.match(line)
        elif found and line.split() == ["Anonymous:", "0", "kB"]:
            yield int(found["start"], 16), int(found["end"], 16)
