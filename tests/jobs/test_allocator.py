import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import ctypes, sys, threading
from jobs.allocator import share_heaps
if sys.argv[2] == "shared":
    share_heaps()
libc, together = ctypes.CDLL(None), threading.Barrier(8)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
def take():
    together.wait()
    libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of threads are glibc's")
def test_threads_share_two_heaps(tmp_path: Path) -> None:
    assert _heaps(tmp_path / "as it is.xml", "own") > 2
    assert _heaps(tmp_path / "shared.xml", "shared") == 2


def _heaps(told: Path, how: str) -> int:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", _PROGRAM, str(told), how], cwd=root, check=True)
    return len(re.findall("<heap nr=", told.read_text()))
