"""The log of a training, read back: series of figures by step."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

from models.validation import Figures
from pipeline.errors import SettingsError
from pipeline.regularfile import refuse_special_file

Series = dict[int, float]
"""Values by step. Where a resumed training logs a step again, the later line counts."""


@dataclass
class TrainingLog:
    """What a log.jsonl tells."""

    scalars: dict[str, Series] = field(default_factory=lambda: defaultdict(dict))
    """What is logged with a step, by name: the loss and its parts."""
    validations: dict[str, Series] = field(default_factory=lambda: defaultdict(dict))
    """Figures of the validations, and their score, by name."""
    stages: dict[str, int] = field(default_factory=dict)
    """First step of each stage that is told."""

    def best_step(self) -> int | None:
        """The step of the lowest score; None without scores."""
        scores = {step: score for step, score in self.validations["score"].items() if math.isfinite(score)}
        return min(scores, key=scores.__getitem__) if scores else None


def read_log(log: Path) -> TrainingLog:
    """The series of a log.jsonl.

    Of it: `{"step": n, "loss": x, ...}` with any other scalars, `{"validation": {"step": n, ...}}` with
    `models.validation.Figures`, `{"stage": name, "step": n}`; lines without a number are passed over. Raises
    SettingsError, naming the line, where it cannot be read, is broken or has no figures.
    """
    refuse_special_file(log, SettingsError)
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"cannot read {log}: {error}") from error
    found = TrainingLog()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            _take_line(found, line, f"{log}, line {number}")
    if not found.scalars and not found.validations:
        raise SettingsError(f"{log}: no figures in it yet; a training that has run some steps works")
    return found


def _take_line(found: TrainingLog, line: str, where: str) -> None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{where}: not JSON ({error}); the log.jsonl of a training works") from error
    if not isinstance(value, dict):
        raise SettingsError(f"{where}: found {line[:40]}; an object with a step works")
    if "validation" in value:
        figures = value["validation"]
        if not isinstance(figures, dict):
            raise SettingsError(
                f"{where}: validation: found {str(figures)[:40]}; an object with a step works"
            )
        step = _step_of(figures, where)
        for name, figure in (_scalars(figures) | _score(figures)).items():
            found.validations[name][step] = figure
    elif "stage" in value:
        found.stages.setdefault(str(value["stage"]), _step_of(value, where))
    elif scalars := _scalars(value):
        step = _step_of(value, where)
        for name, scalar in scalars.items():
            found.scalars[name][step] = scalar


def _step_of(value: Mapping[str, Any], where: str) -> int:
    step = value.get("step")
    if isinstance(step, bool) or not isinstance(step, int):
        raise SettingsError(f"{where}: step: found {str(step)[:40]}; a whole number works")
    return step


def _scalars(value: Mapping[str, Any]) -> dict[str, float]:
    """The numbers in a line, but for its step."""
    return {
        name: float(one)
        for name, one in value.items()
        if name != "step" and isinstance(one, int | float) and not isinstance(one, bool)
    }


def _score(figures: Mapping[str, Any]) -> dict[str, float]:
    """The score of a validation that does not tell it, where its figures allow one."""
    known = _scalars(figures)
    if "score" in known or min(known.get("grey_ab_rmse", 0), known.get("cf_truth", 0)) <= 0:
        return {}
    if not {"ab_rmse", "cf", "delta_cf"} <= set(known):
        return {}
    return {"score": Figures(**{one.name: known.get(one.name) for one in fields_of(Figures)}).score}  # type: ignore[arg-type]
