"""The C library's allocator, told before there are threads how many heaps it may keep."""

import contextlib
import ctypes

_M_ARENA_MAX = -8
_ARENAS = 2


def share_heaps() -> None:
    """Lets all threads of this process, begun after this call, share two heaps; elsewhere than on glibc, nothing.

    Decoders, encoders and lanes come and go with every segment, and each thread would leave a heap behind that
    holds what it once needed: memory would grow with the length of the film.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
