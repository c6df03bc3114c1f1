"""The look of a picture as a whole, and what follows from it for its colours.

A fine-tuning that can tell its film from other pictures need change the colours of those less; the look of a whole
picture, which reaches the decoder directly, is for that. After Perez et al. 2018 ("FiLM");
that a colourisation gains from features of the whole picture is from Iizuka et al. 2016 ("Let there be color!").
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Look(nn.Module):
    """Means of the encoder's maps to scales and shifts of the decoder's channels; at first they change nothing."""

    def __init__(self, channels_in: int, channels: Sequence[int], *, units: int) -> None:
        """`channels_in` of all maps together; `channels` of each place that is modulated, `units` in between."""
        super().__init__()
        self.norm = nn.LayerNorm(channels_in, elementwise_affine=False)
        self.hidden = nn.Linear(channels_in, units)
        self.out = nn.ModuleList(nn.Linear(units, 2 * count) for count in channels)
        for layer in self.out:
            assert isinstance(layer, nn.Linear)
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Maps (N, C, h, w) of any sizes → (N, 2C, 1, 1) for each place: what `modulate` takes."""
        means = torch.cat([one.float().mean((2, 3)) for one in maps], dim=1)
        look = torch.tanh(self.hidden(self.norm(means).to(self.hidden.weight.dtype)))
        return [layer(look)[:, :, None, None] for layer in self.out]


def modulate(x: Tensor, scale_and_shift: Tensor) -> Tensor:
    """x (N, C, h, w), its channels scaled by 1 + the first half of (N, 2C, 1, 1) and shifted by the second."""
    scale, shift = scale_and_shift.to(x.dtype).chunk(2, dim=1)
    return x * (1 + scale) + shift
