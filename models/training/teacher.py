"""The weights that a training began with: what a fine-tuning is not to forget is asked of them."""

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from models.networks.gated import GuardedGenerator
from models.networks.generator import Generator, Hints


class Remembered(NamedTuple):
    """What the first weights make of some pictures of a batch of N."""

    rows: Tensor
    """bool (N,): which pictures these are."""
    raw: Tensor
    """The `forward` of the first weights for these."""


class BegunWeights:
    """A frozen copy of a generator as it is now; of a guarded one, of its old half, whose the general pictures are."""

    def __init__(self, generator: Generator) -> None:
        old = generator.begun if isinstance(generator, GuardedGenerator) else generator
        self.generator = copy.deepcopy(old).eval().requires_grad_(False)

    @torch.no_grad()
    def remember(self, rows: Tensor, lightness: Tensor, hints: Hints) -> Remembered | None:
        """The answer for the `rows` (bool, (N,)) of a batch's L* (N, 1, H, W) and hints; None for no row.

        It takes the place of the truth there (Li & Hoiem 2016, "Learning without forgetting").
        """
        if not bool(rows.any()):
            return None
        chosen = Hints(hints.ab[rows], hints.confidence[rows])
        return Remembered(rows, self.generator(lightness[rows], chosen))

    def state(self) -> dict[str, Any]:
        """What a resumed training needs of it."""
        return self.generator.state_dict()

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go back to the weights of `state`."""
        self.generator.load_state_dict(dict(tensors))
