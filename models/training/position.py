"""How far a training had come when its checkpoint was written, read from the checkpoint's header."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from models.errors import TrainingError
from models.training.validation import Figures


@dataclass(frozen=True, kw_only=True)
class Scores:
    """One validation."""

    step: int
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class Position:
    """The place in the schedule; steps count from the beginning of the training."""

    step: int
    stage_index: int
    stage_start: int
    stale: int
    """Validations since the best one."""
    best: Scores | None

    def __post_init__(self) -> None:
        if min(self.step, self.stage_index, self.stage_start, self.stale) < 0:
            raise TrainingError("a step is 0 or more")


def read_position(header: Mapping[str, Any], *, stages: int) -> Position:
    """The position in a schedule of so many stages. Raises ValueError, one line, where the header tells of none."""
    try:
        index, start, stale = header["stage"]
        values = {"step": header["step"], "stage_index": index, "stage_start": start, "stale": stale}
        position = TypeAdapter(Position).validate_python(values | {"best": header["best"]})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    except (KeyError, TypeError) as error:
        raise ValueError("its header tells no step, stage or best validation") from error
    if position.stage_index > stages:
        raise ValueError(f"it is in stage {position.stage_index} of {stages}")
    return position
