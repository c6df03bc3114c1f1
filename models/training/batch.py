"""What the training loop takes: N samples at once, as `pipeline.dataset.samples.Sample` has each of them."""

from typing import Protocol

from torch import Tensor


class Batch(Protocol):
    """N samples of one size; float32 where nothing else is said."""

    @property
    def lightness(self) -> Tensor:
        """L* (N, 1, H, W), 0 to 100."""

    @property
    def ab(self) -> Tensor:
        """The true ab (N, 2, h, w) in CIE Lab units."""

    @property
    def hint_ab(self) -> Tensor:
        """The ab of hints (N, 2, h, w), 0 where there is none."""

    @property
    def hint_confidence(self) -> Tensor:
        """How sure each hint is (N, 1, h, w), 0 to 1; 0 where there is none."""

    @property
    def of_base(self) -> Tensor:
        """bool (N,): whether a sample is a picture of a base, whose colours are to stay those of the first weights."""
