"""The training loop: batches in, checkpoints and the best weights out.

It knows tensors only; where the batches come from and where progress goes is the caller's.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.checkpoint import read_tensors, write_tensors
from models.efficient import EfficientGenerator, Hints
from models.errors import TrainingError, WeightsError
from models.lab import SoftLabels, annealed_mean
from models.losses import rebalancing_weights, soft_cross_entropy


class Batch(Protocol):
    """What the loop needs of a batch: see `pipeline.samples.Sample`, with a leading N."""

    @property
    def lightness(self) -> Tensor: ...
    @property
    def ab(self) -> Tensor: ...
    @property
    def hint_ab(self) -> Tensor: ...
    @property
    def hint_confidence(self) -> Tensor: ...


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """The schedule of one training."""

    steps: int = 3000
    """Optimizer steps in all."""
    batch: int = 32
    """Samples a step."""
    rate: float = 1.5e-3
    """Peak learning rate of the decoder; rises for `warmup_steps`, then falls to 0 along a cosine."""
    warmup_steps: int = 50
    frozen_steps: int = 800
    """Steps before the encoder learns too."""
    encoder_rate: float = 0.1
    """The encoder's learning rate as a share of the decoder's."""
    unfrozen_from: int = 3
    """First encoder stage (0 to 6) that learns; earlier ones keep their ImageNet weights."""
    weight_decay: float = 0.02
    gradient_clip: float = 1.0
    """Largest norm of the gradient."""
    rebalance: float = 0.5
    """Share of the uniform distribution in the class weights (Zhang et al. 2016: 0.5)."""
    precision: str = "bf16"
    """bf16 (autocast) or fp32."""
    validate_every: int = 250
    """Steps between validations; a checkpoint is written at each."""
    temperature: float = 0.38
    """Of the annealed mean, for the ab RMSE of the validation."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "validate_every"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} {getattr(self, name)}: at least 1 works")
        if self.precision not in ("bf16", "fp32"):
            raise TrainingError(f"precision {self.precision!r}: bf16 or fp32 works")
        if not 0 <= self.unfrozen_from <= 6:
            raise TrainingError(f"unfrozen_from {self.unfrozen_from}: an encoder stage from 0 to 6 works")


@dataclass(frozen=True)
class Scores:
    """One validation."""

    step: int
    loss: float
    """Class-rebalanced cross-entropy; the best checkpoint is the one with the lowest."""
    ab_rmse: float
    """Root of the mean squared error over both channels, at the settings' temperature."""


