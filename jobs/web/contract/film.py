"""Requests and answers about the shots, frames and colours of a film or still."""

from typing import Annotated, Any

from pydantic import Field

from jobs.web.contract.base import Answer, Request, ShotNumber


class Strip(Answer):
    """The small pictures of a shot."""

    grey: str
    colour: str | None
    frames: list[int]


class Shot(Answer):
    """A shot."""

    index: int
    start: int
    end: int
    seconds: float
    start_seconds: float
    timecode: str
    kind: str
    treatment: str
    attention: float | None
    """How much it wants to be looked at: 1 shows."""
    flicker: float | None
    colourfulness: float | None
    approved: bool
    redo: bool
    comment: str
    marks: int
    guided: bool
    stale: bool
    middle: int
    strip: Strip


class Shots(Answer):
    """The shots in the order of the film."""

    revision: int
    rate: float | None
    shots: list[Shot]


class Times(Answer):
    """When frames are shown, on the clock of the moving preview."""

    start: int
    end: int
    time_base: str
    seconds: list[float]


class LikelyColor(Answer):
    """A colour and its chance."""

    hex: str
    ab: tuple[float, float]
    share: float


class Likely(Answer):
    """The likely colours of a place."""

    frame: int
    x: float
    y: float
    grey: str
    colours: list[LikelyColor]


class Take(Answer):
    """What a shot could look like."""

    take: int
    name: str
    url: str


class Regions(Answer):
    """The regions of a shot."""

    url: str
    letters: list[str]


class Takes(Answer):
    """The takes of a shot."""

    shot: int
    frame: int
    takes: list[Take]
    regions: Regions


class Draft(Request):
    """A frame with what is being painted, in place of what the review has."""

    frame: ShotNumber
    shot: dict[str, Any] | None = None
    film: dict[str, Any] | None = None
    max_lines: Annotated[int, Field(ge=16, le=4320)] = 720
