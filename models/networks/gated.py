"""A fine-tuned generator that leaves pictures unlike its film to the generator that it came of.

What a fine-tuning learns of a few pictures changes the colours of all others, and asking it to keep those costs the
film. So the old generator stays, and how much a picture looks like the film says whose colours it gets.

How much a picture looks like those of a training: what a fine-tuning has to say about it.

The look of a picture are the means of the encoder's maps over it; a linear discriminant (Fisher 1936), its covariance
shrunk for the few pictures that there are (Friedman 1989), tells the film's from general ones.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.networks.efficient import EfficientGenerator, EfficientSettings, hint_map
from models.networks.efficientnet_lite import SKIP_CHANNELS
from models.networks.generator import Generator, Hints

_SHRINKAGE = 0.3
_DOUBT = 0.075, 0.175
"""Of the way from general pictures to the film's: up to here a picture is a general one, from here on the film's.

In doubt it is the film's: what was learned is to reach its other shots, however few were seen.
"""
_TINY = 1e-3


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


class Look(nn.Module):
    """The encoder's maps of a picture to its likeness to a film; 1 for any picture until it is fitted."""

    centre: Tensor
    """(F,): the look of general pictures."""
    direction: Tensor
    """(F,): from the general pictures to the film's, 1 of the way at the film's."""
    offset: Tensor
    """(): the likeness of a picture with the look of general ones."""

    def __init__(self, features: int) -> None:
        """`features` F of a look: the channels of all maps."""
        super().__init__()
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("direction", torch.zeros(features))
        self.register_buffer("offset", torch.ones(()))

    def fit(self, film: Tensor, general: Tensor) -> None:
        """Tell looks of the film (N, F) from general ones (M, F), two or more of each, as `look_of` gives them.

        Looks that do not differ tell nothing: then every picture counts as the film's, as before.
        """
        centre, spread = general.mean(0), general.std(0) + _TINY
        film, general = (film - centre) / spread, (general - centre) / spread
        within = (torch.cov(film.T) + torch.cov(general.T)) / 2
        shrunk = (1 - _SHRINKAGE) * within + _SHRINKAGE * within.diagonal().mean() * torch.eye(len(centre))
        direction = torch.linalg.solve(shrunk, film.mean(0))
        apart = film.mean(0) @ direction
        if apart > _TINY:
            self.centre.copy_(centre)
            self.direction.copy_(direction / apart / spread)
            self.offset.zero_()

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps (N, C, h, w) of any sizes → (N, 1, 1, 1) in 0..1: 0 for general pictures, 1 for the film's."""
        way = self.offset + ((look_of(maps) - self.centre) * self.direction).sum(1)
        low, high = _DOUBT
        return ((way - low) / (high - low)).clamp(0, 1)[:, None, None, None]


def look_of(maps: Sequence[Tensor]) -> Tensor:
    """Maps (N, C, h, w) of any sizes → float (N, F): the mean of every channel over a picture."""
    return torch.cat([one.float().mean((2, 3)) for one in maps], dim=1)
