"""Threads of the network use no processor while they wait."""

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


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="on one core they sleep in any case")
def test_threads_that_wait_for_work_use_a_third_of_the_time_at_most() -> None:
    """In short rests between pieces of work; without our setting they ask for work all the while."""
    assert _cpu_seconds("sleep") < _cpu_seconds("as they are") / 3


def _cpu_seconds(how: str) -> float:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, how],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return float(run.stdout)
