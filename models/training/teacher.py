"""The weights from before a fine-tuning, as the teacher of what it must not forget."""

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from models.networks.gated import GatedGenerator
from models.networks.generator import Generator, Hints


class TeacherOutput(NamedTuple):
    """The teacher's prediction for some pictures of a batch of N."""

    rows: Tensor
    """bool (N,): which pictures these are."""
    raw: Tensor
    """The `forward` of the teacher for these."""


class TeacherWeights:
    """A frozen copy of a generator as it is now; of a gated one, a copy of its original generator."""

    def __init__(self, generator: Generator) -> None:
        old = generator.begun if isinstance(generator, GatedGenerator) else generator
        self.generator = copy.deepcopy(old).eval().requires_grad_(False)

    @torch.no_grad()
    def predict(self, rows: Tensor, lightness: Tensor, hints: Hints) -> TeacherOutput | None:
        """The prediction for the `rows` (bool, (N,)) of a batch's L* (N, 1, H, W) and hints; None for no row.

        It replaces the truth of these pictures (Li & Hoiem 2016, "Learning without forgetting").
        """
        if not bool(rows.any()):
            return None
        chosen = Hints(hints.ab[rows], hints.confidence[rows])
        return TeacherOutput(rows, self.generator(lightness[rows], chosen))

    def state(self) -> dict[str, Any]:
        """What a resumed training needs of it."""
        return self.generator.state_dict()

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go back to the weights of `state`."""
        self.generator.load_state_dict(dict(tensors))
