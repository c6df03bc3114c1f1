"""The training loss: the losses of a stage on one batch, and the adversary's step."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.errors import TrainingError
from models.networks.generator import Generator
from models.networks.lab import SoftLabels
from models.training.adversary import Adversary
from models.training.losses import distillation_loss, l1_loss, rebalancing_weights, soft_cross_entropy
from models.training.picture_losses import Appearance, colorfulness_loss
from models.training.schedule import Stage, TrainSettings
from models.training.teacher import TeacherOutput


class Objective:
    """The losses of all stages of one training."""

    def __init__(
        self,
        generator: Generator,
        *,
        settings: TrainSettings,
        prior: npt.NDArray[np.float64] | None,
        device: torch.device,
    ) -> None:
        """`prior` (Q,) is the share of each ab bin. Raises TrainingError where cross-entropy lacks it or its bins."""
        self._generator, self._temperature = generator, settings.temperature
        self._labels, self._bin_weight = _make_labels(generator, settings, prior, device)
        self._appearance = Appearance(device=device) if settings.looks else None
        self.adversary = (
            Adversary(settings.adversary, stride=generator.training_stride, device=device)
            if settings.adversarial
            else None
        )

    def compute(
        self,
        stage: Stage,
        raw: Tensor,
        *,
        lightness: Tensor,
        truth: Tensor,
        taught: TeacherOutput | None = None,
    ) -> tuple[Tensor, dict[str, float]]:
        """The weighted sum of a stage's losses for the generator's output `raw`, and each of them by name.

        lightness (N, 1, H, W), the true ab (N, 2, h, w). The teacher's output `taught` replaces the truth of its
        pictures, except for the adversary. Where the stage has an adversary, it takes its step first.
        """
        terms: dict[str, tuple[float, Tensor]] = {}
        losses: dict[str, float] = {}
        if stage.cross_entropy:
            terms["cross_entropy"] = stage.cross_entropy, self._cross_entropy(raw, truth, taught)
        if stage.l1 or stage.adversarial or stage.perceptual or stage.colorful:
            fake = self._generator.to_ab(raw, self._temperature)
            if stage.adversarial:
                assert self.adversary
                losses["discriminator"] = self.adversary.step(lightness, real=truth, fake=fake)
                terms["adversarial"] = stage.adversarial, self.adversary.generator_loss(lightness, fake)
            if taught:
                truth = truth.clone()
                truth[taught.rows] = self._generator.to_ab(taught.raw, self._temperature)
            if stage.l1 or stage.adversarial:
                terms["l1"] = stage.l1, l1_loss(fake, truth)
            terms |= self._picture_losses(stage, lightness, fake, truth)
        weighted = (weight * loss for weight, loss in terms.values())
        total = sum(weighted, start=torch.zeros((), device=truth.device))
        losses |= {name: float(loss.detach()) for name, (_, loss) in terms.items()}
        return total, losses | {"loss": float(total.detach())}

    def _picture_losses(
        self, stage: Stage, lightness: Tensor, fake: Tensor, truth: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        if not (stage.perceptual or stage.colorful):
            return {}
        assert self._appearance
        looks = self._appearance.look(lightness, predicted=fake, truth=truth)
        terms = {}
        if stage.perceptual:
            terms["perceptual"] = stage.perceptual, self._appearance.perceptual_loss(looks)
        if stage.colorful:
            terms["colorful"] = stage.colorful, colorfulness_loss(looks)
        return terms

    def _cross_entropy(self, raw: Tensor, truth: Tensor, taught: TeacherOutput | None) -> Tensor:
        assert self._labels is not None
        assert self._bin_weight is not None
        if taught is None:
            return soft_cross_entropy(raw, *self._labels(truth), self._bin_weight)
        share = float(taught.rows.float().mean())
        kept = distillation_loss(raw[taught.rows], taught.raw, temperature=self._temperature)
        if share == 1:
            return kept
        new = ~taught.rows
        learned = soft_cross_entropy(raw[new], *self._labels(truth[new]), self._bin_weight)
        return share * kept + (1 - share) * learned


def _make_labels(
    generator: Generator,
    settings: TrainSettings,
    prior: npt.NDArray[np.float64] | None,
    device: torch.device,
) -> tuple[SoftLabels | None, Tensor | None]:
    if not any(stage.cross_entropy for stage in settings.stages):
        return None, None
    bins = getattr(generator, "bins", None)
    if bins is None or prior is None:
        raise TrainingError(
            f"cross_entropy: generator {generator.architecture!r} predicts no distribution; 0 works"
        )
    weight = torch.from_numpy(rebalancing_weights(prior, mix=settings.rebalance))
    return SoftLabels(bins.cpu().numpy()), weight.to(device)
