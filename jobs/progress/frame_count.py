"""How many frames of a film are coloured and rendered, counted from reports on its segments."""

import threading
from collections.abc import Collection, Sequence

from jobs.progress.reporters import Progress
from pipeline.media import Segment


class FrameCount:
    """Turns reports on segments, from any threads and processes, into one steady count a stage."""

    def __init__(
        self,
        progress: Progress,
        segments: Sequence[Segment],
        *,
        kept: Collection[int] = (),
        stages: Sequence[str],
    ) -> None:
        """`kept` are the indices of segments that are done already: `stages` begin with them, at no cost of time."""
        self._progress = progress
        lengths = {segment.index: segment.end - segment.start for segment in segments}
        self._total = sum(lengths.values())
        self._done = {(stage, index): lengths[index] for stage in stages for index in kept}
        self._sums = dict.fromkeys(stages, sum(lengths[index] for index in kept))
        self._lock = threading.Lock()
        for stage in reversed(stages):  # the later one tells that the earlier one is as far
            progress.stage(stage, self._sums[stage], self._total)

    def report(self, stage: str, segment: int, done: int) -> None:
        """`done` frames of a segment are through a stage; work that begins again does not count down."""
        with self._lock:
            before = self._done.get((stage, segment), 0)
            if done <= before:
                return
            self._done[stage, segment] = done
            self._sums[stage] = self._sums.get(stage, 0) + done - before
            self._progress.stage(stage, self._sums[stage], self._total)
