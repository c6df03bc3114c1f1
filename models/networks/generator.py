"""The interface of every generator: lightness in, ab out, whatever its network predicts in between."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

AB_STRIDE = 4
"""One sample of the predicted ab, and of hints, stands for this many input samples, down and across."""
MAP_STEPS = 1, 2, 4
"""Samples of ab, down and across, for one of each of the maps of `Seen`."""


@dataclass(frozen=True)
class Hints:
    """Colour that is known beforehand, at the size of the predicted ab."""

    ab: Tensor
    """(N, 2, H/4, W/4), ab units; ignored where the confidence is 0."""
    confidence: Tensor
    """(N, 1, H/4, W/4) in 0..1."""


class Seen(NamedTuple):
    """What a generator makes of pictures, and how it describes their places on the way."""

    raw: Tensor
    """What `forward` returns."""
    maps: tuple[Tensor, ...]
    """(N, C, h, w) each: of the decoder at stride 4, of the encoder at strides 8 and 16. Empty where a generator has
    no such maps. Places of one thing have like values there, in other frames too."""


class Generator(nn.Module, ABC):
    """A network from L* to colour.

    `forward` takes L* float (N, 1, H, W) in 0..100, H and W multiples of `input_multiple`, and optional hints; what
    it returns is for its losses and for `to_ab`.
    """

    architecture: ClassVar[str]
    """Its name in weights files and configs."""
    training_stride: ClassVar[int]
    """Input samples for each sample of `to_ab`, down and across: the size of the targets it trains on."""
    input_multiple: int
    settings: Any
    """The frozen dataclass of its size; stored with its weights."""

    @property
    def learner(self) -> "Generator":
        """The part of it that a training changes; all of it, where nothing else is said."""
        return self

    @abstractmethod
    def to_ab(self, raw: Tensor, temperature: float) -> Tensor:
        """What `forward` returned → ab float32 (N, 2, H/training_stride, W/training_stride)."""

    def to_ab_and_chroma(self, raw: Tensor, temperature: float) -> Tensor:
        """What `forward` returned → float32 (N, 3, h, w): a and b of `to_ab`, and the mean chroma of what it averages.

        Where the colours of a distribution agree, their mean is as far from grey as they are; where they do not, it is
        nearer. Without a distribution it is the chroma of ab.
        """
        ab = self.to_ab(raw, temperature)
        return torch.cat((ab, torch.linalg.vector_norm(ab, dim=1, keepdim=True)), dim=1)

    def colorize(self, lightness: Tensor, *, temperature: float, hints: Hints | None = None) -> Tensor:
        """ab float32 (N, 2, H/4, W/4). `temperature` counts where a distribution is predicted."""
        ab = self.to_ab(self(lightness, hints), temperature)
        shrink = AB_STRIDE // self.training_stride
        return functional.avg_pool2d(ab, shrink) if shrink > 1 else ab

    def see(self, lightness: Tensor) -> Seen:
        """As `forward` without hints, with the maps that tell which places look alike."""
        return Seen(self(lightness), ())

    def check_input(self, lightness: Tensor) -> None:
        """Raises ValueError, with a size that works, where the input's size does not."""
        height, width = lightness.shape[-2:]
        multiple = self.input_multiple
        if height % multiple or width % multiple:
            better = [-(-side // multiple) * multiple for side in (height, width)]
            raise ValueError(
                f"input of {height}x{width}: pad it to {better[0]}x{better[1]}, multiples of {multiple}"
            )
