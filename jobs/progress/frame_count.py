"""How many frames of a film are coloured and rendered, counted from reports on its segments."""

import threading
from collections.abc import Sequence

from jobs.progress.reporters import Progress
from pipeline.media import Segment


class FrameCount:
    """Turns reports on segments, from any threads and processes, into one steady count a stage."""

    def __init__(self, progress: Progress, segments: Sequence[Segment]) -> None:
        self._progress = progress
        self._total = sum(segment.end - segment.start for segment in segments)
        self._done: dict[tuple[str, int], int] = {}
        self._sums: dict[str, int] = {}
        self._lock = threading.Lock()

    def report(self, stage: str, segment: int, done: int) -> None:
        """`done` frames of a segment are through a stage; work that begins again does not count down."""
        with self._lock:
            before = self._done.get((stage, segment), 0)
            if done <= before:
                return
            self._done[stage, segment] = done
            self._sums[stage] = self._sums.get(stage, 0) + done - before
            self._progress.stage(stage, self._sums[stage], self._total)
