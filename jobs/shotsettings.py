"""What a job file says of single shots: `shots: {"3-7,12": {saturation: 0.8}}`."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from jobs.settings.shots import parse_ranges
from pipeline.colorize.grade import ShotTreatment
from pipeline.errors import SettingsError


def _check_range(text: str) -> str:
    parse_ranges(text)
    return text


ShotRange = Annotated[
    str,
    AfterValidator(_check_range),
    WithJsonSchema({"type": "string", "pattern": r"^\s*[0-9]+(\s*[-:,]\s*[0-9]+)*\s*$"}),
]
"""Numbers of shots, from 0, both ends included: `3`, `5-7`, `0-9:2,40`; see `ranges.parse_ranges`."""


OF_PREDICTION = ("saturation", "hue_degrees", "weights")
"""Keys of what is predicted: nothing for a shot that keeps its own colour."""


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
