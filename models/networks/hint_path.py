"""The way from given colours to the logits: they count where they were given, and where a place looks like theirs.

A hint adds -c |b - hint|^2 / (2 sigma^2) to the logit of each bin b: the logarithm of a Gaussian around the colour.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

_CHANNELS = 32
_SIGMA = 10.0
"""ab units: one bin."""
_PLACE_SCALE, _LIGHTNESS_SCALE = 2.0, 6.0
"""Of positions in 0..1 of the longer side and of lightness in 0..1, in the distance of two places."""


class HintPath(nn.Module):
    """What hints add to the logits: each place takes the colours of those that are near it in place, light and look."""

    def __init__(self, channels: int) -> None:
        """`channels`: of the map at stride 8 that tells whether two places look alike."""
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.look = nn.Linear(channels, _CHANNELS, bias=False)
        nn.init.normal_(self.look.weight, 0, 0.02)
        self.scales = nn.Parameter(torch.tensor([_PLACE_SCALE, _PLACE_SCALE, _LIGHTNESS_SCALE]))
        self.reach = nn.Parameter(torch.tensor(1.5))
        """Squared distance at which a hint and the network's own guess weigh the same."""
        self.gain = nn.Parameter(torch.tensor(1.0))
        self.carried_gain = nn.Parameter(torch.tensor(0.3))

    def forward(self, map8: Tensor, lightness: Tensor, hints: Tensor, bins: Tensor) -> Tensor:
        """What is added to the logits, float32 (N, Q, h, w).

        map8 (N, C, h/2, w/2); L* (N, 1, 4h, 4w); hints (N, 3, h, w): ab times confidence, in CIELAB units, and the
        confidence; bins (Q, 2).
        """
        with torch.autocast(map8.device.type, enabled=False):
            hints = hints.float()
            carried = functional.interpolate(
                self._carry(map8.float(), lightness.float(), hints), scale_factor=2.0, mode="bilinear"
            )
            evidence = self.gain.float() * hints + self.carried_gain.float() * carried
            colors = bins.float() / _SIGMA**2
            weight = torch.cat((colors, -(colors * bins.float()).sum(dim=1, keepdim=True) / 2), dim=1)
            return functional.conv2d(evidence, weight[..., None, None])

    def _carry(self, map8: Tensor, lightness: Tensor, hints: Tensor) -> Tensor:
        """(N, 3, h/2, w/2): the hints' ab where they are believed, times the belief, and the belief in 0..1."""
        pooled = functional.avg_pool2d(hints, 2).flatten(2).transpose(1, 2)
        sure = functional.max_pool2d(hints[:, 2:], 2).flatten(1)
        color = pooled[..., :2] / pooled[..., 2:].clamp_min(1e-6)
        place = self._places(map8, lightness)
        length = place.square().sum(dim=-1)
        distance = length[:, :, None] + length[:, None] - 2 * place @ place.transpose(1, 2)
        score = -distance + sure.clamp_min(1e-6).log()[:, None]
        score = score.masked_fill((sure == 0)[:, None], float("-inf"))
        none = -self.reach.float().expand(*score.shape[:2], 1)
        weight = torch.softmax(torch.cat((score, none), dim=-1), dim=-1)[..., :-1]
        believed = torch.cat((weight @ color, weight.sum(dim=-1, keepdim=True)), dim=-1)
        return believed.transpose(1, 2).reshape(len(hints), 3, *map8.shape[-2:])

    def _places(self, map8: Tensor, lightness: Tensor) -> Tensor:
        """(N, P, C): where a place is, how light, and how it looks, in units of the distance."""
        count, channels, height, width = map8.shape
        seen = functional.layer_norm(
            map8.flatten(2).transpose(1, 2), (channels,), self.norm.weight.float(), self.norm.bias.float()
        )
        look = functional.linear(seen, self.look.weight.float())
        rows, columns = (
            torch.arange(side, device=map8.device) / max(height, width) for side in (height, width)
        )
        where = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).flatten(0, 1)
        light = functional.avg_pool2d(lightness, 8).flatten(2).transpose(1, 2) / 100
        plain = torch.cat((where.expand(count, -1, -1), light), dim=-1) * self.scales.float()
        return torch.cat((plain, look), dim=-1)
