"""Makes the hint maps of a shot's key frames: of marks, of paint over frames, of stills."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np

from pipeline.colorize.net_frame import NetFrame
from pipeline.colorize.optical_flow import Luma
from pipeline.colorize.sight import Sight
from pipeline.errors import SettingsError
from pipeline.guidance.hints.hint_map import Floats, HintMap, no_hints
from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.overlay import read_overlay
from pipeline.guidance.hints.points import hints_from_points
from pipeline.guidance.hints.references import (
    Rgb,
    check_shape,
    find_frame,
    foreign_key,
    hints_from_still,
    is_of_shape,
    luma_of_still,
)
from pipeline.guidance.hints.seeds import Seeds
from pipeline.guidance.hints.sketch import hints_from_sketch
from pipeline.guidance.hints.strokes import hints_from_seeds, hints_from_strokes
from pipeline.guidance.hints.travel import KeyFrame
from pipeline.guidance.looks.paling import kept_chroma
from pipeline.guidance.reference_file import read_colors
from pipeline.guidance.shot_guidance import ShotGuidance

MOST_KEYS = 24
"""Key frames of a shot, and stills of other scenes: each is carried to, or compared with, every frame."""
_SAME_AS_POINT = 20
"""Power of a point's confidence that says where it counts more than strokes and stills: at likenesses above 0.9."""

MakeHints = Callable[[Sight, Floats], HintMap]
"""The hints of a frame, from what the network sees of it and its small luma (h, w)."""


@dataclass(frozen=True)
class _Given:
    """Something that was given for a frame."""

    frame: int
    hints: MakeHints
    is_of_points: bool = False


@dataclass(frozen=True, kw_only=True)
class ShotFrames:
    """The frames of a shot, or a still as a shot of one frame, and how they are looked at."""

    numbers: range
    """In the film."""
    width: int
    height: int
    sample_aspect: float
    layout: NetFrame
    see: Callable[[int], tuple[Sight, Floats]]
    """A frame as the network sees it, and its small luma (h, w), by its number."""
    bins: Floats
    """(Q, 2): of the distributions that the network predicts."""
    see_still: Callable[[Floats], Sight]
    """A still of luma (H, W), 0..1, as the network sees it."""
    guides: Callable[[int, int], Iterator[Luma]]
    """The small lumas of whole frames, from a number to before another."""


def make_key_frames(guidance: ShotGuidance, frames: ShotFrames) -> tuple[KeyFrame, ...]:
    """The key frames of a shot by number, and after them its stills of other scenes.

    Raises SettingsError for what does not fit the shot, and for more of them than can be carried.
    """
    given, foreign = _of_stills(guidance, frames)
    given += _of_overlays(guidance, frames)
    given += _of_marks(guidance, frames)
    by_frame = groupby(sorted(given, key=lambda one: one.frame), key=lambda one: one.frame)
    groups = {number: list(group) for number, group in by_frame}
    if len(groups) + len(foreign) > MOST_KEYS:
        raise SettingsError(
            f"guidance: colours are given on {len(groups)} frames of this shot and by {len(foreign)} stills of other "
            f"scenes; {MOST_KEYS} in all would work"
        )
    return (*(_key_frame(number, group, frames) for number, group in groups.items()), *foreign)


def _key_frame(number: int, given: list[_Given], frames: ShotFrames) -> KeyFrame:
    """The frame with all its hints; of those of one place the later ones count."""
    sight, luma = frames.see(number)
    hints = no_hints(sight.shape)
    for one in given:
        try:
            made = one.hints(sight, luma)
        except SettingsError as error:
            raise SettingsError(f"guidance of frame {number}: {error}") from error
        hints = _with_points(hints, made) if one.is_of_points else made.on_top_of(hints)
    return KeyFrame(number, sight, luma, hints)


def _with_points(hints: HintMap, points: HintMap) -> HintMap:
    """Points reach far and unsurely: what else was given stays, but where a place looks just like a point's."""
    kept = hints.confidence * (1 - points.confidence**_SAME_AS_POINT)
    return HintMap(hints.ab, kept).on_top_of(points)


