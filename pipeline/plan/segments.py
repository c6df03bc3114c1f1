"""Cuts shots into segments, the units of work: each is coloured, stored and, if need be, done again by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.errors import SettingsError
from pipeline.media import Segment, Shot

BATCH_FRAMES = 8
"""Frames that the network colours at once; segments and leads begin a multiple of so many after their shot."""


@dataclass(frozen=True, kw_only=True)
class SegmentSettings:
    """How long shots are cut up. Raises SettingsError for values that cannot work."""

    segment_frames: int = 240
    """Most frames of a segment: a multiple of 8, 8 or more. Bounds memory and what a kill can cost."""
    overlap_frames: int = 16
    """Frames of a neighbour within the shot that a segment sees as well: a multiple of 8, 0 to
    `segment_frames`. More makes the colour steadier across segments, and costs time."""

    def __post_init__(self) -> None:
        if self.segment_frames < BATCH_FRAMES or self.segment_frames % BATCH_FRAMES:
            near = max(1, round(self.segment_frames / BATCH_FRAMES)) * BATCH_FRAMES
            raise SettingsError(
                f"segment_frames {self.segment_frames} is not a multiple of {BATCH_FRAMES} from "
                f"{BATCH_FRAMES} upwards; {near} would do"
            )
        if not 0 <= self.overlap_frames <= self.segment_frames or self.overlap_frames % BATCH_FRAMES:
            near = min(max(0, round(self.overlap_frames / BATCH_FRAMES) * BATCH_FRAMES), self.segment_frames)
            raise SettingsError(
                f"overlap_frames {self.overlap_frames} is not a multiple of {BATCH_FRAMES} from 0 to "
                f"segment_frames, which is {self.segment_frames}; {near} would do"
            )


def make_segments(shots: Sequence[Shot], settings: SegmentSettings) -> tuple[Segment, ...]:
    """Segments that tile the shots in order, each inside one shot and of at most `segment_frames` frames.

    A shot is cut every `segment_frames` from its own start; where that would leave a last part shorter than a
    quarter of it, the last two parts share their frames evenly instead. The lead reaches `overlap_frames` to
    either side, never out of the shot.

    Every start, and every end but the shot's own, is a multiple of `BATCH_FRAMES` from the shot's start. So the
    frames that the network is shown in any case, every 1, 2, 4 or 8 of a segment, are the same of the shot wherever
    the cuts lie.
    """
    segments: list[Segment] = []
    for shot in shots:
        starts = _starts(shot.end - shot.start, settings.segment_frames)
        for start, end in pairwise([*starts, shot.end - shot.start]):
            segment = Segment(
                index=len(segments),
                shot=shot.index,
                start=shot.start + start,
                end=shot.start + end,
                lead_start=max(shot.start, shot.start + start - settings.overlap_frames),
                lead_end=min(shot.end, shot.start + end + settings.overlap_frames),
            )
            segments.append(segment)
    return tuple(segments)


def _starts(frame_count: int, segment_frames: int) -> list[int]:
    """Where the parts of a shot of `frame_count` frames begin, counted from its start."""
    starts = list(range(0, frame_count, segment_frames))
    if len(starts) > 1 and frame_count - starts[-1] < segment_frames / 4:
        shared = frame_count - starts[-2]
        half = -(-shared // 2)
        starts[-1] = starts[-2] + -(-half // BATCH_FRAMES) * BATCH_FRAMES
    return starts
