"""Decides from a job and its film's plan how each shot is treated, and which key of the job file says so; sums up what
colour the shots have already.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from jobs.settings.layers import Fault, refuse
from jobs.settings.shots import OF_PREDICTION, OF_TREATMENT, ShotOverride, format_ranges, parse_ranges
from pipeline.colorize.grade import ColorSource, ShotTreatment
from pipeline.guidance.settings import Guidance
from pipeline.media import Shot, ShotKind

if TYPE_CHECKING:
    from jobs.settings.job import Job
    from pipeline.plan.plan import Plan

_NAMES = {
    "saturation": "color.saturation",
    "hue_degrees": "color.hue_degrees",
    "weights": "weights",
    "skip": "color.source",
    "keep_original": "color.source",
}
"""Of what the keys of an override change, among the inputs of a segment."""
_SOURCES: Mapping[str, ColorSource] = {"skip": "grey", "keep_original": "original"}

_OF_ITS_OWN = "with colour of the source's own; keep_original: false would have it predicted"
_NEUTRAL = "with a title or a blank frame, left neutral; skip: false would have it coloured"
_RECOLORED = "whose own colours get the look; keep_original: false would have them predicted"
_MADE: dict[ColorSource, str] = {
    "predicted": "coloured",
    "grey": "left grey",
    "original": "kept untouched",
    "recoloured": "recoloured by the look",
}


@dataclass(frozen=True, kw_only=True)
class ShotChoice:
    """What becomes of a shot, and why."""

    treatment: ShotTreatment
    keys: Mapping[str, str]
    """Input of a segment to the key of the job file that set it for this shot alone: `shots.3-7.saturation`."""


def choose_treatments(job: "Job", plan: "Plan") -> tuple[ShotChoice, ...]:
    """What becomes of every shot: one that has colours already keeps them, one that has a tint as `tinted` says, a
    card as `cards` says unless its tint is kept.

    What `shots:` says of it wins; where its entries overlap the later one does, key by key.
    """
    plain = ShotTreatment(saturation=job.color.saturation, weights=job.weights)
    sources: dict[ShotKind, ColorSource] = {"colour": "original"}
    if job.cards == "grey" and job.from_proxy is None:  # in a proxy somebody may have given a card its colour
        sources |= {"card": "grey", "tinted card": "grey"}
    if job.tinted == "keep":
        sources |= {"tinted": "original", "tinted card": "original"}
    found = [
        ShotChoice(treatment=replace(plain, source=sources.get(shot.kind, "predicted")), keys={})
        for shot in plan.shots
    ]
    for text, override in job.shots.items():
        for index in parse_ranges(text).pick(len(found)):
            found[index] = _changed(found[index], override, key=f"shots.{text}")
    recolored = _recolored(job, found)
    return tuple(_settled(choice, plain) for choice in recolored)


def idle_settings(job: "Job", plan: "Plan") -> list[str]:
    """A line for each setting of `shots:` that changes nothing, where the shot keeps the source's own colour or is a
    card that stays neutral."""
    choices, lines = choose_treatments(job, plan), []
    for text, override in job.shots.items():
        picked = parse_ranges(text).pick(len(choices))
        own = [index for index in picked if choices[index].treatment.source == "original"]
        cards = [
            index for index in picked if choices[index].treatment.source == "grey" and not choices[index].keys
        ]
        themed = [index for index in picked if choices[index].treatment.source == "recoloured"]
        idle = ((own, _OF_ITS_OWN, OF_PREDICTION), (cards, _NEUTRAL, OF_PREDICTION))
        for indices, what, names in (*idle, (themed, _RECOLORED, OF_TREATMENT)):
            lines += [
                f"shots.{text}.{name} changes nothing of {'shots' if len(indices) > 1 else 'shot'} "
                f"{format_ranges(indices)} {what}"
                for name in names
                if indices and getattr(override, name) is not None
            ]
    return lines


def check_shots(job: "Job", plan: "Plan") -> None:
    """Raises SettingsError, a line for each, where `shots:` names shots that the film does not have."""
    count = len(plan.shots)
    message = f"the film has {count} shots, 0 to {count - 1}" if count > 1 else "the film has one shot, 0"
    refuse(
        Fault(job.origin(("shots", text)), f"shots.{text}", f"{message}; numbers of these would work")
        for text in job.shots
        if parse_ranges(text).reaches_past(count)
    )


def weights_of_shots(job: "Job") -> tuple[str, ...]:
    """The weights that overrides name beside the job's own, each once."""
    named = (override.weights for override in job.shots.values())
    return tuple(dict.fromkeys(name for name in named if name not in (None, job.weights)))


