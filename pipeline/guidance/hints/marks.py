"""Marks: strokes, points, boxes and erasers that people draw on a frame."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import SettingsError
from pipeline.guidance.looks.paling import ANY_LIGHTNESS, Lab

Shape = Literal["stroke", "point", "box", "erase"]
Point = tuple[float, float]

MOST_POINTS = 10_000
"""Of one path."""
_LEAST_RADIUS, _MOST_RADIUS = 0.002, 0.5
_POINTS_OF: dict[Shape, tuple[int, int]] = {
    "stroke": (1, MOST_POINTS),
    "point": (1, 1),
    "box": (2, 2),
    "erase": (1, MOST_POINTS),
}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A mark as it is written in a job file."""

    shape: Shape = "stroke"
    """`stroke` and `point` give a colour, `box` gives one to the thing inside; `erase` leaves the predicted colour."""
    colour: str | tuple[float, float, float] = ""
    """A name, `#rrggbb`, `neutral`, or Lab; nothing for `erase`."""
    frame: int | str = 0
    """Number, seconds or timecode of the frame that it is drawn on."""
    path: tuple[Point, ...]
    """(x, y) in shares of the picture's width and height, 0 to 1: the line of a stroke, two corners of a box."""
    radius: float = 0.02
    """Of the brush, in shares of the picture's shorter side: 0.002 to 0.5."""

    def __post_init__(self) -> None:
        faults: dict[tuple[str, ...], str] = {}
        if self.shape not in _POINTS_OF:
            faults[("shape",)] = f"{self.shape!r}: {', '.join(_POINTS_OF)} work"
        elif fault := _path_fault(self.shape, self.path):
            faults[("path",)] = fault
        else:
            object.__setattr__(self, "path", tuple((float(x), float(y)) for x, y in self.path))
        if fault := self._color_fault():
            faults[("colour",)] = fault
        if not ((_is_number(self.frame) and self.frame == int(self.frame) >= 0) or _is_text(self.frame)):
            faults[("frame",)] = (
                f"{self.frame!r}: a frame's number from 0, seconds (`12.5s`) or a timecode works"
            )
        if not _is_number(self.radius) or not _LEAST_RADIUS <= self.radius <= _MOST_RADIUS:
            faults[("radius",)] = (
                f"{self.radius!r}: {_LEAST_RADIUS} to {_MOST_RADIUS} of the shorter side works"
            )
        if faults:
            raise SettingsError.of_keys(faults)

    def _color_fault(self) -> str:
        if self.shape == "erase":
            return f"{self.colour!r}: an eraser has no colour; leave the key out" if self.colour else ""
        if _is_text(self.colour):
            return ""
        if isinstance(self.colour, Sequence) and len(self.colour) == 3 and all(map(_is_number, self.colour)):
            return ""
        return f"{self.colour!r}: a colour's name, #rrggbb, neutral or three numbers of Lab work"

    def placed(self, color: Lab | None) -> "PlacedMark":
        """The mark with its colour resolved: the L* that it was named with, a and b; None for `erase`."""
        lightness, *ab = color or (ANY_LIGHTNESS,)
        return PlacedMark(
            shape=self.shape,
            path=self.path,
            radius=self.radius,
            ab=(ab[0], ab[1]) if ab else None,
            lightness=lightness,
        )


@dataclass(frozen=True, kw_only=True)
class PlacedMark:
    """A mark of one frame whose colour is known."""

    shape: Shape
    path: tuple[Point, ...]
    radius: float = 0.02
    ab: Point | None = None
    """CIE units, (0, 0) is neutral; None for `erase`. The picture keeps its own lightness."""
    lightness: float = ANY_LIGHTNESS
    """L* that the colour was named with: on places that are much lighter it pales, see `looks/paling.py`."""

    def __post_init__(self) -> None:
        if (self.ab is None) != (self.shape == "erase"):
            raise ValueError(f"a mark of shape {self.shape} with ab {self.ab}")


def _path_fault(shape: Shape, path: Sequence[Sequence[float]]) -> str:
    least, most = _POINTS_OF[shape]
    if not least <= len(path) <= most:
        works = f"{least}" if least == most else f"{least} to {most:,}"
        return f"{len(path):,} points; a {shape} has {works}"
    for number, point in enumerate(path):
        if not isinstance(point, tuple | list) or len(point) != 2 or not all(map(_is_number, point)):
            return f"point {number} is {point!r}; two numbers (x, y) in shares of the picture work"
        if not all(0 <= value <= 1 for value in point):
            return f"point {number} is {point[0]:g}, {point[1]:g}, outside the picture; 0 to 1 works"
    if shape == "box" and (path[0][0] == path[1][0] or path[0][1] == path[1][1]):
        return "both corners of the box are on one line; two opposite corners work"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
