"""The C library's allocator, told how many heaps it may keep and when to give back what is free in them."""

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


def return_free() -> None:
    """Gives the pages of this process that hold nothing back to the system; elsewhere than on glibc, nothing.

    An encoder's memory is freed in pieces between pieces that stay, and the heap that it leaves full of holes would
    be as large as the most that was ever needed in the worst order.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))
