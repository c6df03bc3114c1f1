"""The sample of a film that its price is measured on: a small plan of excerpts, in a work folder of its own."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.media import FilmInfo, Segment, Shot
from pipeline.plan.excerpts import GAP_TICKS, Excerpt
from pipeline.plan.fingerprint import unread_source
from pipeline.plan.plan import Plan
from pipeline.plan.segments import BATCH_FRAMES, SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.timeline import Timeline

_FILLER_FRAMES = 32
"""Stand for the frames between two excerpts: so many that a reader seeks, and does not decode on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """A plan of which only some segments can be done."""

    plan: Plan
    warm_up: int
    """The segment to do first, whose time does not count: it is one batch long."""
    segments: tuple[int, ...]
    """The segments to measure, from one place after the other."""


def make_sample(
    film: FilmInfo, excerpts: tuple[Excerpt, ...], *, segment_frames: int, shot_settings: ShotSettings
) -> Sample:
    """A plan whose segments are parts of the excerpts, of `segment_frames` frames where they are long enough."""
    made = _Plan(segment_frames)
    for excerpt in excerpts:
        made.add(excerpt)
    plan = Plan(
        source=unread_source(film.path),
        time_base=film.time_base,
        timeline=Timeline(pts=np.concatenate(made.pts), luma_hash=np.concatenate(made.hashes)),
        shots=tuple(made.shots),
        segments=tuple(made.segments),
        shot_settings=shot_settings,
        segment_settings=SegmentSettings(),
    )
    return Sample(plan=plan, warm_up=made.warm_up, segments=made.interleaved())


class _Plan:
    """Excerpts, one after the other, with fillers between them."""

    def __init__(self, segment_frames: int) -> None:
        self._segment_frames = segment_frames
        self.pts: list[npt.NDArray[np.int64]] = []
        self.hashes: list[npt.NDArray[np.uint64]] = []
        self.shots: list[Shot] = []
        self.segments: list[Segment] = []
        self.warm_up = -1
        self._places: list[list[int]] = []

    def add(self, excerpt: Excerpt) -> None:
        first, count = int(excerpt.timeline.pts[0]), len(excerpt.timeline)
        self._add_filler(first)
        start = self._frames()
        parts: list[int] = []
        area = max(excerpt.shots, key=lambda shot: shot.end - shot.start).picture
        at = 0
        if self.warm_up < 0 and count >= 2 * BATCH_FRAMES:
            self.warm_up, at = len(self.segments), BATCH_FRAMES
            self._add_segment(start, start + at)
        while count - at >= BATCH_FRAMES or not parts:
            length = min(self._segment_frames, count - at)
            parts.append(len(self.segments))
            self._add_segment(start + at, start + at + length)
            at += length
        if at < count:
            self._add_segment(start + at, start + count)
        self._add_shot(start, start + count)
        self.shots[-1] = replace(self.shots[-1], picture=area)
        self.pts.append(excerpt.timeline.pts)
        self.hashes.append(excerpt.timeline.luma_hash)
        self._places.append(parts)

    def interleaved(self) -> tuple[int, ...]:
        """The first part of every place, from the middle outwards, then the second ones."""
        middle = (len(self._places) - 1) / 2
        places = sorted(self._places, key=lambda parts: abs(self._places.index(parts) - middle))
        longest = max(len(parts) for parts in places)
        return tuple(parts[turn] for turn in range(longest) for parts in places if turn < len(parts))

    def _add_filler(self, before: int) -> None:
        start = self._frames()
        last = int(self.pts[-1][-1]) if self.pts else before - GAP_TICKS
        self._add_segment(start, start + _FILLER_FRAMES)
        self._add_shot(start, start + _FILLER_FRAMES)
        step = (before - last) // (_FILLER_FRAMES + 1)
        self.pts.append(last + step * np.arange(1, _FILLER_FRAMES + 1, dtype=np.int64))
        self.hashes.append(np.zeros(_FILLER_FRAMES, np.uint64))

    def _frames(self) -> int:
        return self.segments[-1].end if self.segments else 0

    def _add_shot(self, start: int, end: int) -> None:
        self.shots.append(Shot(index=len(self.shots), start=start, end=end))

    def _add_segment(self, start: int, end: int) -> None:
        self.segments.append(
            Segment(
                index=len(self.segments),
                shot=len(self.shots),
                start=start,
                end=end,
                lead_start=start,
                lead_end=end,
            )
        )


def sample_work(folder: Path, number: int) -> Path:
    """The work folder of a measuring process."""
    return folder / f"sample-{number}"
