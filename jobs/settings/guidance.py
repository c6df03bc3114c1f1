"""Decides from a job and its film's plan what colours are given for each shot.

What stands under `shots:` comes beside what stands for the film: lists one after the other, names and single values
of the shot win.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from jobs.settings.guidance_file import check_look, guidance_sections, is_look_file, picture_file
from jobs.settings.layers import Fault, Loc, refuse
from jobs.settings.shot_choices import choose_treatments
from jobs.settings.shots import format_ranges
from pipeline.colorize.grade import ColorSource
from pipeline.errors import SettingsError
from pipeline.guidance.hints.words import check_nouns
from pipeline.guidance.looks.color_names import NEUTRAL, GivenColor, parse_color, parse_named_colors
from pipeline.guidance.looks.look import parse_look
from pipeline.guidance.looks.paling import ANY_LIGHTNESS, Lab
from pipeline.guidance.settings import Guidance
from pipeline.guidance.shot_guidance import ShotGuidance, ShotOverlay, ShotReference
from pipeline.media import FilmInfo
from pipeline.timecode import FrameNumbers, Place

if TYPE_CHECKING:
    from jobs.settings.job import Job
    from pipeline.plan.plan import Plan

_Made = TypeVar("_Made")


def choose_guidance(job: "Job", film: FilmInfo, plan: "Plan") -> tuple[ShotGuidance | None, ...]:
    """What is given for every shot: a recoloured one gets the look alone, one that keeps its colour or stays grey None.

    Raises SettingsError with a line for each fault: a frame that the film does not have or that is not of the shot, a
    colour that does not exist, a file that cannot be read.
    """
    choices = choose_treatments(job, plan)
    return tuple(
        collected.made(choice.treatment.source)
        for collected, choice in zip(_of_film(job, film, plan), choices, strict=True)
    )


def idle_guidance(job: "Job", film: FilmInfo, plan: "Plan") -> list[str]:
    """A line where marks or painted frames were given for shots whose colours are not predicted, or nothing is used."""
    choices = choose_treatments(job, plan)
    given = [
        (shot.index, collected, choice.treatment.source)
        for shot, collected, choice in zip(plan.shots, _of_film(job, film, plan), choices, strict=True)
        if collected.is_given
    ]
    idle = [index for index, collected, source in given if source != "predicted" and collected.is_placed]
    if not idle and given and all(collected.made(source) is None for _, collected, source in given):
        return [
            "guidance: nothing of it is used: the shots that it is for are none that the network colours; "
            "recolour: true would give the look to shots that are in colour"
        ]
    if not idle:
        return []
    many = "shots" if len(idle) > 1 else "shot"
    return [
        f"guidance: marks and painted frames change nothing of {many} {format_ranges(idle)}, which the network does "
        "not colour; skip: false, or keep_original: false, would have it coloured"
    ]


def _of_film(job: "Job", film: FilmInfo, plan: "Plan") -> "list[_Collected]":
    """What was found for every shot of a planned film."""
    sections = list(guidance_sections(job, len(plan.shots)))
    if not sections:
        return [_Collected() for _ in plan.shots]
    return _collect(job, sections, FrameNumbers.of_film(film, plan.timeline, plan.shots))


def choose_still_guidance(job: "Job") -> ShotGuidance | None:
    """What is given for the stills of a job, each of which is frame 0. Raises as `choose_guidance`."""
    still = FrameNumbers(
        pts=np.zeros(1, np.int64), time_base=Fraction(1, 25), shots=(range(1),), timecode=None, what="still"
    )
    (collected,) = _collect(job, list(guidance_sections(job, 1)), still)
    return collected.made("predicted")


def guidance_faults(job: "Job") -> list[Fault]:
    """What is wrong with a job's guidance as far as it shows without the film: colours, looks, files."""
    reader, sections = _Reader(job, _AnyFrame()), list(guidance_sections(job, 1))
    for loc, guidance, _ in sections:
        reader.collect(guidance, loc, None, [_Collected()])
        if guidance.recolour and job.is_of_stills:
            reader.fault(
                (*loc, "recolour"), "is for films; without it the look goes over a still's new colours"
            )
        elif guidance.recolour and all(one.look is None for _, one, _ in sections):
            reader.fault((*loc, "recolour"), "true needs a look; look: sepia would work")
    return reader.faults


class _AnyFrame(FrameNumbers):
    """The frames of a film that nobody has looked at yet."""

    def __init__(self) -> None:
        super().__init__(pts=np.zeros(1, np.int64), time_base=Fraction(1), shots=(range(1),), timecode=None)

    def number(self, place: Place) -> int:
        """0, whatever is meant."""
        return 0


