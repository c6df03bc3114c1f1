"""Reads and writes a plan as one JSON file."""

from dataclasses import astuple
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.atomic_files import write_json
from pipeline.errors import SettingsError
from pipeline.fields import FieldCount
from pipeline.media import PictureArea, Segment, Shot, ShotKind
from pipeline.plan.damage import Damage
from pipeline.plan.fingerprint import Source
from pipeline.plan.plan import Plan
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.regular_file import refuse_special_file
from pipeline.source.picture_tags import PictureTags
from pipeline.timeline import Timeline, from_runs, to_runs


def write_plan(plan: Plan, path: Path) -> None:
    """Publishes the plan as one JSON file; equal plans give the same bytes. Raises OutputError as `publish` does."""
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
    """The plan that `write_plan` wrote, equal in every value. Raises SettingsError where there is none."""
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
