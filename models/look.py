"""How much a picture looks like those of a training: what a fine-tuning has to say about it.

The look of a picture are the means of the encoder's maps over it; a linear discriminant (Fisher 1936), its covariance
shrunk for the few pictures that there are (Friedman 1989), tells the film's from general ones.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_SHRINKAGE = 0.3
_DOUBT = 0.075, 0.175
"""Of the way from general pictures to the film's: up to here a picture is a general one, from here on the film's.

In doubt it is the film's: what was learned is to reach its other shots, however few were seen.
"""
_TINY = 1e-3


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
