"""The plan of a film: the time and hash of every frame, its shots and segments, damage and changing tags.

It is made once, by decoding the film once, and all later stages use it.
"""

import logging
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pipeline.fields import FieldCount, Fields, fields_of, seen_luma
from pipeline.media import FilmInfo, Frame, Segment, Shot
from pipeline.plan.borders import BorderFinder
from pipeline.plan.cards import CardFinder
from pipeline.plan.damage import Damage, describe_damage, gather_damage, name_stills
from pipeline.plan.fingerprint import Source, check_source, source_fingerprint
from pipeline.plan.packet_faults import scan_packets
from pipeline.plan.segments import SegmentSettings, make_segments
from pipeline.plan.shot_kind import KindFinder
from pipeline.plan.shots import ShotFinder, ShotSettings, small_luma
from pipeline.prefetch import ahead
from pipeline.progress import StageProgress
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.open_film import check_stills
from pipeline.source.picture_tags import PictureTags
from pipeline.source.tag_reader import TagReader
from pipeline.timeline import Timeline

_log = logging.getLogger(__name__)
_AHEAD_FRAMES = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What one pass over a film finds. Raises ValueError unless shots and segments each tile the frames of the film."""

    source: Source
    time_base: Fraction
    """Of the timeline's pts."""
    timeline: Timeline
    shots: tuple[Shot, ...]
    segments: tuple[Segment, ...]
    shot_settings: ShotSettings
    segment_settings: SegmentSettings
    damage: tuple[Damage, ...] = ()
    """Every damaged place, in the order of time."""
    fields: FieldCount | None = None
    """How many frames are interlaced, and how; None in plans of older versions."""
    is_deinterlaced: bool = False
    """Whether the hashes of the timeline are those of deinterlaced frames."""
    tags: PictureTags | None = None
    """The tags that change within the film, and what is lost of them; None: nothing does, or the plan is older."""

    def __post_init__(self) -> None:
        if self.time_base <= 0:
            raise ValueError(f"time base {self.time_base} is not above 0")
        for name, parts in (("shot", self.shots), ("segment", self.segments)):
            if [part.index for part in parts] != list(range(len(parts))):
                raise ValueError(f"{name}s are not numbered from 0 in order")
            edges = [0, *(edge for part in parts for edge in (part.start, part.end)), len(self.timeline)]
            if any(before != after for before, after in zip(edges[::2], edges[1::2], strict=True)):
                raise ValueError(f"{name}s do not follow each other from frame 0 to {len(self.timeline)}")
        for segment in self.segments:
            if not 0 <= segment.shot < len(self.shots):
                raise ValueError(f"segment {segment.index} is of shot {segment.shot}, which there is not")
            shot = self.shots[segment.shot]
            if not shot.start <= segment.lead_start <= segment.lead_end <= shot.end:
                raise ValueError(f"segment {segment.index} reaches out of shot {shot.index}")


def scan_film(
    film: FilmInfo,
    *,
    shot_settings: ShotSettings,
    segment_settings: SegmentSettings,
    progress: StageProgress | None = None,
) -> Plan:
    """Reads the whole film and plans it; a still picture is a film of one frame.

    Memory: a few frames, and 16 bytes for each frame. Reports the stages `fingerprint` in bytes, `packets` and `scan`
    in frames; their total is the number that the header claims. Raises SourceError where the film cannot be read or
    changes meanwhile. No other thread of the process may decode meanwhile, see `ffmpeg_log`.
    """
    if film.sequence is not None:
        check_stills(film.path)
    source = source_fingerprint(film.path, progress=progress)
    claimed = _claimed_frames(film)
    count = _with_total(claimed, progress)
    packets = scan_packets(film, progress=count)
    finder, borders, kinds, cards = (
        ShotFinder(shot_settings),
        BorderFinder(),
        KindFinder(film),
        CardFinder(film),
    )
    pts, hashes = array("q"), array("Q")
    fields: Counter[Fields] = Counter()
    tags = TagReader()
    with FrameReader(film) as reader:
        frames = reader.frames(chroma_every=kinds.every, is_damaged=bool(packets.damage), tags=tags)
        with closing(ahead(_with_small_luma(frames, film), depth=_AHEAD_FRAMES)) as seen:
            for frame, small in seen:
                pts.append(frame.pts)
                hashes.append(luma_hash(frame.luma))
                fields[fields_of(frame)] += 1
                finder.push(small)
                borders.push(small)
                kinds.push(small, frame.chroma)
                cards.push(small, frame)
                count("scan", len(pts), None)
        damage = gather_damage(packets.damage, reader.faults, pts=pts, packet_pts=packets.pts)
    damage = name_stills(damage, film)
    if damage:
        _log.warning("%s: %s", film.path.name, describe_damage(damage, time_base=film.time_base))
    check_source(film.path, source)
    shots = cards.finish(kinds.finish(borders.finish(finder.finish())))
    return Plan(
        source=source,
        time_base=film.time_base,
        timeline=Timeline(pts=np.array(pts, np.int64), luma_hash=np.array(hashes, np.uint64)),
        shots=shots,
        segments=make_segments(shots, segment_settings),
        shot_settings=shot_settings,
        segment_settings=segment_settings,
        damage=damage,
        fields=FieldCount(progressive=fields["progressive"], top=fields["top"], bottom=fields["bottom"]),
        is_deinterlaced=film.is_deinterlaced,
        tags=tags.result(),
    )


def _with_small_luma(
    frames: Iterator[Frame], film: FilmInfo
) -> Iterator[tuple[Frame, npt.NDArray[np.uint8]]]:
    """Yields each frame with its small luma picture, by which shots, borders and kinds are found."""
    for frame in frames:
        yield frame, small_luma(seen_luma(frame), depth=film.pixel_format.depth)


def _claimed_frames(film: FilmInfo) -> int | None:
    """How many frames the header claims, for a progress bar only."""
    seconds, rate = film.duration_seconds_from_header, film.rate_from_header
    return None if seconds is None or rate is None else max(1, round(seconds * rate))


def _with_total(claimed: int | None, progress: StageProgress | None) -> StageProgress:
    """A callback that passes on to `progress`, with the claimed number of frames, or more, as the total."""

    def count(stage: str, done: int, total: int | None) -> None:
        if progress is not None:
            progress(stage, done, None if claimed is None else max(claimed, done))

    return count