class Trainer:
    """Generator, optimizer and schedule of one training; `fit` runs it, checkpoints carry it on."""

    def __init__(
        self,
        generator: EfficientGenerator,
        *,
        settings: TrainSettings,
        prior: npt.NDArray[np.float64],
        device: str,
    ) -> None:
        """`prior` (Q,) is the share of each ab bin in the training set."""
        self.settings, self.device, self.step = settings, torch.device(device), 0
        self.generator = generator.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.best: Scores | None = None
        self._labels = SoftLabels(generator.bins.cpu().numpy())
        self._bin_weight = torch.from_numpy(rebalancing_weights(prior, mix=settings.rebalance)).to(
            self.device
        )
        self._optimizer = torch.optim.AdamW(self._groups(), weight_decay=settings.weight_decay)

    def fit(
        self,
        batches: Iterable[Batch],
        *,
        validation: Sequence[Batch],
        checkpoint: Path,
        on_step: Callable[[int, float], None],
        on_best: Callable[[EfficientGenerator, Scores], None],
    ) -> Scores:
        """Train until `settings.steps`; returns the best validation.

        Writes `checkpoint` at each validation; calls `on_best` when the validation loss is the lowest yet.
        Raises TrainingError when the loss is not finite: the last checkpoint stays.
        """
        for batch in batches:
            loss = self.train_step(batch)
            on_step(self.step, loss)
            if self.step % self.settings.validate_every == 0 or self.step == self.settings.steps:
                scores = self.validate(validation)
                if self.best is None or scores.loss < self.best.loss:
                    self.best = scores
                    on_best(self.generator, scores)
                self.save(checkpoint)
            if self.step >= self.settings.steps:
                break
        if self.best is None:
            raise TrainingError(f"training stopped at step {self.step} before its first validation")
        return self.best

    def train_step(self, batch: Batch) -> float:
        """One optimizer step; returns the loss before it."""
        self._set_rates()
        self._set_modes()
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # dropout: the same after a resume
        loss = self._loss(self._logits(batch), batch)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(f"step {self.step}: the loss is {value}; a lower rate may help")
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.generator.parameters(), self.settings.gradient_clip)
        self._optimizer.step()
        self.step += 1
        return value

    @torch.no_grad()
    def validate(self, batches: Sequence[Batch]) -> Scores:
        """Loss and ab RMSE on batches that are never trained on."""
        self.generator.eval()
        losses, squares = [], []
        for batch in batches:
            logits = self._logits(batch)
            losses.append(float(self._loss(logits, batch)))
            ab = annealed_mean(logits, self.generator.bins, self.settings.temperature)
            squares.append(float((ab - batch.ab.to(self.device)).square().mean()))
        return Scores(self.step, float(np.mean(losses)), float(np.sqrt(np.mean(squares))))

    def save(self, path: Path) -> None:
        """Write everything that a resumed training needs."""
        tensors = {f"generator.{key}": value for key, value in self.generator.state_dict().items()}
        for index, state in self._optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in state.items()}
        best = asdict(self.best) if self.best else None
        write_tensors(
            path,
            tensors,
            {"kind": "training", "step": self.step, "best": best, "settings": asdict(self.settings)},
        )

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of the same settings; WeightsError when it is of another training."""
        tensors, header = read_tensors(path)
        if header.get("kind") != "training" or header.get("settings") != asdict(self.settings):
            raise WeightsError(
                f"checkpoint {path}: of another training or other settings; choose another out folder"
            )
        self.generator.load_state_dict(_under(tensors, "generator."))
        state: dict[int, dict[str, Any]] = {}
        for key, value in _under(tensors, "optimizer.").items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
        self._optimizer.load_state_dict(self._optimizer.state_dict() | {"state": state})
        self.step = int(header["step"])
        self.best = Scores(**header["best"]) if header["best"] else None

    def _groups(self) -> list[dict[str, Any]]:
        encoder = [p for stage in self._learning_stages() for p in stage.parameters()]
        known = {id(p) for p in self.generator.encoder.parameters()}
        decoder = [p for p in self.generator.parameters() if id(p) not in known]
        return [{"params": decoder, "share": 1.0}, {"params": encoder, "share": self.settings.encoder_rate}]

    def _learning_stages(self) -> list[torch.nn.Module]:
        return list(self.generator.encoder.stages)[self.settings.unfrozen_from :]

    def _set_rates(self) -> None:
        s, step = self.settings, self.step
        warm = min(1.0, (step + 1) / max(1, s.warmup_steps))
        rate = s.rate * warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / s.steps)))
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["share"]

    def _set_modes(self) -> None:
        self.generator.train()
        self.generator.encoder.eval()  # its normalisation keeps the ImageNet statistics
        self.generator.encoder.requires_grad_(False)
        for stage in self._learning_stages():
            stage.requires_grad_(self.step >= self.settings.frozen_steps)

    def _logits(self, batch: Batch) -> Tensor:
        hints = Hints(batch.hint_ab.to(self.device), batch.hint_confidence.to(self.device))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.precision == "bf16"):
            logits: Tensor = self.generator(batch.lightness.to(self.device), hints)
        return logits

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        index, weight = self._labels(batch.ab.to(self.device))
        return soft_cross_entropy(logits, index, weight, self._bin_weight)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
