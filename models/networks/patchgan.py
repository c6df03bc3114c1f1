"""The PatchGAN discriminator: is the colour of each patch real, given its lightness?

Isola et al. 2017, section 3.2.2 and appendix 6.1.2; spectral normalisation after Miyato et al. 2018, "Spectral
normalization for generative adversarial networks".
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

_L_SPREAD, _AB_SPREAD = 25.0, 10.0  # about the standard deviations of L and of ab in photographs


@dataclass(frozen=True, kw_only=True)
class PatchSettings:
    """Size of the discriminator."""

    layers: int = 3
    """Convolutions of stride 2: 3 make patches of 70x70 samples, 2 of 34x34, 1 of 16x16."""
    channels: int = 64
    """Channels of the first layer; they double up to 8 times this."""
    spectral: bool = True
    """Spectral normalisation of every layer; else batch normalisation of all but the first and last."""
    gain: float = 5
    """Logits are multiplied by this. Spectral normalisation keeps the slope of every layer near 1, and colours
    that differ by less than their spread would never be told apart: without it the loss stays at chance."""


class PatchDiscriminator(nn.Module):
    """(L, ab) to a map of logits, one a patch: above 0 is real.

    `stride` is how much smaller ab is than L: each ab sample is judged with all the stride x stride lightnesses
    that it covers as channels, so that colour that runs over an edge is seen.
    """

    def __init__(self, settings: PatchSettings | None = None, *, stride: int) -> None:
        super().__init__()
        self.settings, self.stride = settings or PatchSettings(), stride
        first, spectral = self.settings.channels, self.settings.spectral
        widths = [first * min(2**layer, 8) for layer in range(self.settings.layers + 1)]
        blocks = [_block(stride**2 + 2, widths[0], stride=2, norm=False, spectral=spectral)]
        for layer, (inside, outside) in enumerate(pairwise(widths), 1):
            down = 2 if layer < self.settings.layers else 1
            blocks.append(_block(inside, outside, stride=down, norm=not spectral, spectral=spectral))
        last = nn.Conv2d(widths[-1], 1, 4, padding=1)
        self.net = nn.Sequential(*blocks, spectral_norm(last) if spectral else last)

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """L* (N, 1, H, W), ab (N, 2, H/stride, W/stride) → logits (N, 1, h, w), float32."""
        grey = functional.pixel_unshuffle(lightness / _L_SPREAD - 2, self.stride)
        logits: Tensor = self.net(torch.cat((grey, ab / _AB_SPREAD), dim=1))
        return logits.float() * self.settings.gain


def _block(channels_in: int, channels_out: int, *, stride: int, norm: bool, spectral: bool) -> nn.Sequential:
    conv = nn.Conv2d(channels_in, channels_out, 4, stride=stride, padding=1, bias=not norm)
    layers: list[nn.Module] = [spectral_norm(conv) if spectral else conv]
    if norm:
        layers.append(nn.BatchNorm2d(channels_out))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2, inplace=True))
