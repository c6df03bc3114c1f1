"""Requests and answers about what people say and give."""

from typing import Annotated, Any

from pydantic import Field

from jobs.web.contract.base import Answer, Client, Request, ShotNumber


class ReviewState(Answer):
    """All that was said and given."""

    revision: int
    film: dict[str, Any]
    shots: dict[str, dict[str, Any]]


class FieldChange(Request):
    """A field that gets another value; null takes it away."""

    shot: ShotNumber | None
    field: Annotated[str, Field(max_length=40)]
    key: Annotated[str, Field(max_length=64)] | None = None
    value: Any = None


class Changes(Request):
    """Changes that are made together, or not at all."""

    client: Client
    base: Annotated[int, Field(ge=0)]
    changes: Annotated[list[FieldChange], Field(min_length=1, max_length=1000)]


class Conflict(Answer):
    """A value of somebody else that was replaced."""

    shot: int | None
    field: str
    key: str | None
    value: Any
    theirs: Any
    client: str
    revision: int
    time: str


class Changed(Answer):
    """What came of some changes."""

    revision: int
    conflicts: list[Conflict]


class LogEntry(Answer):
    """One change as it was made."""

    revision: int
    time: str
    client: str
    shot: int | None
    field: str
    key: str | None
    value: Any
    was: Any


class Log(Answer):
    """Changes in their order."""

    revision: int
    changes: list[LogEntry]
    more: bool


class NewReference(Answer):
    """A still in colour that was added."""

    id: str
    shot: int | None
    reference: dict[str, Any]
    revision: int
