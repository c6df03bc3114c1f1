"""Runs lanes, which are threads: one colours a segment while several render the segments before it.

One encoder leaves cores idle, mostly at the beginning and the end of each segment. Rendering waits for colour, which
takes longer, so colour has priority where there are too few cores for both.

Each segment is worked on under its own lock. A segment locked by another process is tried again at the end: then it is
done, or that process is gone and we do it.
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

from jobs.segments.renderer import Renderer
from jobs.segments.stages import Colorist, Proxy
from jobs.supervise.heap import HeapWatch, return_free
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.locks import LOCK_NAME, WorkLock, reachable, try_lock
from jobs.workdir.status import SegmentStatus, find_segment
from pipeline.media import Segment
from pipeline.partial_files import remove_partials
from pipeline.prefetch import ahead
from pipeline.source.frame_reader import FrameReader

_SEGMENTS_AHEAD = 1
_RENDER_LANES = 4 if (os.cpu_count() or 1) >= 8 else 3
"""Each lane has an encoder, of two threads unless a job says otherwise, and its memory, so there are never more."""
_PAUSE_SECONDS = 0.2
_RENDER_NICENESS = 10
_HEAP_CHECK_FRAMES = 8
"""Frames of a lane between two checks of the heaps."""

Report = Callable[[str, int, int], None]
"""Called with stage (`colour`, `render`), segment and frames done. From several threads."""
Stopped = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class SegmentTools:
    """The tools that work on a film's segments needs."""

    spec: FilmSpec
    renderer: Renderer
    colorist: Colorist | None
    """None if colours come from proxies."""


def do_lanes(
    tools: SegmentTools, segments: Sequence[Segment], *, report: Report, stopped: Stopped = lambda: False
) -> None:
    """Returns when every segment is done, by us or by others; once `stopped`, after the segments in work.

    Raises KinochromeError; nothing of the failed segment is published then.
    """
    locks = _Locks()
    film = tools.spec.film
    left = list(segments)
    report = _with_heap_checks(report)
    try:
        while left and not stopped():
            held: list[Segment] = []
            lane = _color_lane(tools, left, locks=locks, held=held, report=report, stopped=stopped)
            with (
                reachable(film.work.path),
                closing(ahead(lane, depth=_SEGMENTS_AHEAD)) as ready,
            ):
                _render(tools, ready, locks=locks, report=report)
            if len(held) == len(left):
                time.sleep(_PAUSE_SECONDS)
            left = held
    finally:
        locks.release_all()


class _AbandonedError(Exception):
    """Another lane failed, or the run was interrupted."""


def _render(
    tools: SegmentTools, ready: Iterable[tuple[SegmentStatus, Proxy]], *, locks: "_Locks", report: Report
) -> None:
    """Renders coloured segments; raises the first error of a lane, once the others have stopped."""
    film, failed = tools.spec.film, list[BaseException]()
    free: SimpleQueue[FrameReader | None] = SimpleQueue()
    for _ in range(_RENDER_LANES):
        free.put(None)

    def render(reader: FrameReader, status: SegmentStatus, proxy: Proxy) -> None:
        count_frame = _counter(report, "render", status.segment)

        def count() -> None:
            if failed:
                raise _AbandonedError
            count_frame()

        try:
            tools.renderer.render(reader, status, proxy=proxy, on_frame=count)
            locks.release(status.segment)
        except BaseException as error:  # raised again by the caller, whatever it is
            failed.append(error)
        finally:
            return_free()  # of the encoder; the network is seldom between two batches then
            free.put(reader)

    with (
        ExitStack() as readers,
        ThreadPoolExecutor(_RENDER_LANES, thread_name_prefix="render", initializer=_lower_priority) as pool,
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
    tools: SegmentTools,
    segments: Sequence[Segment],
    *,
    locks: "_Locks",
    held: list[Segment],
    report: Report,
    stopped: Stopped,
) -> Iterator[tuple[SegmentStatus, Proxy]]:
    """Yields segments to render, each locked and coloured; adds those that other processes have locked to `held`.

    The state of a segment is read and hashed once, under its lock, and passed on with it.
    """
    film = tools.spec.film
    with FrameReader(film.info, timeline=film.plan.timeline) as reader:
        for segment in segments:
            if stopped():
                return
            folder = film.work.segment_dir(segment.index)
            status = find_segment(tools.spec, segment, hashed=False)
            if status.is_done:
                status = find_segment(tools.spec, segment, records=status.records)
            if not status.is_done:
                if not locks.take(segment, folder):
                    held.append(segment)
                    continue
                remove_partials(folder)
                status = find_segment(tools.spec, segment)
                if not status.is_done:
                    yield status, _colored(tools, reader, status, report)
                    continue
                locks.release(segment)
            for stage in ("colour", "render"):
                report(stage, segment.index, segment.end - segment.start)


def _colored(tools: SegmentTools, reader: FrameReader, status: SegmentStatus, report: Report) -> Proxy:
    if tools.colorist is None:
        assert tools.spec.graded is not None
        return Proxy(tools.spec.graded.find(status.segment), status.proxy_sha256)
    return tools.colorist.color(reader, status, on_frame=_counter(report, "colour", status.segment))


def _counter(report: Report, stage: str, segment: Segment) -> Callable[[], None]:
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        report(stage, segment.index, done)

    return count


def _with_heap_checks(report: Report) -> Report:
    watch = HeapWatch()

    def watched(stage: str, segment: int, done: int) -> None:
        if done % _HEAP_CHECK_FRAMES == 0:
            watch.look()
        report(stage, segment, done)

    return watched


def _lower_priority() -> None:
    """Lowers the priority of the calling thread and of those that it starts, where threads have priorities."""
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
        """Locks the segment; returns whether it is ours now."""
        lock = try_lock(folder / LOCK_NAME)
        if lock is not None:
            with self._guard:
                self._held[segment.index] = lock
        return lock is not None

    def release(self, segment: Segment) -> None:
        """Unlocks the segment."""
        with self._guard:
            lock = self._held.pop(segment.index)
        lock.release()

    def release_all(self) -> None:
        """Unlocks all segments."""
        with self._guard:
            locks = list(self._held.values())
            self._held.clear()
        for lock in locks:
            lock.release()
