"""What a training leaves of its course: `log.jsonl`, TensorBoard's events, the bar and lines for a person.

`log.jsonl` holds {"step", losses…} every ten steps, {"validation": figures} and {"stage": name, "step"} lines, for
programs; `tensorboard --logdir` shows the events.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from jobs.progress.reporters import Progress
from models.training.position import Scores

LOG_NAME = "log.jsonl"
_EVERY_STEPS = 10


class TrainWriter:
    """Writes while a training runs; close it at the end."""

    def __init__(self, out: Path, *, steps: int, progress: Progress) -> None:
        self._path, self._steps, self._progress = out / LOG_NAME, steps, progress
        self._board = SummaryWriter(str(out / "tensorboard"))
        self._stage: str | None = None
        _cut_torn_line(self._path)

    def close(self) -> None:
        """Flush what TensorBoard still holds."""
        self._board.close()

    def step(self, step: int, losses: Mapping[str, float], *, stage: str) -> None:
        """Note a step's losses, and the stage that it belongs to where that is another."""
        if stage != self._stage:
            self._stage = stage
            self._write({"stage": stage, "step": step})
            self._progress.note(f"stage {stage} from step {step}")
        self._progress.stage("train", step, self._steps, unit="step")
        if step % _EVERY_STEPS == 0:
            self._write({"step": step} | {name: round(value, 5) for name, value in losses.items()})
            for name, value in losses.items():
                self._board.add_scalar(f"loss/{name}", value, step)

    def validation(self, scores: Scores, *, best: bool) -> None:
        """Note a validation and whether it is the best."""
        figures = scores.figures.as_json()
        self._write({"validation": {"step": scores.step, "best": best} | figures})
        for name, value in figures.items():
            if value is not None:
                self._board.add_scalar(f"validation/{name}", value, scores.step)
        summary = f"ab RMSE {scores.figures.ab_rmse:.2f}, CF {scores.figures.cf:.1f} of {scores.figures.cf_truth:.1f}"
        if scores.figures.kernel is not None:
            summary += f", kernel distance {1000 * scores.figures.kernel:.2f}"
        mark = "best yet, " if best else ""
        self._progress.note(f"step {scores.step}: {mark}score {scores.figures.score:.4f} ({summary})")

    def pictures(self, name: str, rgb: Tensor, step: int) -> None:
        """Show uint8 RGB pictures (N, 3, H, W) as a grid."""
        self._board.add_images(name, rgb, step)

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _cut_torn_line(path: Path) -> None:
    """Drops the line that a killed training was still writing."""
    if path.exists() and not (text := path.read_bytes()).endswith(b"\n"):
        os.truncate(path, text.rfind(b"\n") + 1)
