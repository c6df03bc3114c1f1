"""What all requests and answers have in common. A field that is there stays there, under its name."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Request(BaseModel):
    """What is asked; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Answer(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Client = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A name that each browser tab makes for itself."""
ShotNumber = Annotated[int, Field(ge=0)]


class Fault(Answer):
    """What is wrong."""

    lines: list[str]
    """Each says what is wrong and what would work."""


class Refused(Answer):
    """Every error."""

    error: Fault
    code: str
    offset: int | None = None
    """Of an upload whose piece does not begin where the last one ended."""


class Empty(Request):
    """Nothing more needs to be said."""
