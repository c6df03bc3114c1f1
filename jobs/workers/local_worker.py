"""Runs inside a worker process: does tasks, reports their progress, and ends with its parent.

To its parent it has one pipe. Up go `("frames", stage, segment, done)`, `("log", name, level, text)` and, twice a
second, `("places", pid, places)`: where it is reading, which is also its sign of life. Down comes `"stop"`, after which
no further segment is begun. When the pipe ends, the parent is gone, and so is this process.
"""

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection

from jobs.progress.log_forwarding import start_forwarding
from jobs.supervise.heap import set_up_heaps
from pipeline.read_monitor import board

_TELL_SECONDS = 0.1
_BEAT_SECONDS = 0.5
_PARENT_IS_GONE = 1


@dataclass
class _Line:
    """The pipe to the parent, and what came through it."""

    pipe: "Connection[object, object]"
    stopped: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)
    sent_at: dict[str, float] = field(default_factory=dict)

    def send(self, *message: object) -> None:
        with contextlib.suppress(OSError), self.guard:  # a parent that is gone ends us elsewhere
            self.pipe.send(message)


_line: _Line | None = None


def begin(pipe: "Connection[object, object]", threads: int, level: int) -> None:
    """Sets this process up, once. `threads` is for the network: as many as in the parent, so that bytes are alike."""
    global _line
    set_up_heaps()
    _line = _Line(pipe)
    threading.Thread(target=_listen, args=(_line,), name="parent", daemon=True).start()
    threading.Thread(target=_beat, args=(_line,), name="pulse", daemon=True).start()
    start_forwarding(partial(_line.send, "log"), level=level)
    import torch

    torch.set_num_threads(threads)


def work(job: str, folder: str, segments: tuple[int, ...], device: str | None) -> tuple[int, ...]:
    """Does the segments of a task in this process; returns those that are done."""
    from jobs.segments.task import SegmentTask, do_segments

    line = _line
    assert line is not None
    line.sent_at.clear()
    task = SegmentTask(job=job, work=folder, segments=segments, device=device)
    totals: dict[tuple[str, int], int] = {}

    def report(stage: str, segment: int, done: int) -> None:
        totals[stage, segment] = done
        now = time.monotonic()
        if now - line.sent_at.get(stage, 0) >= _TELL_SECONDS:
            line.sent_at[stage] = now
            line.send("frames", stage, segment, done)

    try:
        return do_segments(task, report=report, stopped=line.stopped.is_set)
    finally:
        for (stage, segment), done in totals.items():
            line.send("frames", stage, segment, done)


def _beat(line: _Line) -> None:
    while True:
        line.send("places", os.getpid(), board().places())
        time.sleep(_BEAT_SECONDS)


def _listen(line: _Line) -> None:
    """Waits for the parent's word, or for its end."""
    try:
        while True:
            if line.pipe.recv() == "stop":
                line.stopped.set()
    except (EOFError, OSError):
        os._exit(_PARENT_IS_GONE)  # no clean-up: whoever comes next knows half-written files by our number
