"""Memory that is shared with `faults.c`, which counts the calls and hits one."""

import ctypes
import mmap
from pathlib import Path

from tests.benchmarks.fault_points import KINDS


class Control(ctypes.Structure):
    """Which call to hit and how, and how many calls of each kind there were; as in `faults.c`."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("armed", "kind", "number", "mode", "error", "fired")),
        ("counts", ctypes.c_int * len(KINDS)),
        ("root", ctypes.c_char * 4096),
    ]


def map_control(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), ctypes.sizeof(Control))
