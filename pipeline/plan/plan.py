"""The plan of a film: what it is, every frame's time and hash, its shots and segments.

It is made once, by decoding the film once, and written as one JSON file. Everything after it goes by it.
"""

import logging
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.atomic_files import write_json
from pipeline.errors import SettingsError
from pipeline.fields import FieldCount, Fields, fields_of, seen_luma
from pipeline.media import FilmInfo, Frame, PictureArea, Segment, Shot, ShotKind
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
from pipeline.regular_file import refuse_special_file
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.open_film import check_stills
from pipeline.source.picture_tags import PictureTags
from pipeline.source.tag_reader import TagReader
from pipeline.timeline import Timeline, from_runs, to_runs

_log = logging.getLogger(__name__)
_AHEAD_FRAMES = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What is known of a film before any colour is made. Shots and segments each tile its frames."""

    source: Source
    time_base: Fraction
    """Of the timeline's pts."""
    timeline: Timeline
    shots: tuple[Shot, ...]
    segments: tuple[Segment, ...]
    shot_settings: ShotSettings
    segment_settings: SegmentSettings
    damage: tuple[Damage, ...] = ()
    """Every damaged place, by time."""
    fields: FieldCount | None = None
    """How many frames are interlaced; None in plans of older versions."""
    is_deinterlaced: bool = False
    """Whether the hashes are those of deinterlaced frames."""
    tags: PictureTags | None = None
    """What changes from picture to picture, or is left out of them; None where nothing does, or nobody looked."""

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
    """Reads the whole film once and plans it; a still picture is a film of one frame.

    Holds a few frames and 16 bytes for each one counted. Reports the stages `fingerprint` in bytes, `packets` and
    `scan` in frames, whose total is what the header claims. Raises SourceError where the film cannot be read or
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


def write_plan(plan: Plan, path: Path) -> None:
    """Publishes the plan as one JSON file: the same plan gives the same bytes. Raises OutputError."""
    file = _PlanFile(
        kind="kinochrome plan",
        format=2,
        source=plan.source,
        time_base=str(plan.time_base),
        frame_count=len(plan.timeline),
        pts_runs=to_runs(plan.timeline.pts),
        luma_hash=plan.timeline.luma_hash.astype(">u8").tobytes().hex(),
        shot_starts=[shot.start for shot in plan.shots],
        shot_pictures=[list(astuple(shot.picture)) for shot in plan.shots],
        shot_kinds=[shot.kind for shot in plan.shots],
        segments=[[s.shot, s.start, s.end, s.lead_start, s.lead_end] for s in plan.segments],
        shot_settings=plan.shot_settings,
        segment_settings=plan.segment_settings,
        damage=list(plan.damage),
        fields=plan.fields,
        is_deinterlaced=plan.is_deinterlaced,
        tags=plan.tags,
    )
    write_json(path, file.model_dump(mode="json"), compact=True)


def read_plan(path: Path) -> Plan:
    """The plan that `write_plan` wrote, alike in every value. Raises SettingsError where it is none."""
    refuse_special_file(path, SettingsError)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read the plan {path}: {error.strerror}") from error
    try:
        return _to_plan(_PlanFile.model_validate_json(data))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        reason = f"{place}: {fault['msg']}" if place else fault["msg"]
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        reason = str(error)
    raise SettingsError(f"{path} is not a plan that this version can use ({reason}); plan the film again")


def _with_small_luma(
    frames: Iterator[Frame], film: FilmInfo
) -> Iterator[tuple[Frame, npt.NDArray[np.uint8]]]:
    """Each frame beside the small picture of it that shots, borders and kinds are found by."""
    for frame in frames:
        yield frame, small_luma(seen_luma(frame), depth=film.pixel_format.depth)


class _PlanFile(BaseModel):
    """The JSON file, member by member."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: Literal["kinochrome plan"]
    format: Literal[2]
    source: Source
    time_base: str
    frame_count: int
    pts_runs: list[list[int]]
    """[first pts, step, frames] of each stretch of even steps."""
    luma_hash: str
    """16 hexadecimal digits a frame."""
    shot_starts: list[int]
    shot_pictures: list[list[float]]
    """[top, bottom, left, right] of each shot's picture area."""
    shot_kinds: list[ShotKind]
    segments: list[list[int]]
    """[shot, start, end, lead start, lead end] of each."""
    shot_settings: ShotSettings
    segment_settings: SegmentSettings
    damage: list[Damage] = []
    fields: FieldCount | None = None
    is_deinterlaced: bool = False
    tags: PictureTags | None = None


def _to_plan(file: _PlanFile) -> Plan:
    hashes = np.frombuffer(bytes.fromhex(file.luma_hash), ">u8").astype(np.uint64)
    if len(hashes) != file.frame_count:
        raise ValueError(f"{len(hashes)} hashes for {file.frame_count} frames")
    ends = [*file.shot_starts[1:], file.frame_count]
    return Plan(
        source=file.source,
        time_base=Fraction(file.time_base),
        timeline=Timeline(pts=from_runs(file.pts_runs, file.frame_count), luma_hash=hashes),
        shots=tuple(
            Shot(index=index, start=start, end=end, picture=_to_area(area), kind=kind)
            for index, (start, end, area, kind) in enumerate(
                zip(file.shot_starts, ends, file.shot_pictures, file.shot_kinds, strict=True)
            )
        ),
        segments=tuple(
            Segment(index=index, shot=shot, start=start, end=end, lead_start=lead_start, lead_end=lead_end)
            for index, (shot, start, end, lead_start, lead_end) in enumerate(file.segments)
        ),
        shot_settings=file.shot_settings,
        segment_settings=file.segment_settings,
        damage=tuple(file.damage),
        fields=file.fields,
        is_deinterlaced=file.is_deinterlaced,
        tags=file.tags,
    )


def _to_area(shares: list[float]) -> PictureArea:
    top, bottom, left, right = shares
    return PictureArea(top=top, bottom=bottom, left=left, right=right)


def _claimed_frames(film: FilmInfo) -> int | None:
    """How many frames the header claims, for a progress bar only."""
    seconds, rate = film.duration_seconds_from_header, film.rate_from_header
    return None if seconds is None or rate is None else max(1, round(seconds * rate))


def _with_total(claimed: int | None, progress: StageProgress | None) -> StageProgress:
    """Reports to `progress` with the number of frames that the header claims as the total, or more once more came."""

    def count(stage: str, done: int, total: int | None) -> None:
        if progress is not None:
            progress(stage, done, None if claimed is None else max(claimed, done))

    return count
