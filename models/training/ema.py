"""The weights that a training validates and saves: a running mean of the weights that learn."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim.swa_utils import PARAM_LIST, AveragedModel, get_ema_multi_avg_fn

from models.checkpoint import under
from models.networks.generator import Generator


class AveragedWeights:
    """A running mean of the weights of a generator."""

    def __init__(self, generator: Generator, *, decay: float) -> None:
        """`decay` of the running mean, 0 for none: then the generator's own weights are used."""
        self._learning, self._decay = generator, decay
        self._mean = AveragedModel(generator, multi_avg_fn=self._average, use_buffers=True) if decay else None

    def update(self) -> None:
        """Add the weights after a step to the running mean."""
        if self._mean:
            self._mean.update_parameters(self._learning)

    def make(self) -> Generator:
        """The generator to validate and save, in evaluation mode."""
        kept = self._mean.module if self._mean else self._learning
        assert isinstance(kept, Generator)
        return kept.eval()

    def state(self) -> dict[str, Any]:
        """What a resumed training needs of it."""
        return {"average": self._mean.state_dict()} if self._mean else {}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `state`, flattened by `models.checkpoint.flatten`."""
        if self._mean:
            self._mean.load_state_dict(under(tensors, "average"))

    def _average(self, means: PARAM_LIST, news: PARAM_LIST, count: Tensor | int) -> None:
        """A running mean that follows fast at first: decay (1 + n) / (10 + n), up to the settings' own."""
        decay = min(self._decay, (1 + int(count)) / (10 + int(count)))
        get_ema_multi_avg_fn(decay)(means, news, count)  # type: ignore[no-untyped-call]
