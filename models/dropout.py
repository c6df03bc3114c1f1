"""Channel dropout that can leave some pictures of a batch whole."""

import torch
from torch import Tensor, nn


class SparingDropout(nn.Dropout2d):
    """`nn.Dropout2d` on (N, C, H, W), but for the pictures in `spared`."""

    spared: Tensor | None = None
    """bool (N,): which pictures of the next batch pass as in evaluation mode; None for none."""

    def forward(self, x: Tensor) -> Tensor:
        dropped = super().forward(x)
        if self.spared is None or not self.training:
            return dropped
        return torch.where(self.spared[:, None, None, None], x, dropped)