def kinds_line(shots: Sequence[Shot], choices: Sequence[ShotChoice]) -> str:
    """`3 colour shots are kept untouched: 4,7-8; …` of what is not simply grey and coloured; else empty."""
    groups: dict[tuple[str, ColorSource], list[int]] = {}
    for shot, choice in zip(shots, choices, strict=True):
        groups.setdefault((shot.kind, choice.treatment.source), []).append(shot.index)
    lines = []
    for (kind, source), indices in sorted(groups.items()):
        if (kind, source) != ("grey", "predicted"):
            many = "shot is" if len(indices) == 1 else "shots are"
            lines.append(f"{len(indices)} {kind} {many} {_MADE[source]}: {format_ranges(indices)}")
    return "; ".join(lines)


def count_kinds(shots: Sequence[Shot]) -> dict[str, int]:
    """How many shots there are of every kind."""
    found = Counter(shot.kind for shot in shots)
    return {kind: found[kind] for kind in get_args(ShotKind)}


def _changed(choice: ShotChoice, override: ShotOverride, *, key: str) -> ShotChoice:
    treatment, keys = choice.treatment, dict(choice.keys)
    for name in OF_TREATMENT:
        value = getattr(override, name)
        if value is not None:
            treatment = replace(treatment, **{name: value})
            keys[_NAMES[name]] = f"{key}.{name}"
    if override.guidance is not None:
        keys["guidance"] = f"{key}.guidance"
    for name, source in _SOURCES.items():
        is_asked = getattr(override, name)
        if is_asked or (is_asked is False and treatment.source == source):
            treatment = replace(treatment, source=source if is_asked else "predicted")
            keys[_NAMES[name]] = f"{key}.{name}"
    return ShotChoice(treatment=treatment, keys=keys)


def _recolored(job: "Job", choices: Sequence[ShotChoice]) -> Iterator[ShotChoice]:
    """The choices; a look goes over the source's own colours where `recolour` asks for it and `keep_original` does not.

    Of guidance for the film and for single shots, the last that says something counts.
    """
    sections: list[tuple[str, Guidance | None, Sequence[int]]] = [("", job.guidance, range(len(choices)))]
    sections += [
        (f"shots.{text}.guidance.recolour", override.guidance, parse_ranges(text).pick(len(choices)))
        for text, override in job.shots.items()
    ]
    for index, choice in enumerate(choices):
        said: dict[str, object] = {"recolour": False, "look": None, "look_strength": 1.0}
        asked_by = ""
        for key, guidance, picked in sections:
            if guidance is None or index not in picked:
                continue
            said |= {name: value for name in said if (value := getattr(guidance, name)) is not None}
            asked_by = key if guidance.recolour is not None else asked_by
        is_kept = choice.treatment.source != "original" or _NAMES["keep_original"] in choice.keys
        if is_kept or not said["recolour"] or said["look"] is None or not said["look_strength"]:
            yield choice
        else:
            keys = {**choice.keys, **({_NAMES["keep_original"]: asked_by} if asked_by else {})}
            yield ShotChoice(treatment=replace(choice.treatment, source="recoloured"), keys=keys)


def _settled(choice: ShotChoice, plain: ShotTreatment) -> ShotChoice:
    """Without settings of a prediction where nothing is predicted: they change no pixel."""
    source = choice.treatment.source
    if source == "predicted":
        return choice
    inputs = ("color.source", "guidance") if source == "recoloured" else ("color.source",)
    keys = {name: key for name, key in choice.keys.items() if name in inputs}
    return ShotChoice(treatment=ShotTreatment(source=source, weights=plain.weights), keys=keys)
