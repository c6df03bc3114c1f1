"""Guidance as a job file holds it: for the film under `guidance:`, for single shots under `shots:`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pipeline.errors import SettingsError
from pipeline.guidance.hints.marks import Mark
from pipeline.guidance.hints.takes import MOST_TAKES
from pipeline.timecode import Place

Color = str | tuple[float, float, float]
"""A name of CSS or of the xkcd survey, one of the film's own `colours`, a hex number, or L, a and b."""
_MOST_MARKS = 10_000
_MOST_WEIGHT = 1.0


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A transparent PNG that was painted over an exported frame."""

    file: str
    """Its path, relative to this file."""
    frame: Place
    """The frame that it was painted over."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A still in colour."""

    file: str
    """Its path, relative to this file."""
    frame: Place | None = None
    """The frame that it shows; without it, it is looked for by its luma."""
    weight: float = 1.0
    """How much it counts beside others and beside the network, above 0 to 1."""

    def __post_init__(self) -> None:
        if not 0 < self.weight <= _MOST_WEIGHT or not math.isfinite(self.weight):
            raise SettingsError(f"weight: found {self.weight}; above 0, to {_MOST_WEIGHT:g}, would work")


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """How colours are given; what is not there is left to the network."""

    colours: Mapping[str, Color] = field(default_factory=dict)
    """Colours of the film, named once and used by name: `uniform: "#39455a"`."""
    marks: tuple[Mark, ...] = ()
    """Strokes, points, boxes and erasers, each on a frame."""
    overlays: tuple[Overlay, ...] = ()
    """Painted frames."""
    references: tuple[Reference, ...] = ()
    """Stills in colour."""
    words: Mapping[str, Color] = field(default_factory=dict)
    """Things by name: `sky: pale blue`."""
    regions: Mapping[str, Color] = field(default_factory=dict)
    """Lettered regions of a shot, as the sheet of `kinochrome takes` shows them: `A: navy`."""
    kind: Literal["photo", "sketch"] | None = None
    """`sketch`: line drawings and cels, in which a stroke fills the region that its lines enclose; else `photo`."""
    take: int | None = None
    """0 is the automatic colour, 1 and on are takes as `kinochrome takes` shows them."""
    seed: int | None = None
    """Another seed gives other takes."""
    look: str | None = None
    """Name of a look, or the path of a .cube file or of a picture whose colours are taken."""
    recolour: bool | None = None
    """Whether the look also goes over shots that keep the source's own colours; else these stay untouched."""
    look_strength: float | None = None
    """0 leaves the colours, 1 is the whole look."""

    def __post_init__(self) -> None:
        if len(self.marks) > _MOST_MARKS:
            raise SettingsError(f"marks: found {len(self.marks)}; {_MOST_MARKS:,} or less would work")
        if self.take is not None and not 0 <= self.take <= MOST_TAKES:
            raise SettingsError(f"take: found {self.take}; 0 to {MOST_TAKES} would work")
        if self.seed is not None and not 0 <= self.seed < 2**31:
            raise SettingsError(f"seed: found {self.seed}; 0 to 2147483647 would work")
        if self.look_strength is not None and not 0 <= self.look_strength <= 1:
            raise SettingsError(f"look_strength: found {self.look_strength}; 0 to 1 would work")

    def of_any_shot(self) -> "Guidance":
        """Without what is for single frames or for the regions of one shot."""
        references = tuple(reference for reference in self.references if reference.frame is None)
        return replace(self, marks=(), overlays=(), regions={}, references=references)
