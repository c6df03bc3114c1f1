"""Runs a function on many tasks in several processes; yields results as they come."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator, Sequence
from functools import cache
from typing import TypeVar

from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from jobs.supervise.signals import die_with
from pipeline.errors import DeviceError
from pipeline.progress import CountProgress

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_WATCH_SECONDS = 0.5


def in_processes(
    function: Callable[[_Task, CountProgress], _Result],
    tasks: Sequence[_Task],
    *,
    workers: int,
    tick: CountProgress,
) -> Generator[tuple[_Task, _Result], None, None]:
    """Each task with its result, as they come; with one worker or one task in this process, which calls `tick`.

    Whatever a function raises is raised here and ends the others. No process is left when the iterator ends,
    however it ends; where this one is killed the others follow. Raises DeviceError where a process dies.
    """
    workers = min(workers, len(tasks))
    if workers <= 1:
        for task in tasks:
            yield task, function(task, tick)
        return
    calls = (delayed(_call)(function, task, number, os.getpid()) for number, task in enumerate(tasks))
    results: Generator[tuple[int, _Result], None, None] = Parallel(
        n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch=workers
    )(calls)
    try:
        with contextlib.closing(results):
            for number, result in results:
                yield tasks[number], result
    except TerminatedWorkerError as error:
        raise DeviceError(
            "a worker process died, perhaps for want of memory; --workers 1 needs the least"
        ) from error
    finally:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)


def _call(
    function: Callable[[_Task, CountProgress], _Result], task: _Task, number: int, parent: int
) -> tuple[int, _Result]:
    _end_with(parent)
    return number, function(task, lambda done, total: None)


@cache
def _end_with(parent: int) -> None:
    """Ends this process with its parent, however that ended: an idle one would wait for minutes."""
    die_with(parent)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
