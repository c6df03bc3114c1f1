import ctypes
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import ctypes, sys, threading
from jobs.supervise.heap import set_up_heaps
if sys.argv[2] == "shared":
    set_up_heaps()
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


_HOLES = """
import ctypes
from pathlib import Path
from jobs.supervise.heap import return_free
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])
blocks = [ctypes.c_void_p(libc.malloc(64000)) for _ in range(2000)]
for block in blocks:
    ctypes.memset(block, 1, 64000)
full = resident()
for block in blocks[::2]:
    libc.free(block)
holed = resident()
return_free()
print((full - holed) / full, (full - resident()) / full)
"""
_WATCH = """
import ctypes
from pathlib import Path
from jobs.supervise.heap import HeapWatch
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])
blocks = [ctypes.c_void_p(libc.malloc(64000)) for _ in range(8000)]
for block in blocks:
    ctypes.memset(block, 1, 64000)
watch, given = HeapWatch(), []
for part in (blocks[::8], blocks[1::8] + blocks[2::8]):
    for block in part:
        libc.free(block)
    before = resident()
    watch.look()
    given.append((before - resident()) / before)
print(*given)
"""
_FRAMES = """
import resource, sys
import numpy as np
from jobs.supervise.heap import set_up_heaps
if sys.argv[1] == "set up":
    set_up_heaps()
def show_frames():
    for _ in range(10):
        planes = [np.ones((720, 1280), np.uint8) for _ in range(16)]
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
show_frames()
before = faults()
show_frames()
print(faults() - before)
"""
_is_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of threads are glibc's")


@_is_glibc
def test_threads_share_two_heaps(tmp_path: Path) -> None:
    assert _heaps(tmp_path / "as it is.xml", "own") > 2
    assert _heaps(tmp_path / "shared.xml", "shared") == 2


@_is_glibc
def test_holes_between_what_stays_are_given_back() -> None:
    root = Path(__file__).parents[3]
    told = subprocess.run(
        [sys.executable, "-c", _HOLES], cwd=root, check=True, capture_output=True, text=True
    )
    before, after = map(float, told.stdout.split())
    assert before < 0.1
    assert after > 0.3


@_is_glibc
def test_a_watch_gives_holes_back_once_they_are_many() -> None:
    if not hasattr(ctypes.CDLL(None), "mallinfo2"):
        pytest.skip("glibc before 2.33 does not tell how much of its heaps is in use")
    root = Path(__file__).parents[3]
    told = subprocess.run(
        [sys.executable, "-c", _WATCH], cwd=root, check=True, capture_output=True, text=True
    )
    few, many = map(float, told.stdout.split())
    assert few < 0.05
    assert many > 0.25


@_is_glibc
def test_the_planes_of_one_frame_are_the_memory_of_the_next() -> None:
    assert _page_faults("as it is") > 10_000
    assert _page_faults("set up") < 100


def _page_faults(how: str) -> int:
    root = Path(__file__).parents[3]
    told = subprocess.run(
        [sys.executable, "-c", _FRAMES, how], cwd=root, check=True, capture_output=True, text=True
    )
    return int(told.stdout)


def _heaps(told: Path, how: str) -> int:
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", _PROGRAM, str(told), how], cwd=root, check=True)
    return len(re.findall("<heap nr=", told.read_text()))
