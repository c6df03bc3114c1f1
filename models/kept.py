"""The weights that a training validates and keeps: not those that learn, but what is made of them."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from models.begun import BegunWeights
from models.generator import Generator
from models.state import under


class KeptWeights:
    """A running mean of the weights that learn, mixed with those that the training began with."""

    def __init__(
        self, generator: Generator, begun: BegunWeights | None, *, decay: float, share: float
    ) -> None:
        """`decay` of the running mean, 0 for none; `share` of the trained weights, the rest are those of `begun`."""
        self._learning, self._decay, self._share = generator, decay, share
        self._mean = AveragedModel(generator, avg_fn=self._averaged, use_buffers=True) if decay else None
        self._begun = begun if share < 1 else None

    def update(self) -> None:
        """Take the weights after a step into the running mean."""
        if self._mean:
            self._mean.update_parameters(self._learning)

    @torch.no_grad()
    def make(self) -> Generator:
        """The generator to validate and keep, in evaluation mode; it shares its weights where nothing is mixed.

        Weights are mixed one by one, old and new (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"):
        what fine-tuning forgets comes back faster than what it learned goes.
        """
        trained = self._mean.module if self._mean else self._learning
        assert isinstance(trained, Generator)
        if self._begun is None:
            return trained.eval()
        mixed, begun = copy.deepcopy(trained), self._begun.state()
        for name, value in mixed.state_dict().items():
            if value.is_floating_point():
                value.lerp_(begun[name].to(value), 1 - self._share)
        return mixed.eval()

    def state(self) -> dict[str, Any]:
        """What a resumed training needs of it."""
        return {"average": self._mean.state_dict()} if self._mean else {}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `state`, flattened by `models.state.flatten`."""
        if self._mean:
            self._mean.load_state_dict(under(tensors, "average"))

    def _averaged(self, mean: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        """A running mean that follows fast at first: decay (1 + n) / (10 + n), up to the settings' own."""
        decay = min(self._decay, (1 + int(count)) / (10 + int(count)))
        return mean.float() * decay + new.float() * (1 - decay)
