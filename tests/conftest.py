"""Fixtures for every test: what a test leaves behind is a fault."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Tests run side by side, and so do the programs that they start: threads of OpenMP wait for each other in a loop, and
two trainings of two threads each took more than five times as long on two cores. What a test computes comes out alike
on machines of any number of cores."""

hypothesis.settings.register_profile(
    "kinochrome", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile(
    "kinochrome"
)  # how long an example takes says more about the machine than about us

_END_SECONDS = 20.0
_SLOW_SECONDS = 10.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the modules whose tests take longest: what is left at the end are short ones to share out."""
    longest: dict[Path, float] = {}
    for item in items:
        longest[item.path] = max(longest.get(item.path, 0.0), _seconds(item))
    items.sort(key=lambda item: longest[item.path], reverse=True)


def _seconds(item: pytest.Item) -> float:
    mark = item.get_closest_marker("slow")
    return 0.0 if mark is None else float(mark.kwargs.get("seconds", _SLOW_SECONDS))


def pytest_configure(config: pytest.Config) -> None:
    """Tells failures as they happen; those of workers arrive in the process that started them."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_FailuresAtOnce(config), "failures at once")


class _FailuresAtOnce:
    """Prints what a failed test said as soon as it has, for a run that is stopped prints no summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.write_line(f"\n{report.when} of {report.nodeid} failed:", red=True)
            terminal.write_line(report.longreprtext)


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    """Fail a test that leaves a thread running or changes numpy's global random state."""
    threads = set(threading.enumerate())
    state = _random_state()
    yield
    # tqdm keeps one monitor thread for the life of the process; a dummy is a library's thread that Python once met
    kept = ("TMonitor", "_DummyThread")
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in threads and type(thread).__name__ not in kept
    ]
    for thread in left:  # a thread of a pool that was just shut down may take a moment to end
        thread.join(_END_SECONDS / len(left))
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"the test left threads running: {names}"
    assert state == _random_state(), "the test changed numpy's global random state"


def _random_state() -> tuple[Any, ...]:
    """Numpy's global random state, in parts that can be compared."""
    name, keys, *rest = np.random.get_state(legacy=True)
    return name, np.asarray(keys).tobytes(), *rest
