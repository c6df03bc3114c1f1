"""Does a film in several processes, each with its own network, and on its own GPU if there are GPUs.

Each seat is an executor of one loky process, never forked: when a process dies, the others go on, and it is clear
whose segments are left. Which process does a segment, and how many there are, changes no byte of it.
"""

import contextlib
import logging
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from multiprocessing.connection import wait

import torch
from loky import BrokenProcessPool, ProcessPoolExecutor

from jobs.progress.log_forwarding import replay
from jobs.segments.lanes import Report
from jobs.segments.task import job_as_json
from jobs.supervise.signals import signals_deferred
from jobs.supervise.watchdog import Watch
from jobs.workdir.film_spec import FilmSpec
from jobs.workers import local_worker
from jobs.workers.devices import Seat
from jobs.workers.task_queue import TaskQueue
from pipeline.errors import DeviceError
from pipeline.media import Segment
from pipeline.read_monitor import Place

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.05
Done = Future[tuple[int, ...]]


def do_in_workers(
    spec: FilmSpec, segments: Sequence[Segment], *, seats: Sequence[Seat], report: Report
) -> None:
    """Colours and renders the segments that are not done yet, in one process for each seat.

    Raises what a worker raised, once the others have finished what they were at; DeviceError where one
    segment cost three processes their life. What is finished is kept. When this returns or raises, KeyboardInterrupt
    included, no process is left, and no partial file of one.
    """
    cure = "fewer --workers or a smaller color.short_side"
    left = TaskQueue(spec, segments, report=report, cure=cure)
    if not left:
        return
    with contextlib.ExitStack() as stack:
        stack.callback(spec.film.work.remove_partials)
        crew = [_Worker(seat) for seat in seats[: len(left)]]
        for worker in crew:
            stack.callback(worker.close)
        _Foreman(spec, left, crew=crew, report=report).run()


class _Worker:
    """One seat: the process on it, the pipe to it, and what it is at."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self.places: Sequence[Place] = ()
        self._open()
        self.task: tuple[Segment, ...] = ()
        self.future: Done | None = None
        self.hang: str | None = None
        """Why it had to be ended, if it had."""

    def give(self, task: tuple[Segment, ...], *, job: str, folder: str) -> None:
        """Sends it to work; the first time, the process starts."""
        self.task = task
        indices = tuple(segment.index for segment in task)
        with signals_deferred():
            try:
                self.future = self._executor.submit(
                    local_worker.work, job, folder, indices, self._seat.device
                )
            except BrokenProcessPool as error:  # it died while it had nothing to do
                self.future = Future()
                self.future.set_exception(error)

    def messages(self) -> Iterator[tuple[object, ...]]:
        """Messages of the process since the last call."""
        with contextlib.suppress(EOFError, OSError):
            while self.pipe.poll():
                yield self.pipe.recv()

    def update_places(self, pid: int, places: Sequence[Place]) -> None:
        """Stores where the process is reading; this is also its sign of life."""
        self._pid, self.places = pid, places
        self._beats += 1

    def look(self, seconds: float) -> None:
        """Ends the process if it hangs; `seconds` have gone by since the last look."""
        self.hang = self.hang or self._watch.look(self.places, beats=self._beats, seconds=seconds)
        if self.hang is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def stop(self) -> None:
        """Asks the process to begin no further segment."""
        with contextlib.suppress(OSError):
            self.pipe.send("stop")

    def replace(self) -> None:
        """Puts a new process on the seat of a dead one."""
        self.close()
        self._open()

    def close(self) -> None:
        """Ends the process, at once, and waits for its end."""
        with signals_deferred():
            self._executor.shutdown(wait=True, kill_workers=True)
            for pipe in (self.pipe, self._far):
                pipe.close()

    def _open(self) -> None:
        self._watch, self._beats, self._pid, self.hang = Watch(), 0, 0, None
        self.places = ()
        self.pipe, self._far = multiprocessing.Pipe(duplex=True)
        self._executor = ProcessPoolExecutor(
            max_workers=1,
            initializer=local_worker.begin,
            initargs=(self._far, torch.get_num_threads(), _log.getEffectiveLevel()),
            env=self._seat.environment,
        )


class _Foreman:
    """Hands out segments, in runs that get shorter towards the end, and copes with deaths and errors."""

    def __init__(self, spec: FilmSpec, left: TaskQueue, *, crew: Sequence[_Worker], report: Report) -> None:
        self._spec, self._left, self._crew, self._report = spec, left, crew, report
        self._job, self._folder = job_as_json(spec.job), str(spec.film.work.path)
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Returns when all is done; else raises."""
        looked = time.monotonic()
        while True:
            for worker in self._crew:
                if (
                    worker.future is None
                    and self._failure is None
                    and (task := self._left.next_task(len(self._crew)))
                ):
                    worker.give(task, job=self._job, folder=self._folder)
            busy = [worker for worker in self._crew if worker.future is not None]
            if not busy:
                break
            wait([worker.pipe for worker in busy], timeout=_PAUSE_SECONDS)
            now, before = time.monotonic(), looked
            looked = now
            for worker in busy:
                self._hear(worker)
                worker.look(now - before)
                if worker.future is not None and worker.future.done():
                    self._collect(worker, worker.future)
        if self._failure is not None:
            raise self._failure

    def _hear(self, worker: _Worker) -> None:
        for message in worker.messages():
            match message:
                case ("frames", str(stage), int(segment), int(done)):
                    self._report(stage, segment, done)
                case ("log", str(name), int(level), str(text)):
                    replay(name, level, text)
                case ("places", int(pid), list(places)):
                    worker.update_places(pid, places)

    def _collect(self, worker: _Worker, future: Done) -> None:
        self._hear(worker)
        worker.future = None
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            self._handle_death(worker, _cause_of_death(worker, error))
        elif error is not None:
            self._fail(error)

    def _handle_death(self, worker: _Worker, cause: str) -> None:
        """Starts a new process in its place and requeues what it left undone."""
        worker.replace()
        self._spec.film.work.remove_partials()
        try:
            self._left.requeue_undone(worker.task, cause=cause)
        except DeviceError as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Keeps the first error; nobody begins anything new."""
        if self._failure is None:
            self._failure = error
        for worker in self._crew:
            if worker.future is not None:
                worker.stop()


def _cause_of_death(worker: _Worker, error: BrokenProcessPool) -> str:
    """How the process ended, and where it was reading half a second before; a space in front, or nothing."""
    if worker.hang is not None:
        return f" ({worker.hang})"
    how = re.search(r"{(\w+)\(-\d+\)}", str(error))
    cause = [how[1]] if how else []
    cause += [str(place) for place in worker.places[:1]]
    return f" ({', '.join(cause)})" if cause else ""
