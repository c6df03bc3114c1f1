"""What became of a batch, for people and programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError


@dataclass(frozen=True, kw_only=True)
class WorkResult:
    """What became of one film or still."""

    source: Path
    output: Path
    is_film: bool
    error: str | None = None
    """Why there is no output, in one line."""
    done_before: bool = False
    """Whether it was done when the command began."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the run that made it said: `frames`, `shots`, `seconds`, `notes`."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be kept unchanged, a line each."""
        return tuple(self.details.get("notes", ()))


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """What became of every film and still."""

    output: Path
    """The output folder."""
    results: tuple[WorkResult, ...]
    others: tuple[Path, ...]
    """Files of the input that are neither film nor still."""

    @property
    def failed(self) -> tuple[WorkResult, ...]:
        """Those without an output."""
        return tuple(result for result in self.results if result.error is not None)


class BatchError(SourceError):
    """Some of a batch failed; `result` has all of it."""

    def __init__(self, message: str, result: BatchResult | None = None) -> None:
        super().__init__(message)
        self.result = result
