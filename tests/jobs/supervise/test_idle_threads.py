"""Threads that wait for work use no processor."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import sys, time
from jobs.supervise.idle_threads import let_idle_threads_sleep
if sys.argv[1] == "sleep":
    let_idle_threads_sleep()
import torch
torch.set_num_threads(2)
numbers = torch.ones(1 << 20)
numbers.add_(1)
started = time.process_time()
for _ in range(40):
    numbers.add_(1)
    time.sleep(0.003)
print(time.process_time() - started)
"""
_PRODUCTS = """
import sys, time
from jobs.supervise.idle_threads import let_idle_threads_sleep
if sys.argv[1] == "sleep":
    let_idle_threads_sleep()
import numpy as np
numbers = np.ones((256, 256), np.float32)
numbers @ numbers
started = time.process_time()
for _ in range(40):
    numbers @ numbers
    time.sleep(0.003)
print(time.process_time() - started)
"""


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="on one core they sleep in any case")
def test_threads_that_wait_for_work_use_a_third_of_the_time_at_most() -> None:
    """In short rests between pieces of work; without our setting they ask for work all the while."""
    assert _cpu_seconds(_PROGRAM, "sleep") < _cpu_seconds(_PROGRAM, "as they are") / 3


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="on one core NumPy has no threads")
def test_numpy_has_no_threads_that_wait_for_small_products() -> None:
    assert _cpu_seconds(_PRODUCTS, "sleep") < _cpu_seconds(_PRODUCTS, "as they are") / 2


def _cpu_seconds(program: str, how: str) -> float:
    threads = ("OMP_", "OPENBLAS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(threads)}
    run = subprocess.run(
        [sys.executable, "-c", program, how],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return float(run.stdout)
