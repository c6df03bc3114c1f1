"""A fine-tuned generator that leaves pictures unlike its film to the generator that it came of.

What a fine-tuning learns of a few pictures changes the colours of all others, and asking it to keep those costs the
film. So the old generator stays, and how much a picture looks like the film says whose colours it gets.
"""

import torch
from torch import Tensor

from models.look import Look, look_of
from models.networks.efficient import EfficientGenerator, EfficientSettings, hint_map
from models.networks.efficientnet_lite import SKIP_CHANNELS
from models.networks.generator import Generator, Hints


class GuardedGenerator(Generator):
    """Two `efficient` generators, mixed by the look of a picture: one as it was, one that learns."""

    architecture = "guarded"
    training_stride = EfficientGenerator.training_stride
    input_multiple = EfficientGenerator.input_multiple

    def __init__(self, settings: EfficientSettings | None = None) -> None:
        super().__init__()
        self.begun = EfficientGenerator(settings)
        self.trained = EfficientGenerator(settings)
        self.settings = self.begun.settings
        self.look = Look(sum(SKIP_CHANNELS[1:]))
        self.begun.eval()

    @classmethod
    def around(cls, generator: EfficientGenerator) -> "GuardedGenerator":
        """Both are this generator, until one has learned."""
        made = cls(generator.settings)
        for part in (made.begun, made.trained):
            part.load_state_dict(generator.state_dict())
        return made

    @property
    def learner(self) -> Generator:
        return self.trained

    @property
    def bins(self) -> Tensor:
        """(Q, 2), the centres of the ab bins."""
        return self.begun.bins

    def train(self, mode: bool = True) -> "GuardedGenerator":
        super().train(mode)
        self.begun.eval()
        return self

    def forward(self, lightness: Tensor, hints: Hints | None = None) -> Tensor:
        new: Tensor = self.trained(lightness, hints)
        if self.training:
            return new
        maps = self.begun.encode(lightness)
        likeness = self.look(maps[1:])
        if bool((likeness == 1).all()):
            return new
        old = self.begun.decode(maps, hint_map(lightness, hints))
        return torch.lerp(old, new, likeness.to(new.dtype))

    def to_ab(self, raw: Tensor, temperature: float) -> Tensor:
        """ab float32 (N, 2, H/4, W/4): the annealed mean of the predicted distribution."""
        return self.begun.to_ab(raw, temperature)

    @torch.no_grad()
    def look_of(self, lightness: Tensor) -> Tensor:
        """The looks, float (N, F), of L* (N, 1, H, W): what `Look.fit` takes."""
        return look_of(self.begun.encode(lightness)[1:])
