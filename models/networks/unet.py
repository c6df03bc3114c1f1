"""The `unet` generator: the U-Net of pix2pix, from lightness straight to ab.

Isola et al. 2017, "Image-to-image translation with conditional adversarial networks", section 3.2 and appendix 6.1:
blocks of convolution, batch normalisation and (leaky) ReLU with stride 2 down to a single column and back up, a
skip between each pair of equal size, dropout in the three deepest blocks on the way up, and no noise input. The
same network as figure 2 of the paper that this project implements (Pandey & Rana, "Coloring of grayscale images
using generative adversarial network").
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.networks.generator import Generator, Hints
from models.networks.lab import AB_SCALE

_DROPPED_BLOCKS = 3
_MOST_LEVELS, _MOST_CHANNELS = 12, 1024


@dataclass(frozen=True, kw_only=True)
class UnetSettings:
    """Size of the generator; stored with its weights."""

    levels: int = 8
    """Halvings of the picture; the input's sides are multiples of 2 to the power of this."""
    channels: int = 64
    """Channels of the first block; they double up to 8 times this."""
    dropout: float = 0.5
    """Share of samples dropped in the three deepest blocks on the way up, in training only."""
    batch_statistics: bool = False
    """Whether to normalise by the statistics of the test batch at inference, as pix2pix does: with one picture at a
    time that is instance normalisation. Colours then depend on what else is in the batch."""

    def __post_init__(self) -> None:
        if not 2 <= self.levels <= _MOST_LEVELS:
            raise ValueError(f"levels: 2 to {_MOST_LEVELS} work")
        if not 1 <= self.channels <= _MOST_CHANNELS:
            raise ValueError(f"channels: 1 to {_MOST_CHANNELS} work")
        if not 0 <= self.dropout <= 1:
            raise ValueError("dropout: a share from 0 to 1 works")


class UnetGenerator(Generator):
    """Lightness to ab at full size; hints are ignored."""

    architecture = "unet"
    training_stride = 1

    def __init__(self, settings: UnetSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or UnetSettings()
        levels, first = self.settings.levels, self.settings.channels
        self.input_multiple = 2**levels
        widths = [min(first * 2**level, 8 * first) for level in range(levels)]
        self.down = nn.ModuleList(
            _down(inside, outside, norm=0 < level < levels - 1)
            for level, (inside, outside) in enumerate(zip([1, *widths], widths, strict=False))
        )
        self.up = nn.ModuleList()
        for level in reversed(range(1, levels)):
            joined = widths[level] * (1 if level == levels - 1 else 2)
            dropped = level > levels - 1 - _DROPPED_BLOCKS
            self.up.append(_up(joined, widths[level - 1], dropout=self.settings.dropout if dropped else 0))
        self.out = nn.ConvTranspose2d(2 * widths[0], 2, 4, stride=2, padding=1)
        self.apply(_initialize)

    def forward(self, lightness: Tensor, hints: Hints | None = None) -> Tensor:
        """ab / AB_SCALE in -1..1, (N, 2, H, W)."""
        self.check_input(lightness)
        x = (lightness / 50 - 1).to(self.out.weight.dtype)
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        for block, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = torch.cat((block(x), skip), dim=1)
        return torch.tanh(self.out(torch.relu(x)))

    def to_ab(self, raw: Tensor, temperature: float) -> Tensor:
        """ab float32 (N, 2, H, W); the temperature has no meaning here."""
        return raw.float() * AB_SCALE

    def train(self, mode: bool = True) -> "UnetGenerator":
        """Training mode; in evaluation `batch_statistics` keeps the normalisation of the batch."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d) and self.settings.batch_statistics:
                module.train()
        return self


def _down(channels_in: int, channels_out: int, *, norm: bool) -> nn.Sequential:
    conv = nn.Conv2d(channels_in, channels_out, 4, stride=2, padding=1, bias=not norm)
    before = [] if channels_in == 1 else [nn.LeakyReLU(0.2)]
    return nn.Sequential(*before, conv, *([nn.BatchNorm2d(channels_out)] if norm else []))


def _up(channels_in: int, channels_out: int, *, dropout: float) -> nn.Sequential:
    conv = nn.ConvTranspose2d(channels_in, channels_out, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(channels_out), nn.Dropout(dropout))


def _initialize(module: nn.Module) -> None:
    """Weights from N(0, 0.02), as in appendix 6.2 of Isola et al."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)
    if isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)
