"""Fixtures for every test: what a test leaves behind is a fault."""

import os
import threading
from collections.abc import Iterator

import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Tests run side by side, and so do the programs that they start: threads of OpenMP wait for each other in a loop, and
two trainings of two threads each took more than five times as long on two cores. What a test computes comes out alike
on machines of any number of cores."""


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    """Fail a test that leaves a thread running or changes numpy's global random state."""
    threads = set(threading.enumerate())
    state = str(np.random.get_state())
    yield
    left = [thread for thread in threading.enumerate() if thread not in threads]
    # tqdm keeps one monitor thread for the life of the process; a dummy is a library's thread that Python once met
    kept = ("TMonitor", "_DummyThread")
    names = [thread.name for thread in left if thread.is_alive() and type(thread).__name__ not in kept]
    assert not names, f"the test left threads running: {names}"
    assert state == str(np.random.get_state()), "the test changed numpy's global random state"
