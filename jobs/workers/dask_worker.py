"""Runs inside a Dask worker: answers questions about the process, does tasks and reports their progress.

To the client go events of the topic `TOPIC`, as dicts: `{"run", "stage", "segment", "done"}` and
`{"run", "level", "logger", "text"}`. A task that its client cancelled, or whose client or scheduler is gone, ends
at the next frame and leaves no partial file.
"""

import contextlib
import logging
import os
import platform
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.progress.log_forwarding import start_forwarding, stop_forwarding
from jobs.supervise.heap import set_up_heaps
from jobs.supervise.idle_threads import let_idle_threads_sleep
from jobs.supervise.watchdog import Watch
from jobs.version import VERSION
from pipeline.partial_files import remove_partials
from pipeline.read_monitor import board

if TYPE_CHECKING:
    from distributed import Worker

    from jobs.segments.task import SegmentTask

_log = logging.getLogger(__name__)

TOPIC = "kinochrome"
LIBRARIES = ("torch", "numpy", "av", "opencv-python")
"""On which the pixels may depend."""
Facts = dict[str, str]
Frames = list[tuple[str, int, int]]
"""How far each stage of each segment is, as a `Report` has it."""

_TELL_SECONDS = 0.5
_LOOK_SECONDS = 0.5
_PROCESS = uuid.uuid4().hex
_at_work: set[str] = set()
_stopped: set[str] = set()


class _UnwantedError(Exception):
    """Nobody waits for this task any more."""


def look(probe: str, source: str, weights: Sequence[str]) -> Facts:
    """Facts about this process: versions, the text in `probe`, the size of `source`, the hashes of `weights`.

    These are paths, or `default`. An error stands in the place of what cannot be read.
    """
    from jobs.workdir.fingerprints import CODE_FORMAT
    from jobs.workdir.segment_records import file_sha256
    from models.weights_info import weights_file

    facts = {
        "process": _PROCESS,
        "host": socket.gethostname(),
        "kinochrome": f"{VERSION} (format {CODE_FORMAT})",
        "python": ".".join(platform.python_version_tuple()[:2]),
        "probe": _attempt(lambda: Path(probe).read_text(encoding="utf-8")),
        "writable": "yes" if os.access(Path(probe).parent, os.W_OK | os.X_OK) else "no",
        "source": _attempt(lambda: f"{Path(source).stat().st_size} bytes"),
    }
    for name in weights:
        facts[f"weights {name}"] = _attempt(partial(file_sha256, weights_file(name)))
    return facts | {name: version(name) for name in (*LIBRARIES, "distributed")}


def work(task: "SegmentTask", run: str, process: str, threads: int, level: int) -> Frames | None:
    """Does the segments of a task; returns how far they are. None: this is not the process that was meant, but another
    that a nanny started in its place, or it is about to close.

    `threads` is for the network: as many as the client has, so that bytes are alike.
    """
    if process != _PROCESS:
        return None
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    sent_at: dict[str, float] = {}
    frames: dict[tuple[str, int], int] = {}

    def is_wanted() -> bool:
        state = worker.state.tasks.get(key)
        return (
            state is not None and state.state == "executing" and worker.status.name in ("running", "paused")
        )

    def report(stage: str, segment: int, done: int) -> None:
        if not is_wanted():
            raise _UnwantedError
        frames[stage, segment] = done
        now = time.monotonic()
        if now - sent_at.get(stage, 0) >= _TELL_SECONDS:
            sent_at[stage] = now
            worker.log_event(TOPIC, {"run": run, "stage": stage, "segment": segment, "done": done})

    set_up_heaps()
    let_idle_threads_sleep()
    import torch

    from jobs.segments.task import do_segments

    torch.set_num_threads(threads)
    _at_work.add(run)
    try:
        with _log_to(worker, run, level), watched():
            do_segments(task, report=report, stopped=lambda: run in _stopped or not is_wanted())
    except _UnwantedError:
        return None
    finally:
        _at_work.discard(run)
    return [(stage, segment, done) for (stage, segment), done in frames.items()]


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """For the length of the block, this process ends itself where a library hangs, as `limits.stall_seconds` has it.

    It says so in its log before; the nanny starts another in its place, and the client counts it as a death.
    """
    watch, over = Watch(), threading.Event()

    def look() -> None:
        looked, beats = time.monotonic(), 0
        while not over.wait(_LOOK_SECONDS):
            now, beats = time.monotonic(), beats + 1
            hang = watch.look(board().places(), beats=beats, seconds=now - looked)
            looked = now
            if hang is not None:
                _log.warning("%s, so its worker process was ended", hang)
                over.wait(_LOOK_SECONDS)  # for the log to go out
                os._exit(1)

    thread = threading.Thread(target=look, name="stall watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def stop(run: str) -> None:
    """Lets no further segment of a run begin in this process."""
    _stopped.add(run)


def settle(run: str, folders: Sequence[str]) -> bool:
    """Whether no task of a run is at work here; then what dead processes of this host left in `folders` is removed.

    The network goes too, where no other run uses it.
    """
    if run in _at_work:
        return False
    _stopped.discard(run)
    for folder in folders:
        remove_partials(Path(folder))
    if not _at_work:
        from jobs.segments.task import close_tools

        close_tools()
    return True


@contextlib.contextmanager
def _log_to(worker: "Worker", run: str, level: int) -> Iterator[None]:
    """For the length of the block, log records of `level` and above go to the client of a run."""

    def send(name: str, level: int, text: str) -> None:
        worker.log_event(TOPIC, {"run": run, "level": level, "logger": name, "text": text})

    handler = start_forwarding(send, level=level)
    try:
        yield
    finally:
        stop_forwarding(handler)


def _attempt(read: Callable[[], str]) -> str:
    try:
        return read()
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}"
