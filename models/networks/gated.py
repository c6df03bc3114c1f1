"""A fine-tuned generator that is used only for pictures like those of its film; others get the colours of the
original.

Fine-tuning on a few pictures changes the colours of all others, and a loss that keeps those makes it worse on the
film. So both generators are kept, and the likeness of a picture to the film decides how their results are mixed.

The likeness is computed from the means of the encoder's maps over the picture. A linear discriminant (Fisher 1936),
with its covariance shrunk because there are few pictures (Friedman 1989), separates pictures of the film from general
ones.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.networks.efficient import EfficientGenerator, EfficientSettings, hint_map
from models.networks.efficientnet_lite import SKIP_CHANNELS
from models.networks.generator import Generator, Hints, Seen

_SHRINKAGE = 0.3
_MIXED_RANGE = 0.075, 0.175
"""On the way from general pictures (0) to the film's (1): up to the first value a picture is a general one, from the
second on one of the film. The range lies low, so that the fine-tuning reaches shots of the film that it never saw."""
_TINY = 1e-3


class GatedGenerator(Generator):
    """Two `efficient` generators: the original and a fine-tuned one, mixed by the likeness of a picture to the film.

    `begun`, `trained`, `look` and "guarded" are names in weights files and stay.
    """

    architecture = "guarded"
    training_stride = EfficientGenerator.training_stride
    input_multiple = EfficientGenerator.input_multiple

    def __init__(self, settings: EfficientSettings | None = None) -> None:
        super().__init__()
        self.begun = EfficientGenerator(settings)
        self.trained = EfficientGenerator(settings)
        self.settings = self.begun.settings
        self.look = FilmLikeness(sum(SKIP_CHANNELS[1:]))
        self.begun.eval()

    @classmethod
    def around(cls, generator: EfficientGenerator) -> "GatedGenerator":
        """Both start as this generator."""
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

    def train(self, mode: bool = True) -> "GatedGenerator":
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
        old = self.begun.decode(maps, hint_map(lightness, hints), lightness)
        return torch.lerp(old, new, likeness.to(new.dtype))

    def see(self, lightness: Tensor) -> Seen:
        """The maps are the original's, which know more pictures than those of one film."""
        maps = self.begun.encode(lightness)
        likeness = self.look(maps[1:])
        old = self.begun.decode_seen(maps, hint_map(lightness, None), lightness)
        new: Tensor = self.trained(lightness)
        return Seen(torch.lerp(old.raw, new, likeness.to(new.dtype)), old.maps)

    def to_ab(self, raw: Tensor, temperature: float) -> Tensor:
        """ab float32 (N, 2, H/4, W/4): the annealed mean of the predicted distribution."""
        return self.begun.to_ab(raw, temperature)

    def to_ab_and_chroma(self, raw: Tensor, temperature: float) -> Tensor:
        return self.begun.to_ab_and_chroma(raw, temperature)

    @torch.no_grad()
    def features_of(self, lightness: Tensor) -> Tensor:
        """The features, float (N, F), of L* (N, 1, H, W), that `FilmLikeness.fit` takes."""
        return mean_features(self.begun.encode(lightness)[1:])


class FilmLikeness(nn.Module):
    """Likeness of a picture to a film, from the encoder's maps; 1 for any picture until it is fitted."""

    centre: Tensor
    """(F,): the mean features of general pictures."""
    direction: Tensor
    """(F,): from general pictures to those of the film, scaled so that the film lies at 1."""
    offset: Tensor
    """(): the likeness of a picture with the features of general ones: 1 before the fit, 0 after."""

    def __init__(self, features: int) -> None:
        """`features`: F, the channels of all maps."""
        super().__init__()
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("direction", torch.zeros(features))
        self.register_buffer("offset", torch.ones(()))

    def fit(self, film: Tensor, general: Tensor) -> None:
        """Learn to separate features of the film (N, F) from general ones (M, F), two or more of each.

        Features that do not differ cannot be separated: then every picture counts as the film's, as before.
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
        position = self.offset + ((mean_features(maps) - self.centre) * self.direction).sum(1)
        low, high = _MIXED_RANGE
        return ((position - low) / (high - low)).clamp(0, 1)[:, None, None, None]


def mean_features(maps: Sequence[Tensor]) -> Tensor:
    """Maps (N, C, h, w) of any sizes → float (N, F): the mean of every channel over a picture."""
    return torch.cat([one.float().mean((2, 3)) for one in maps], dim=1)
