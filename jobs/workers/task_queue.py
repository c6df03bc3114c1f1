"""A queue of the segments still to do, for worker processes any of which may die."""

import logging
from collections import Counter, deque
from collections.abc import Sequence

from jobs.segments.lanes import Report
from jobs.settings.shots import format_ranges
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.status import SegmentStatus, survey
from pipeline.errors import DeviceError
from pipeline.media import Segment

_log = logging.getLogger(__name__)
_LONGEST_TASK = 8
_MOST_DEATHS = 3


class TaskQueue:
    """The segments still to do; its tasks get shorter towards the end."""

    def __init__(self, spec: FilmSpec, segments: Sequence[Segment], *, report: Report, cure: str) -> None:
        """Those that are done already are reported as done. `cure`: what to advise if processes die."""
        self._spec, self._cure = spec, cure
        found = survey(spec, segments=segments)
        for status in found:
            if status.is_done:
                for stage in ("colour", "render"):
                    report(stage, status.segment.index, status.segment.end - status.segment.start)
        self._left = deque(status.segment for status in found if not status.is_done)
        self._alone = deque[Segment]()
        self._deaths = Counter[int]()

    def __len__(self) -> int:
        return len(self._left) + len(self._alone)

    def next_task(self, crew: int) -> tuple[Segment, ...]:
        """The next segments in the film's order, for one of `crew` processes; one that a process died at is alone.

        Empty where nothing is left.
        """
        if self._alone:
            return (self._alone.popleft(),)
        size = min(_LONGEST_TASK, -(-len(self._left) // (2 * max(1, crew))))
        return tuple(self._left.popleft() for _ in range(size))

    def put_back(self, task: Sequence[Segment]) -> None:
        """Takes back what was not begun."""
        self._left.extendleft(reversed(task))

    def requeue_undone(self, task: Sequence[Segment], *, cause: str = "") -> None:
        """Takes back the undone segments of a process that died, to be tried one by one.

        `cause` says how it died and begins with a space. Raises DeviceError with the segment's name once three
        processes have died on one.
        """
        found = survey(self._spec, segments=task, hashed=False)
        undone = [status for status in found if not status.is_done]
        self._deaths.update(status.segment.index for status in undone)
        for status in undone:
            if self._deaths[status.segment.index] >= _MOST_DEATHS:
                raise self._poison(status, cause)
        self._spec.film.work.log("worker died", segments=[status.segment.index for status in undone])
        names = format_ranges(status.segment.index for status in undone) or "none"
        _log.warning("a worker process died%s; it is replaced, to do again are segments: %s", cause, names)
        self._alone.extend(status.segment for status in undone)

    def _poison(self, status: SegmentStatus, cause: str) -> DeviceError:
        segment = status.segment
        place = f"segment {segment.index} (shot {segment.shot}, frames {segment.start} to {segment.end - 1})"
        message = f"its worker process died {_MOST_DEATHS} times{cause}"
        cure = f"where memory is short, {self._cure} would work"
        return DeviceError(f"{self._spec.film.info.path}: {place}: {message}; {cure}")