def _of_stills(guidance: ShotGuidance, frames: ShotFrames) -> tuple[list[_Given], list[KeyFrame]]:
    """Stills of the shot's own frames, and those of other scenes."""
    given, foreign = [], []
    size, aspect = (frames.width, frames.height), frames.sample_aspect
    for reference in guidance.references:
        if reference.frame is not None and reference.frame not in frames.numbers:
            continue
        still = read_colors(reference.picture.path)
        number = reference.frame
        if number is not None:
            check_shape(still, size, sample_aspect=aspect, name=str(reference.picture.path))
        elif is_of_shape(still, size, sample_aspect=aspect):
            number = _found_frame(still, frames)
        if number is None:
            sight = frames.see_still(luma_of_still(still).astype(np.float32) / np.float32(255))
            foreign.append(foreign_key(still, sight, weight=reference.weight))
            continue
        given.append(_Given(number, _still_hints(_inside(still, frames.layout), reference.weight)))
    return given, foreign


def _found_frame(still: Rgb, frames: ShotFrames) -> int | None:
    """The number of the frame that a still shows; None where it is of another scene."""
    found = find_frame(luma_of_still(still), frames.guides(frames.numbers.start, frames.numbers.stop))
    return frames.numbers[found.number] if found.is_of_shot else None


def _still_hints(still: Rgb, weight: float) -> MakeHints:
    return lambda sight, luma: hints_from_still(still, sight.lightness, weight=weight)


def _inside(still: Rgb, layout: NetFrame) -> Rgb:
    """A still of a whole frame without the film's borders."""
    lines, columns = layout.whole.output
    rows, across = layout.rows, layout.columns
    height, width = still.shape[:2]
    return still[
        rows.start * height // lines : rows.stop * height // lines,
        across.start * width // columns : across.stop * width // columns,
    ]


def _of_overlays(guidance: ShotGuidance, frames: ShotFrames) -> list[_Given]:
    given = []
    for part in guidance.overlays:
        whole = read_overlay(
            part.picture.path, frame_size=(frames.width, frames.height), shape=frames.layout.whole.output
        )
        cut = frames.layout.cut
        seeds = Seeds(whole.ab, cut(whole.coverage), cut(whole.erased), cut(whole.reach), whole.lightness)
        given.append(_Given(part.frame, partial(hints_from_seeds, seeds=seeds)))
    return given


def _of_marks(guidance: ShotGuidance, frames: ShotFrames) -> list[_Given]:
    """The strokes of each frame together, so that they compete for things, then its points."""
    marks: dict[int, list[PlacedMark]] = {}
    for number, mark in guidance.marks:
        marks.setdefault(number, []).append(_placed_inside(mark, frames.layout))
    given = []
    for number, of_frame in marks.items():
        strokes = [mark for mark in of_frame if mark.shape != "point"]
        points = [mark for mark in of_frame if mark.shape == "point" and mark.ab is not None]
        if strokes and guidance.kind == "sketch":
            given.append(_Given(number, _sketch_hints(strokes)))
        elif strokes:
            given.append(_Given(number, partial(hints_from_strokes, marks=strokes)))
        if points:
            given.append(_Given(number, _point_hints(points, frames.bins), is_of_points=True))
    return given


def _placed_inside(mark: PlacedMark, layout: NetFrame) -> PlacedMark:
    """A mark on a whole frame as one on the picture inside its borders."""
    lines, columns = layout.whole.output
    height, width = layout.rows.stop - layout.rows.start, layout.columns.stop - layout.columns.start
    path = tuple(
        (
            min(max((x * columns - layout.columns.start) / width, 0.0), 1.0),
            min(max((y * lines - layout.rows.start) / height, 0.0), 1.0),
        )
        for x, y in mark.path
    )
    return replace(mark, path=path, radius=mark.radius * min(lines, columns) / min(height, width))


def _sketch_hints(marks: list[PlacedMark]) -> MakeHints:
    return lambda sight, luma: hints_from_sketch(sight.lightness / np.float32(100), marks, sight.shape)


def _point_hints(marks: list[PlacedMark], bins: Floats) -> MakeHints:
    places = np.array([mark.path[0][::-1] for mark in marks], np.float32)
    colors = np.array([mark.ab for mark in marks], np.float32)
    named = np.array([mark.lightness for mark in marks], np.float32)

    def make(sight: Sight, luma: Floats) -> HintMap:
        rows, columns = (places * sight.shape).astype(np.intp).T
        here = sight.small_lightness[rows.clip(0, sight.shape[0] - 1), columns.clip(0, sight.shape[1] - 1)]
        given = colors * kept_chroma(here, named)[:, np.newaxis]
        return hints_from_points(sight, luma, places, given, bins=bins)

    return make
