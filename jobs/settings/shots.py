"""Ranges of whole numbers as queues and farms write them: `3-7,12`, `0-99:2`. Both ends are included.

A range names shots, from 0. It may reach past the film's last shot, for farms give upper bounds: then it says so,
and names the shots that there are.

`ShotOverride` holds the settings of single shots in a job file: `shots: {"3-7,12": {saturation: 0.8}}`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from pipeline.colorize.grade import ShotTreatment
from pipeline.errors import SettingsError
from pipeline.guidance.settings import Guidance

_PART = re.compile(
    r"(?P<first>[0-9]{1,18})(?:\s*-\s*(?P<last>[0-9]{1,18})(?:\s*:\s*(?P<step>[0-9]{1,18}))?)?"
)
_EXAMPLE = "write it as 3-7,12 or 0-99:2"


@dataclass(frozen=True)
class Ranges:
    """Which numbers are meant; made by `parse_ranges`."""

    parts: tuple[range, ...]

    def pick(self, count: int) -> tuple[int, ...]:
        """The numbers below `count`, each once, rising. Costs no more than what it returns."""
        found: set[int] = set()
        for part in self.parts:
            found.update(range(part.start, min(part.stop, count), part.step))
        return tuple(sorted(found))

    def reaches_past(self, count: int) -> bool:
        """Whether a number is `count` or more."""
        return any(part[-1] >= count for part in self.parts)


def parse_ranges(text: str) -> Ranges:
    """The numbers that `a`, `a-b`, `a-b:step` and lists of them, set apart by commas, name; spaces do not count.

    Raises SettingsError, one line that quotes the faulty part.
    """
    return Ranges(tuple(_parse_part(part.strip(), text) for part in text.split(",")))


def _parse_part(part: str, text: str) -> range:
    match = _PART.fullmatch(part)
    if match is None:
        found = repr(part) if part else "nothing" if not text.strip() else f"an empty part in {text!r}"
        raise SettingsError(f"range: found {found}; {_EXAMPLE}")
    first, last, step = int(match["first"]), int(match["last"] or match["first"]), int(match["step"] or 1)
    if last < first:
        raise SettingsError(f"range: {part!r} runs backwards; {last}-{first} would work")
    if step < 1:
        raise SettingsError(f"range: {part!r} has a step of 0; 1 or more would work")
    return range(first, last + 1, step)


def _check_range(text: str) -> str:
    parse_ranges(text)
    return text


ShotRange = Annotated[
    str,
    AfterValidator(_check_range),
    WithJsonSchema({"type": "string", "pattern": r"^\s*[0-9]+(\s*[-:,]\s*[0-9]+)*\s*$"}),
]
"""Numbers of shots, from 0, both ends included: `3`, `5-7`, `0-9:2,40`; see `ranges.parse_ranges`."""


OF_TREATMENT = ("saturation", "hue_degrees", "weights")
OF_PREDICTION = (*OF_TREATMENT, "guidance")
"""Keys of what is predicted: nothing for a shot that keeps its own colour."""


def format_ranges(numbers: Iterable[int]) -> str:
    """Numbers as the shortest list of `a-b` that `parse_ranges` reads back: 3, 4, 5, 9 gives `3-5,9`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


@dataclass(frozen=True, kw_only=True)
class ShotOverride:
    """Settings of one shot or of several; what is not there is as for the whole film. Raises SettingsError."""

    saturation: float | None = None
    """Factor on the chroma, 0 to 2, instead of color.saturation."""
    hue_degrees: float | None = None
    """Turn of the chroma, -180 to 180, counterclockwise from Cb to Cr."""
    weights: str | None = None
    """`default`, or the path of a .safetensors file, relative to this file."""
    skip: bool | None = None
    """Whether the shot stays black-and-white: no colour is predicted."""
    keep_original: bool | None = None
    """Whether the shot keeps the source's own colour, untouched; false colours what would keep it."""
    guidance: Guidance | None = None
    """Colours that are given for these shots, beside those for the whole film."""

    def __post_init__(self) -> None:
        ShotTreatment(saturation=_or(self.saturation, 1.0), hue_degrees=_or(self.hue_degrees, 0.0))
        if self.skip and self.keep_original:
            raise SettingsError("skip does not go with keep_original: true; one of the two would work")
        change = next((name for name in OF_PREDICTION if getattr(self, name) is not None), None)
        for name in ("skip", "keep_original"):
            if getattr(self, name) and change is not None:
                raise SettingsError(f"{change} does not go with {name}: true; one of the two would work")
        if self.weights == "":
            raise SettingsError("weights: found an empty text; `default` or a path would work")


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
