"""Requests and answers about the session, and about what there is to choose from."""

from typing import Annotated, Literal

from pydantic import Field

from jobs.web.contract.base import Answer, Request


class SignIn(Request):
    """The token of the server."""

    token: Annotated[str, Field(max_length=1000)]


class Limits(Answer):
    """How much is taken."""

    chunk_bytes: int
    upload_bytes: int
    streams: int
    picture_pixels: int
    stills: list[str]
    """Kinds of pictures that are read, such as PNG."""
    films: list[str]
    """Suffixes of films that are read, such as mkv."""


class Session(Answer):
    """Who asks, and what the server is."""

    token_needed: bool
    signed_in: bool
    version: str
    root: str
    """Name of the folder."""
    worker: Literal["running", "stopped", "off"]
    limits: Limits


class Filter(Answer):
    """What a film may be."""

    id: str
    name: str
    group: Literal["basic", "process", "tint"]
    text: str


class Preset(Answer):
    """How a film may be rendered."""

    id: str
    name: str
    text: str
    suffix: str


class Looks(Answer):
    """What there is to choose from."""

    filters: list[Filter]
    presets: list[Preset]
    nouns: list[str]
    """Things that take a colour by name."""


class NamedColor(Answer):
    """A colour that has a name."""

    name: str
    hex: str
    ab: tuple[float, float]


class Colors(Answer):
    """Colours whose names match."""

    colours: list[NamedColor]
