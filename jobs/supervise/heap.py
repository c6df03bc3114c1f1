"""Limits the heaps of the C library's allocator, and returns free memory to the system."""

import contextlib
import ctypes
import mmap
import threading
from collections import deque
from pathlib import Path

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_HEAPS = 1
_LARGE_BYTES = 32 << 20
"""Larger blocks come from the system and go back to it at once; a plane of 4K has less."""
_MOST_FREE_AT_END_BYTES = 128 << 20
"""Of a heap; what is free beyond that at its end goes back to the system."""
_LEAST_BYTES = 1 << 20
"""Of a block that goes back, and of what is free at the end of a heap, where memory is to be small."""
_MOST_HELD_BYTES = 48 << 20
_LOOKS = 16
"""What is free at all of so many looks is free for good; the network's memory is free between two batches only."""


def set_up_heaps(*, keep_freed: bool = True) -> None:
    """Lets all threads of this process, begun after this call, share one heap that keeps what is freed for the next
    frame; elsewhere than on glibc, nothing.

    Decoders, encoders and lanes come and go with every segment, and each thread would leave a heap behind that
    holds what it once needed: memory would grow with the length of the film. And by default a heap returns the planes
    of a frame to the system when they are freed, to ask for as many pages, each to be cleared, for the next frame. The
    heaps of threads besides the first one's do so whatever is set: they are made of parts of 64 MiB.

    Where not `keep_freed`, what is large goes back once it is freed, for a process that works now and then.
    """
    large, free_at_end = (
        (_LARGE_BYTES, _MOST_FREE_AT_END_BYTES) if keep_freed else (_LEAST_BYTES, _LEAST_BYTES)
    )
    with contextlib.suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(_M_ARENA_MAX, _HEAPS)
        set_option(_M_MMAP_THRESHOLD, large)
        set_option(_M_TRIM_THRESHOLD, free_at_end)


class HeapWatch:
    """Sees that heaps hold little that stays free, however long a film is; only on glibc 2.33 or newer, else nothing.

    With every segment what is free lies scattered over more of the heaps. To give it back costs little where it is
    done seldom: each page that is needed again has to be asked for again.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._rest = _held_bytes()
        self._seen: deque[int] = deque(maxlen=_LOOKS)

    def look(self) -> None:
        """Gives back what is free if, at all of the last 16 looks, it was 48 MiB more than after that was done last;
        from any thread, often."""
        with self._guard:
            self._seen.append(_held_bytes())
            if len(self._seen) == _LOOKS and min(self._seen) - self._rest > _MOST_HELD_BYTES:
                return_free()
                self._rest = _held_bytes()
                self._seen.clear()


def return_free() -> None:
    """Gives the pages of this process that hold nothing back to the system; elsewhere than on glibc, nothing.

    An encoder's memory is freed in pieces between pieces that stay, and the heap that it leaves full of holes would
    be as large as the most that was ever needed in the worst order.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))


class _Mallinfo2(ctypes.Structure):
    """struct mallinfo2 of malloc.h."""

    _fields_ = (
        ("arena", ctypes.c_size_t),
        ("ordblks", ctypes.c_size_t),
        ("smblks", ctypes.c_size_t),
        ("hblks", ctypes.c_size_t),
        ("hblkhd", ctypes.c_size_t),
        ("usmblks", ctypes.c_size_t),
        ("fsmblks", ctypes.c_size_t),
        ("uordblks", ctypes.c_size_t),
        ("fordblks", ctypes.c_size_t),
        ("keepcost", ctypes.c_size_t),
    )


def _held_bytes() -> int:
    """What is resident in heaps and not in use, plus what this process has outside heaps; 0 if unknown."""
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
        mallinfo2.restype = _Mallinfo2
        info = mallinfo2()
        resident, shared = map(int, Path("/proc/self/statm").read_text().split()[1:3])
    except (OSError, AttributeError):
        return 0
    return (resident - shared) * mmap.PAGESIZE - int(info.uordblks) - int(info.hblkhd)
