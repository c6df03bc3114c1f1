"""Several processes at work on one film, each with its own network, on its own GPU where there are GPUs.

Each seat is an executor of one loky process, never forked: when a process dies, the others go on, and it is clear
whose segments are left. Which process does a segment, and how many there are, changes no byte of it.
"""

import contextlib
import logging
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from multiprocessing.connection import wait

import torch
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.backend import get_context
from joblib.externals.loky.process_executor import BrokenProcessPool

from jobs import workerprocess
from jobs.hardware import Seat
from jobs.lanes import Report
from jobs.ranges import format_ranges
from jobs.status import SegmentStatus, Wanted, survey
from jobs.undisturbed import undisturbed
from jobs.work import job_text
from pipeline.errors import DeviceError
from pipeline.media import Segment

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.05
_LONGEST_CHUNK = 8
_MOST_DEATHS = 3
Done = Future[tuple[int, ...]]


def do_in_workers(
    wanted: Wanted, segments: Sequence[Segment], *, seats: Sequence[Seat], report: Report
) -> None:
    """Colours and renders the segments that are not done yet, in one process for each seat.

    Raises what a worker raised, once the others have finished what they were at; DeviceError where one
    segment cost three processes their life. What is finished is kept. When this returns or raises, KeyboardInterrupt
    included, no process is left, and no partial file of one.
    """
    found = survey(wanted, segments=segments)
    for status in found:
        if status.is_done:
            for stage in ("colour", "render"):
                report(stage, status.segment.index, status.segment.end - status.segment.start)
    left = [status.segment for status in found if not status.is_done]
    if not left:
        return
    with contextlib.ExitStack() as stack:
        stack.callback(wanted.film.work.remove_partials)
        crew = [_Worker(seat) for seat in seats[: len(left)]]
        for worker in crew:
            stack.callback(worker.close)
        _Foreman(wanted, left, crew=crew, report=report).run()


class _Worker:
    """One seat: the process on it, the pipe to it, and what it is at."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._open()
        self.task: tuple[Segment, ...] = ()
        self.future: Done | None = None

    def give(self, task: tuple[Segment, ...], *, job: str, folder: str) -> None:
        """Sends it to work; the first time, the process starts."""
        self.task = task
        indices = tuple(segment.index for segment in task)
        with undisturbed():
            try:
                self.future = self._executor.submit(
                    workerprocess.work, job, folder, indices, self._seat.device
                )
            except BrokenProcessPool as error:  # it died while it had nothing to do
                self.future = Future()
                self.future.set_exception(error)

    def messages(self) -> Iterator[tuple[object, ...]]:
        """What it has told since the last time."""
        with contextlib.suppress(EOFError, OSError):
            while self.pipe.poll():
                yield self.pipe.recv()

    def stop(self) -> None:
        """Asks it to begin no further segment."""
        with contextlib.suppress(OSError):
            self.pipe.send("stop")

    def replace(self) -> None:
        """Puts a new process on the seat of a dead one."""
        self.close()
        self._open()

    def close(self) -> None:
        """Ends the process, at once, and waits for its end."""
        with undisturbed():
            self._executor.shutdown(wait=True, kill_workers=True)
            for pipe in (self.pipe, self._far):
                pipe.close()

    def _open(self) -> None:
        context = get_context("loky")
        self.pipe, self._far = context.Pipe(duplex=True)
        visible = self._seat.visible
        self._executor = ProcessPoolExecutor(
            max_workers=1,
            context=context,
            initializer=workerprocess.begin,
            initargs=(self._far, torch.get_num_threads(), _log.getEffectiveLevel()),
            env=None if visible is None else {"CUDA_VISIBLE_DEVICES": visible},
        )


class _Foreman:
    """Hands out segments, in runs that get shorter towards the end, and copes with deaths and errors."""

    def __init__(
        self, wanted: Wanted, left: Sequence[Segment], *, crew: Sequence[_Worker], report: Report
    ) -> None:
        self._wanted, self._crew, self._report = wanted, crew, report
        self._job, self._folder = job_text(wanted.job), str(wanted.film.work.path)
        self._left, self._alone = deque(left), deque[Segment]()
        self._deaths = Counter[int]()
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Returns when all is done; else raises."""
        while True:
            for worker in self._crew:
                if worker.future is None and self._failure is None and (task := self._next_task()):
                    worker.give(task, job=self._job, folder=self._folder)
            busy = [worker for worker in self._crew if worker.future is not None]
            if not busy:
                break
            wait([worker.pipe for worker in busy], timeout=_PAUSE_SECONDS)
            for worker in busy:
                self._hear(worker)
                if worker.future is not None and worker.future.done():
                    self._collect(worker, worker.future)
        if self._failure is not None:
            raise self._failure

    def _next_task(self) -> tuple[Segment, ...]:
        """The next segments in the film's order; one that a process died at comes alone."""
        if self._alone:
            return (self._alone.popleft(),)
        size = min(_LONGEST_CHUNK, -(-len(self._left) // (2 * len(self._crew))))
        return tuple(self._left.popleft() for _ in range(size))

    def _hear(self, worker: _Worker) -> None:
        for message in worker.messages():
            match message:
                case ("frames", str(stage), int(segment), int(done)):
                    self._report(stage, segment, done)
                case ("log", str(name), int(level), str(text)):
                    logging.getLogger(name).log(level, "%s", text)

    def _collect(self, worker: _Worker, future: Done) -> None:
        self._hear(worker)
        worker.future = None
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            self._bury(worker)
        elif error is not None:
            self._fail(error)

    def _bury(self, worker: _Worker) -> None:
        """Counts a death for each segment that it left undone, which are then tried one by one."""
        worker.replace()
        self._wanted.film.work.remove_partials()
        found = survey(self._wanted, segments=worker.task, hashed=False)
        undone = [status for status in found if not status.is_done]
        self._deaths.update(status.segment.index for status in undone)
        given_up = next((s for s in undone if self._deaths[s.segment.index] >= _MOST_DEATHS), None)
        if given_up is not None:
            self._fail(_poison(self._wanted, given_up))
            return
        self._wanted.film.work.log("worker died", segments=[status.segment.index for status in undone])
        names = format_ranges(status.segment.index for status in undone) or "none"
        _log.warning("a worker process died; it is replaced, to do again are segments: %s", names)
        self._alone.extend(status.segment for status in undone)

    def _fail(self, error: BaseException) -> None:
        """Keeps the first error; nobody begins anything new."""
        if self._failure is None:
            self._failure = error
        for worker in self._crew:
            if worker.future is not None:
                worker.stop()


def _poison(wanted: Wanted, status: SegmentStatus) -> DeviceError:
    segment = status.segment
    place = f"segment {segment.index} (shot {segment.shot}, frames {segment.start} to {segment.end - 1})"
    return DeviceError(
        f"{wanted.film.info.path}: {place}: its worker process died {_MOST_DEATHS} times; where memory is short, fewer "
        "--workers or a smaller color.short_side would work"
    )
