"""What processes ask of the kernel about their parents and children; on systems without it, nothing."""

import contextlib
import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_ORPHANED = 1


def prctl(option: int, value: int) -> None:
    """The system call of that name, where there is one."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with(parent: int) -> None:
    """Lets the kernel kill this process at once when its parent, which has this number, dies."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died just now
        os._exit(_ORPHANED)
