import ctypes
import mmap
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
for part in (blocks[::16], blocks[1::8] + blocks[2::8]):
    for block in part:
        libc.free(block)
    before = resident()
    for _ in range(16):
        watch.look()
    given.append((before - resident()) / before)
print(*given)
"""
_BETWEEN_BATCHES = """
import ctypes, resource
from jobs.supervise.heap import HeapWatch, set_up_heaps
set_up_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def take():
    taken = [ctypes.c_void_p(libc.malloc(24 << 20)) for _ in range(5)]
    for block in taken:
        ctypes.memset(block, 1, 24 << 20)
    return taken
watch, batch = HeapWatch(), take()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    for block in batch:
        libc.free(block)
    watch.look()
    batch = take()
    watch.look()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
_FRAMES = """
import ctypes, resource, sys, threading
import numpy as np
from jobs.supervise.heap import set_up_heaps
if sys.argv[1] == "set up":
    set_up_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def show_frames():
    for _ in range(10):
        planes = [np.ones((720, 1280), np.uint8) for _ in range(16)]
def predict_batch():
    layers = [ctypes.c_void_p(libc.malloc(24 << 20)) for _ in range(4)]
    for layer in layers:
        ctypes.memset(layer, 1, 24 << 20)
    for layer in layers:
        libc.free(layer)
def measure():
    work = {"frames": show_frames, "batches": predict_batch}[sys.argv[2]]
    work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
if sys.argv[2] == "frames":
    measure()
else:
    thread = threading.Thread(target=measure)
    thread.start()
    thread.join()
"""


_is_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of threads are glibc's")


@_is_glibc
def test_threads_share_one_heap(tmp_path: Path) -> None:
    assert _heaps(tmp_path / "as it is.xml", "own") > 2
    assert _heaps(tmp_path / "shared.xml", "shared") == 1


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
def test_a_watch_leaves_what_the_next_batch_needs() -> None:
    root = Path(__file__).parents[3]
    told = subprocess.run(
        [sys.executable, "-c", _BETWEEN_BATCHES], cwd=root, check=True, capture_output=True, text=True
    )
    assert int(told.stdout) < 5 * (24 << 20) / mmap.PAGESIZE  # the pages of one batch, of twenty


@_is_glibc
@pytest.mark.parametrize("work", ["frames", "batches"])
def test_what_was_freed_serves_the_next_frame_or_batch(work: str) -> None:
    """Planes in the first thread; layers of a network, which are larger, in another one."""
    assert _page_faults("as it is", work) > 10_000
    assert _page_faults("set up", work) < 100


def _page_faults(how: str, work: str) -> int:
    root = Path(__file__).parents[3]
    told = subprocess.run(
        [sys.executable, "-c", _FRAMES, how, work], cwd=root, check=True, capture_output=True, text=True
    )
    return int(told.stdout)


def _heaps(told: Path, how: str) -> int:
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", _PROGRAM, str(told), how], cwd=root, check=True)
    return len(re.findall("<heap nr=", told.read_text()))
