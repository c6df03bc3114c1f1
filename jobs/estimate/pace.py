"""Measures how fast a machine colours and renders a sample, in as many processes as the run will have."""

import contextlib
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import torch
from loky import BrokenProcessPool, ProcessPoolExecutor

from jobs.estimate.sample import Sample, sample_work
from jobs.segments.task import SegmentTask, do_segments
from jobs.supervise.signals import signals_deferred
from jobs.workdir.work_files import PLAN
from jobs.workers.devices import Seat
from pipeline.errors import DeviceError
from pipeline.plan.plan_file import write_plan

_SOLOS = 2


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What one process takes while all the others are at work too."""

    startup_seconds: float
    """From nothing to the first frame: the process, the network, its first batch."""
    color_seconds: float
    """Per frame, by itself."""
    render_seconds: float
    """Per frame, by itself."""
    overlap: float
    """How much of the shorter of two lanes hides behind the longer: 0 nothing, 1 all of it."""
    segments: tuple[int, ...]
    """Those of the sample that were done."""
    frames: int
    """In them."""
    memory_bytes: int
    """Largest resident size of the process."""


def measure_pace(
    sample: Sample, *, job: str, folder: Path, seats: Sequence[Seat], seconds: float
) -> tuple[Pace, ...]:
    """The pace of each seat's process, all at once; each works in its own folder `sample_work(folder, number)`.

    Goes on for about `seconds` once it is warm, and at least until enough segments are done. One seat is this
    process. Raises KinochromeError or ModelError as the run itself would.
    """
    tasks = []
    for number, seat in enumerate(seats):
        work = sample_work(folder, number)
        work.mkdir(parents=True)
        write_plan(sample.plan, work / PLAN)
        tasks.append(_Measuring(sample=sample, job=job, work=str(work), device=seat.device, seconds=seconds))
    if len(tasks) == 1:
        return (_measure(tasks[0], time.monotonic(), None),)
    with _processes(seats) as executors:
        futures: list[Future[Pace]] = []
        for task, executor in zip(tasks, executors, strict=True):
            with signals_deferred():
                futures.append(executor.submit(_measure, task, time.monotonic(), torch.get_num_threads()))
        try:
            return tuple(future.result() for future in futures)
        except BrokenProcessPool as error:
            message = f"one of {len(seats)} processes died on a sample of the film"
            raise DeviceError(f"{message}; where memory is short, fewer --workers would work") from error


def lanes_seconds(
    color_seconds: Sequence[float], render_seconds: Sequence[float], *, overlap: float
) -> float:
    """What one process takes for segments in a row, where each is coloured, then rendered.

    `overlap` 1 means that a segment is coloured while the one before is rendered, as if each lane had a machine of
    its own; 0 that one lane stands still while the other moves.
    """
    colored = rendered = 0.0
    for color, render in zip(color_seconds, render_seconds, strict=True):
        colored += color
        rendered = max(colored, rendered) + render
    in_turn = sum(color_seconds) + sum(render_seconds)
    return in_turn - overlap * (in_turn - rendered)


@dataclass(frozen=True, kw_only=True)
class _Measuring:
    """What a measuring process is sent."""

    sample: Sample
    job: str
    work: str
    device: str | None
    seconds: float

    def frames(self, *indices: int) -> int:
        """How many frames segments have."""
        found = [self.sample.plan.segments[index] for index in indices]
        return sum(segment.end - segment.start for segment in found)

    def task(self, *indices: int) -> SegmentTask:
        """The work on segments."""
        return SegmentTask(job=self.job, work=self.work, segments=indices, device=self.device)


def _measure(what: _Measuring, started: float, threads: int | None) -> Pace:
    """Measures in this process. `started` is by the monotonic clock, which processes of a machine share."""
    if threads is not None:
        torch.set_num_threads(threads)
    do_segments(what.task(what.sample.warm_up))
    warm = time.monotonic()
    solos, rest = what.sample.segments[:_SOLOS], what.sample.segments[_SOLOS:]
    each = [_alone(what, index) for index in solos]
    color, render = (sum(times) / what.frames(*solos) for times in zip(*each, strict=True))
    done, took = _together(what, rest)
    return Pace(
        startup_seconds=max(0.0, warm - started - what.frames(what.sample.warm_up) * (color + render)),
        color_seconds=color,
        render_seconds=render,
        overlap=_overlap([what.frames(index) for index in done], color, render, took),
        segments=(*solos, *done),
        frames=what.frames(*solos, *done),
        memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _alone(what: _Measuring, index: int) -> tuple[float, float]:
    """Seconds that colouring and rendering a segment take when nothing else is done."""
    colored: list[float] = []

    def note(stage: str, segment: int, done: int) -> None:
        if stage == "render" and not colored:
            colored.append(time.monotonic())

    started = time.monotonic()
    do_segments(what.task(index), report=note)
    return colored[0] - started, time.monotonic() - colored[0]


def _together(what: _Measuring, segments: Sequence[int]) -> tuple[tuple[int, ...], float]:
    """Does segments one after the other, as a run does, until there was time enough; those done, and seconds."""
    rendered: set[int] = set()
    started = time.monotonic()

    def note(stage: str, segment: int, done: int) -> None:
        if stage == "render" and done == what.frames(segment):
            rendered.add(segment)

    def enough() -> bool:
        return len(rendered) > _SOLOS and time.monotonic() - started > what.seconds / 2

    done = do_segments(what.task(*segments), report=note, stopped=enough) if segments else ()
    return tuple(sorted(done, key=segments.index)), time.monotonic() - started


def _overlap(lengths: list[int], color: float, render: float, took: float) -> float:
    """The overlap by which `lanes_seconds` gives what it took; half where there was nothing to overlap."""
    each = [color * length for length in lengths], [render * length for length in lengths]
    in_turn, at_once = lanes_seconds(*each, overlap=0), lanes_seconds(*each, overlap=1)
    if len(lengths) < 2 or in_turn - at_once <= 0:
        return 0.5
    return min(1.0, max(0.0, (in_turn - took) / (in_turn - at_once)))


@contextlib.contextmanager
def _processes(seats: Sequence[Seat]) -> Iterator[list[ProcessPoolExecutor]]:
    """A process for each seat, which are gone when the block ends."""
    made: list[ProcessPoolExecutor] = []
    try:
        made.extend(ProcessPoolExecutor(max_workers=1, env=seat.environment) for seat in seats)
        yield made
    finally:
        with signals_deferred():
            for executor in made:
                executor.shutdown(wait=True, kill_workers=True)
