"""Lanes: while one gives a segment its colour, several render the segments before it.

One encoder alone leaves cores idle, at the beginning and at the end of each segment most of all. Colour is what
rendering waits for and takes longer, so it goes first where there are not cores enough for both.

A segment is worked on under its own lock. One that another process works on is left for the end; then it is
either done, or that process is gone and it is ours.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from jobs.segments.stages import Colorist, Proxy, Renderer
from jobs.supervise.heap import HeapWatch, return_free
from jobs.workdir.film_spec import Wanted, find_graded
from jobs.workdir.locks import LOCK_NAME, WorkLock, reachable, try_lock
from jobs.workdir.status import SegmentStatus, find_segment
from pipeline.atomic_files import remove_partials
from pipeline.media import Segment
from pipeline.prefetch import ahead
from pipeline.source.frame_reader import FrameReader

_SEGMENTS_AHEAD = 1
_RENDER_LANES = 4 if (os.cpu_count() or 1) >= 8 else 3
"""Each holds an encoder of two threads, unless a job says otherwise, and its memory: no more on any machine."""
_PAUSE_SECONDS = 0.2
_RENDER_NICENESS = 10
_LOOK_FRAMES = 8
"""Of any lane, between two looks at the heaps."""

Report = Callable[[str, int, int], None]
"""Told how far a segment is: stage (`colour`, `render`), segment, frames done. From several threads."""
Stopped = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """All that work on a film's segments needs."""

    wanted: Wanted
    renderer: Renderer
    colorist: Colorist | None
    """None where colours come from proxies."""


def do_lanes(
    bench: Bench, segments: Sequence[Segment], *, report: Report, stopped: Stopped = lambda: False
) -> None:
    """Returns when every segment is done, by us or by others; earlier, after the present ones, once `stopped`.

    Raises KinochromeError; then nothing of the segment that failed is published.
    """
    locks = _Locks()
    film = bench.wanted.film
    left = list(segments)
    report = _watching_heaps(report)
    try:
        while left and not stopped():
            held: list[Segment] = []
            lane = _color_lane(bench, left, locks=locks, held=held, report=report, stopped=stopped)
            with (
                reachable(film.work.path),
                closing(ahead(lane, depth=_SEGMENTS_AHEAD)) as ready,
            ):
                _render(bench, ready, locks=locks, report=report)
            if len(held) == len(left):
                time.sleep(_PAUSE_SECONDS)
            left = held
    finally:
        locks.release_all()


class _GivenUpError(Exception):
    """Another lane failed, or the run was interrupted."""


def _render(
    bench: Bench, ready: Iterable[tuple[SegmentStatus, Proxy]], *, locks: "_Locks", report: Report
) -> None:
    """Renders what is ready; raises what the first lane to fail raised, once the others have stopped."""
    film, failed = bench.wanted.film, list[BaseException]()
    free: SimpleQueue[FrameReader | None] = SimpleQueue()
    for _ in range(_RENDER_LANES):
        free.put(None)

    def render(reader: FrameReader, status: SegmentStatus, proxy: Proxy) -> None:
        told = _counter(report, "render", status.segment)

        def count() -> None:
            if failed:
                raise _GivenUpError
            told()

        try:
            bench.renderer.render(reader, status, proxy=proxy, on_frame=count)
            locks.release(status.segment)
        except BaseException as error:  # crosses over to the caller, whatever it is
            failed.append(error)
        finally:
            return_free()
            free.put(reader)

    with (
        ExitStack() as readers,
        ThreadPoolExecutor(
            _RENDER_LANES, thread_name_prefix="render", initializer=_let_color_go_first
        ) as pool,
    ):
        try:
            for status, proxy in ready:
                reader = free.get() or readers.enter_context(
                    FrameReader(film.info, timeline=film.plan.timeline)
                )
                if failed:
                    break
                pool.submit(render, reader, status, proxy)
        except BaseException as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _color_lane(
    bench: Bench,
    segments: Sequence[Segment],
    *,
    locks: "_Locks",
    held: list[Segment],
    report: Report,
    stopped: Stopped,
) -> Iterator[tuple[SegmentStatus, Proxy]]:
    """Segments that are to be rendered, each locked and with its colour; adds those that others hold to `held`.

    How a segment stands is seen under its lock, hashed once, and goes along with it from there.
    """
    film = bench.wanted.film
    with FrameReader(film.info, timeline=film.plan.timeline) as reader:
        for segment in segments:
            if stopped():
                return
            folder = film.work.segment_dir(segment.index)
            status = find_segment(bench.wanted, segment, hashed=False)
            if status.is_done:
                status = find_segment(bench.wanted, segment, records=status.records)
            if not status.is_done:
                if not locks.take(segment, folder):
                    held.append(segment)
                    continue
                remove_partials(folder)
                status = find_segment(bench.wanted, segment)
                if not status.is_done:
                    yield status, _colored(bench, reader, status, report)
                    continue
                locks.release(segment)
            for stage in ("colour", "render"):
                report(stage, segment.index, segment.end - segment.start)


def _colored(bench: Bench, reader: FrameReader, status: SegmentStatus, report: Report) -> Proxy:
    if bench.colorist is None:
        assert bench.wanted.job.from_proxy is not None
        return Proxy(find_graded(bench.wanted.job.from_proxy, status.segment), status.proxy_sha256)
    proxy = bench.colorist.color(reader, status, on_frame=_counter(report, "colour", status.segment))
    return_free()
    return proxy


def _counter(report: Report, stage: str, segment: Segment) -> Callable[[], None]:
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        report(stage, segment.index, done)

    return count


def _watching_heaps(report: Report) -> Report:
    watch = HeapWatch()

    def watched(stage: str, segment: int, done: int) -> None:
        if done % _LOOK_FRAMES == 0:
            watch.look()
        report(stage, segment, done)

    return watched


def _let_color_go_first() -> None:
    """Lowers the priority of the calling thread, and of all that it starts, where threads have one of their own."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        priority = os.getpriority(os.PRIO_PROCESS, thread) + _RENDER_NICENESS
        os.setpriority(os.PRIO_PROCESS, thread, min(priority, 19))


class _Locks:
    """The locks that the lanes hold, taken in one thread and released in another."""

    def __init__(self) -> None:
        self._held: dict[int, WorkLock] = {}
        self._guard = threading.Lock()

    def take(self, segment: Segment, folder: Path) -> bool:
        """Whether the segment is ours now."""
        lock = try_lock(folder / LOCK_NAME)
        if lock is not None:
            with self._guard:
                self._held[segment.index] = lock
        return lock is not None

    def release(self, segment: Segment) -> None:
        """Gives the segment back."""
        with self._guard:
            lock = self._held.pop(segment.index)
        lock.release()

    def release_all(self) -> None:
        """Gives back whatever is held."""
        with self._guard:
            locks = list(self._held.values())
            self._held.clear()
        for lock in locks:
            lock.release()
