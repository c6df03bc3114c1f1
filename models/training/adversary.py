"""The adversary of the GAN: the discriminator, its optimizer, its step, and the loss that it gives the generator.

The generator's loop calls `step` and `generator_loss`; nothing of the discriminator's gradients reaches it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from models.networks.patchgan import PatchDiscriminator, PatchSettings
from models.training.losses import discriminator_loss, non_saturating_loss


@dataclass(frozen=True, kw_only=True)
class AdversarySettings:
    """The discriminator and how it learns."""

    rate: float = 4e-4
    """Its learning rate (two time-scale rule: Heusel et al. 2017, above the generator's)."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Of its Adam."""
    patch: PatchSettings = field(default_factory=PatchSettings)


class Adversary:
    """Plays against a generator whose ab is `stride` times smaller than its lightness."""

    def __init__(self, settings: AdversarySettings, *, stride: int, device: torch.device) -> None:
        self.discriminator = PatchDiscriminator(settings.patch, stride=stride).to(device)
        self.optimizer = torch.optim.Adam(
            self.discriminator.parameters(), lr=settings.rate, betas=settings.betas
        )
        self._forward: Callable[[Tensor, Tensor], Tensor] = self.discriminator

    def parallelize(self, wrap: Callable[[nn.Module], nn.Module]) -> None:
        """Let `wrap` (DistributedDataParallel) see the forward pass of every step."""
        self._forward = wrap(self.discriminator)

    def step(self, lightness: Tensor, *, real: Tensor, fake: Tensor) -> float:
        """One step of the discriminator on true and predicted ab (N, 2, h, w); returns its loss before it."""
        self.discriminator.requires_grad_(True)
        self.discriminator.train()
        both = self._forward(torch.cat((lightness, lightness)), torch.cat((real, fake.detach())))
        loss = discriminator_loss(*both.chunk(2))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return float(loss.detach())

    def generator_loss(self, lightness: Tensor, fake: Tensor) -> Tensor:
        """What the generator wants small: how sure the discriminator is that its ab is not real."""
        self.discriminator.requires_grad_(False)
        return non_saturating_loss(self.discriminator(lightness, fake))