class _Collected:
    """What was found for one shot so far."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.lists: dict[str, list[object]] = {}
        self.names: dict[str, dict[str, Lab]] = {"words": {}, "regions": {}}

    @property
    def is_placed(self) -> bool:
        """Whether something was given on a frame of the shot."""
        return "marks" in self.lists or "overlays" in self.lists

    @property
    def is_given(self) -> bool:
        """Whether there is anything for the shot."""
        return bool(self.values or self.lists or any(self.names.values()))

    def made(self, source: ColorSource) -> ShotGuidance | None:
        """What is given for a shot that gets its colour from there; None where that is nothing."""
        if source == "recoloured":
            look = {name: value for name, value in self.values.items() if name.startswith("look")}
            return ShotGuidance(words={}, regions={}, **look)  # type: ignore[arg-type]
        if source != "predicted":
            return None
        if not self.is_given:
            return None
        lists = {name: tuple(parts) for name, parts in self.lists.items()}
        return ShotGuidance(**{**self.values, **lists, **self.names})  # type: ignore[arg-type]


def _collect(
    job: "Job", sections: Iterable[tuple[Loc, Guidance, tuple[int, ...] | None]], frames: FrameNumbers
) -> list[_Collected]:
    reader = _Reader(job, frames)
    found = [_Collected() for _ in frames.shots]
    for loc, guidance, shots in sections:
        reader.collect(guidance, loc, shots, found)
    refuse(reader.faults)
    return found


class _Reader:
    """Turns guidance of a job into what shots take, and notes the faults on the way."""

    def __init__(self, job: "Job", frames: FrameNumbers) -> None:
        self.faults: list[Fault] = []
        self._job, self._frames = job, frames
        film_colors = job.guidance.colours if job.guidance else {}
        self._colors = self._named(film_colors, ("guidance", "colours"))

    def collect(
        self, guidance: Guidance, loc: Loc, shots: tuple[int, ...] | None, found: list[_Collected]
    ) -> None:
        """Adds what a section gives to the shots that it is for."""
        colors = self._colors
        if shots is not None and guidance.colours:
            colors = {**colors, **self._named(guidance.colours, (*loc, "colours"))}
        self._collect_placed(guidance, loc, shots, found, colors)
        for index in range(len(found)) if shots is None else shots:
            self._collect_plain(guidance, loc, found[index], colors)

    def _collect_placed(
        self,
        guidance: Guidance,
        loc: Loc,
        shots: tuple[int, ...] | None,
        found: list[_Collected],
        colors: Mapping[str, GivenColor],
    ) -> None:
        """What stands on a frame goes to the shot of that frame."""
        for index, mark in enumerate(guidance.marks):
            here = (*loc, "marks", index)
            frame = self._frame(mark.frame, (*here, "frame"), shots)
            color = None
            if mark.shape != "erase":
                color = self._attempt((*here, "colour"), partial(parse_color, mark.colour, named=colors))
                if color is None:
                    continue
            if frame is not None:
                placed = mark.placed(None if color is None else _lab(color))
                found[self._shot_of(frame)].lists.setdefault("marks", []).append((frame, placed))
        for index, overlay in enumerate(guidance.overlays):
            here = (*loc, "overlays", index)
            frame = self._frame(overlay.frame, (*here, "frame"), shots)
            picture = self._attempt((*here, "file"), partial(picture_file, overlay.file))
            if frame is not None and picture is not None:
                made = ShotOverlay(frame=frame, picture=picture)
                found[self._shot_of(frame)].lists.setdefault("overlays", []).append(made)

    def _collect_plain(
        self, guidance: Guidance, loc: Loc, shot: _Collected, colors: Mapping[str, GivenColor]
    ) -> None:
        for index, part in enumerate(guidance.references):
            here = (*loc, "references", index)
            picture = self._attempt((*here, "file"), partial(picture_file, part.file))
            if picture is not None:
                frame = None if part.frame is None else self._frame(part.frame, (*here, "frame"), None)
                made = ShotReference(picture=picture, frame=frame, weight=part.weight)
                shot.lists.setdefault("references", []).append(made)
        for noun in guidance.words:
            self._attempt((*loc, "words", noun), partial(check_nouns, [noun]))
        for name in ("words", "regions"):
            for thing, value in getattr(guidance, name).items():
                color = self._attempt((*loc, name, thing), partial(parse_color, value, named=colors))
                if color is not None:
                    shot.names[name][thing] = _lab(color)
        for name in ("kind", "take", "seed", "look_strength"):
            if getattr(guidance, name) is not None:
                shot.values[name] = getattr(guidance, name)
        if guidance.look is not None:
            shot.values["look"], shot.values["look_file"] = guidance.look, None
            if not is_look_file(guidance.look):
                self._attempt((*loc, "look"), partial(parse_look, guidance.look, Path()))
            elif self._attempt((*loc, "look"), partial(check_look, guidance.look)):
                shot.values["look_file"] = self._attempt((*loc, "look"), partial(picture_file, guidance.look))

    def _named(self, colors: Mapping[str, object], loc: Loc) -> dict[str, GivenColor]:
        try:
            return parse_named_colors(colors)
        except SettingsError as error:
            for way, text in error.keys.items():
                self.fault((*loc, *way), text)
            return dict.fromkeys(colors, NEUTRAL)  # each is told once, and not where it is used as well

    def _frame(self, place: Place, loc: Loc, shots: tuple[int, ...] | None) -> int | None:
        """The number of a frame; None, and a fault, where it is none of these shots."""
        number = self._attempt(loc, partial(self._frames.number, place))
        if number is None or shots is None or self._shot_of(number) in shots:
            return number
        shot = self._shot_of(number)
        span = self._frames.shots[shot]
        text = f"found {place}, which is in shot {shot} (frames {span.start} to {span.stop - 1})"
        self.fault(loc, f"{text}; a frame of these shots would work")
        return None

    def _shot_of(self, frame: int) -> int:
        return next(index for index, span in enumerate(self._frames.shots) if frame in span)

    def _attempt(self, loc: Loc, make: Callable[[], _Made]) -> _Made | None:
        """What `make` makes; None, and a fault, where it refuses."""
        try:
            return make()
        except SettingsError as error:
            self.fault(loc, str(error))
            return None

    def fault(self, loc: Loc, text: str) -> None:
        """Notes what is wrong with the value at `loc`."""
        self.faults.append(Fault(self._job.origin(loc), ".".join(map(str, loc)), text))


def _lab(color: GivenColor) -> Lab:
    return (ANY_LIGHTNESS if color.lightness is None else color.lightness, color.a, color.b)
