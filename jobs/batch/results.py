"""What became of a batch, for people and programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.progress.reporters import one_line
from models.errors import ModelError
from pipeline.atomic_files import disk_fault
from pipeline.errors import KinochromeError, SourceError


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

    def as_json(self) -> dict[str, Any]:
        """For programs: counts, and what became of each film and still."""
        return {
            "output": str(self.output),
            "films": sum(one.is_film for one in self.results),
            "stills": sum(not one.is_film for one in self.results),
            "done_before": sum(one.done_before for one in self.results),
            "others": [str(path) for path in self.others],
            "results": [
                {
                    "source": str(one.source),
                    "output": str(one.output),
                    "state": "failed" if one.error else "kept" if one.done_before else "done",
                    "error": one.error,
                }
                for one in self.results
            ],
        }


class BatchError(SourceError):
    """Some of a batch failed; `result` has all of it."""

    def __init__(self, message: str, result: BatchResult | None = None) -> None:
        super().__init__(message)
        self.result = result


def without_name(message: str, source: Path) -> str:
    """Why a film failed, less its name, where the name stands beside it."""
    return message.removeprefix(f"cannot read {source}: ").removeprefix(f"{source}: ")


def expected_line(error: Exception) -> str | None:
    """The line for an error that can be expected; None for any other."""
    if isinstance(error, KinochromeError):
        return one_line("; ".join(error.lines))
    if isinstance(error, ModelError):
        return one_line(str(error))
    if isinstance(error, MemoryError):
        return "there is not enough memory; a smaller color.short_side, batch or encode.max_lines would work"
    return disk_fault(error) if isinstance(error, OSError) else None
