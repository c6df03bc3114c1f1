"""The training loop: takes batches of tensors, writes checkpoints and keeps the best weights.

The caller decides where batches come from and where progress goes. The conditional GAN takes one step of the
discriminator and one of the generator on each batch (Isola et al. 2017, section 3.3).
"""

import contextlib
import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.checkpoint import adam_state, flatten, load_optimizer, under, write_tensors
from models.errors import TrainingError, WeightsError
from models.networks.generator import Generator, Hints
from models.tensor_file import open_tensors, shortened
from models.training import distributed
from models.training.batch import Batch
from models.training.ema import AveragedWeights
from models.training.objective import Objective
from models.training.parameters import parameter_groups, set_learning, set_modes, set_rates
from models.training.position import Scores, read_position
from models.training.schedule import Stage, TrainSettings
from models.training.teacher import TeacherWeights
from models.training.validation import Validation


class Trainer:
    """Generator, discriminator, optimizers and schedule of one training, which `save` and `load` let resume."""

    def __init__(
        self,
        generator: Generator,
        *,
        settings: TrainSettings,
        prior: npt.NDArray[np.float64] | None,
        device: str,
        remembers: bool = False,
    ) -> None:
        """`prior` (Q,) is the share of each ab bin in the training set; needed where a stage has cross-entropy.

        `remembers`: batches will hold pictures of a base, for which the generator is to keep the colours that it gives
        now. Raises TrainingError where cross-entropy lacks `prior` or its bins.
        """
        self.settings, self.device = settings, torch.device(device)
        self.step, self.stage_index = 0, 0
        self.best: Scores | None = None
        self._stage_start, self._stale = 0, 0
        distributed.synchronize_norms(generator)
        self.generator = generator.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._objective = Objective(self.generator, settings=settings, prior=prior, device=self.device)
        self._optimizer = torch.optim.AdamW(
            parameter_groups(self.generator), betas=settings.betas, weight_decay=settings.weight_decay
        )
        self._teacher = TeacherWeights(self.generator) if remembers else None
        self._shown = settings.vividness if settings.learns_shown else 1.0
        self._averaged = AveragedWeights(self.generator, decay=settings.average)
        self.result = self._averaged.make()
        """The generator that was validated last, and is kept if it is the best."""
        self._enter_stage()

    @property
    def stage(self) -> Stage:
        """The stage that the next step belongs to."""
        return self.settings.stages[self.stage_index]

    @property
    def finished(self) -> bool:
        """Whether all stages are over."""
        return self.stage_index == len(self.settings.stages)

    def fit(
        self,
        batches: Iterable[Batch],
        *,
        validation: Validation,
        checkpoint: Path,
        on_step: Callable[[int, Mapping[str, float]], None],
        on_validation: Callable[[Scores, bool], None],
    ) -> Scores:
        """Trains to the end of the last stage and returns the validation with the best score.

        Calls `on_step` with (step, losses by name), and `on_validation` with (scores, whether the weights are to be
        kept). Writes `checkpoint` after each validation, and every `checkpoint_every` steps. Raises TrainingError where
        a loss is not finite, in which case the last checkpoint stays, and where batches end before any validation.
        """
        for batch in batches:
            if self.finished:
                break
            on_step(self.step + 1, self.train_step(batch))
            last = self.step - self._stage_start >= self.stage.steps
            judged = last or self.step % self.settings.validate_every == 0
            if judged:
                self._judge(validation, on_validation)
                if last or (self.settings.patience and self._stale >= self.settings.patience):
                    self._next_stage()
            if distributed.rank() == 0 and (judged or self._saves_here()):
                self.save(checkpoint)
        if self.best is None:
            raise TrainingError(f"training stopped at step {self.step} before its first validation")
        return self.best

    def train_step(self, batch: Batch) -> dict[str, float]:
        """A step of the discriminator, if the stage has one, and of the generator; returns the losses by name."""
        set_rates(self._optimizer, self.stage, step=self.step - self._stage_start)
        self._forward.train()
        set_modes(self.generator, self.settings)
        torch.manual_seed((self.settings.seed * 1_000_003 + self.step) * 1009 + distributed.rank())  # dropout
        losses = self._learn(batch)
        self.step += 1
        self._averaged.update()
        return {name: distributed.mean_over_processes(value, self.device) for name, value in losses.items()}

    @torch.no_grad()
    def predict(self, lightness: Tensor) -> Tensor:
        """L* (N, 1, H, W) → the ab (N, 2, H/4, W/4) of `result`, without hints; see `learns_shown`."""
        with self._autocast():
            ab = self.result.colorize(lightness.to(self.device), temperature=self.settings.temperature)
        return ab * self._shown

    def save(self, path: Path) -> None:
        """Writes a checkpoint with all that a resumed training needs."""
        header = {
            "kind": "training",
            "settings": asdict(self.settings),
            "step": self.step,
            "stage": [self.stage_index, self._stage_start, self._stale],
            "best": asdict(self.best) if self.best else None,
        }
        optimizers = {name: made.state_dict()["state"] for name, made in self._optimizers().items()}
        write_tensors(path, flatten(self._networks() | optimizers), header)

    def load(self, path: Path) -> None:
        """Resumes from a checkpoint. Raises WeightsError where it is damaged, or of another training or settings."""
        with open_tensors(path) as file:
            header = file.header
            if header.get("kind") != "training" or header.get("settings") != _as_json(self.settings):
                raise WeightsError(
                    f"checkpoint {path}: of another training or other settings; choose another out folder"
                )
            try:
                position = read_position(header, stages=len(self.settings.stages))
                file.check(self._expected(file.names))
            except ValueError as error:
                message = f"damaged: {shortened(error)}; without it the training begins anew"
                raise WeightsError(f"checkpoint {path}: {message}") from error
            self._restore(file.read())
        self.step, self.stage_index = position.step, position.stage_index
        self._stage_start, self._stale = position.stage_start, position.stale
        self.best = position.best
        self._enter_stage()

    def _networks(self) -> dict[str, Any]:
        """The states of all networks, by their names in a checkpoint."""
        parts: dict[str, Any] = {"generator": self.generator.state_dict(), **self._averaged.state()}
        if self._teacher:
            parts["begun"] = self._teacher.state()
        if adversary := self._objective.adversary:
            parts["discriminator"] = adversary.discriminator.state_dict()
        return parts

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        adversary = self._objective.adversary
        made: dict[str, torch.optim.Optimizer] = {"optimizer": self._optimizer}
        return made | ({"discriminator_optimizer": adversary.optimizer} if adversary else {})

    def _expected(self, names: Collection[str]) -> dict[str, Tensor]:
        """Tensors with the shapes of a checkpoint of this training; `names` tell which parameters have learned."""
        expected = flatten(self._networks())
        for part, optimizer in self._optimizers().items():
            keys = [name.removeprefix(f"{part}.") for name in names if name.startswith(f"{part}.")]
            expected |= {f"{part}.{key}": value for key, value in adam_state(optimizer, keys).items()}
        return expected

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        self.generator.load_state_dict(under(tensors, "generator"))
        self._averaged.load(tensors)
        if self._teacher:
            self._teacher.load(under(tensors, "begun"))
        self.result = self._averaged.make()
        if adversary := self._objective.adversary:
            adversary.discriminator.load_state_dict(under(tensors, "discriminator"))
        for part, optimizer in self._optimizers().items():
            load_optimizer(optimizer, under(tensors, part))

    def _learn(self, batch: Batch) -> dict[str, float]:
        stage, truth = self.stage, batch.ab.to(self.device) / self._shown
        lightness = batch.lightness.to(self.device)
        hints = Hints(batch.hint_ab.to(self.device), batch.hint_confidence.to(self.device))
        with self._autocast():
            raw = self._forward(lightness, hints)
            taught = (
                self._teacher.predict(batch.of_base.to(self.device), lightness, hints)
                if self._teacher
                else None
            )
        total, losses = self._objective.compute(stage, raw, lightness=lightness, truth=truth, taught=taught)
        for name, value in losses.items():
            if not math.isfinite(value):
                raise TrainingError(f"step {self.step}: the {name} is {value}; a lower rate may help")
        self._optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        if self.settings.gradient_clip:
            nn.utils.clip_grad_norm_(self.generator.parameters(), self.settings.gradient_clip)
        self._optimizer.step()
        return losses

    def _judge(self, validation: Validation, on_validation: Callable[[Scores, bool], None]) -> None:
        self.result = self._averaged.make()
        scores = Scores(step=self.step, figures=validation.measure(self.predict))
        better = self.best is None or scores.figures.score < self.best.figures.score
        self._stale = 0 if better else self._stale + 1
        kept = better or self.settings.keep == "last"
        if kept:
            self.best = scores
        on_validation(scores, kept)

    def _saves_here(self) -> bool:
        every = self.settings.checkpoint_every
        return every > 0 and self.step % every == 0

    def _next_stage(self) -> None:
        self.stage_index, self._stage_start, self._stale = self.stage_index + 1, self.step, 0
        if not self.finished:
            self._enter_stage()

    def _enter_stage(self) -> None:
        """Sets which parameters learn; must come before the processes agree on the gradients that they share."""
        if self.finished:
            return
        set_learning(self.generator, self.stage)
        self._forward = distributed.wrap(self.generator)
        if adversary := self._objective.adversary:
            adversary.discriminator.requires_grad_(True)
            adversary.parallelize(distributed.wrap)

    def _autocast(self) -> contextlib.AbstractContextManager[None]:
        on = self.settings.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=on)


def _as_json(settings: TrainSettings) -> Any:
    """The settings as a checkpoint's header gives them back."""
    return json.loads(json.dumps(asdict(settings)))
