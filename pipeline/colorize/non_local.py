"""Lets places that look alike agree on their colours, wherever they are: a non-local mean (Buades et al. 2005).

A network that guesses place by place makes one coat of a crowd orange and leaves its neighbour grey. Here the colours
of a place become the mean of those of all places, weighted by how much these look like it: by lightness, by where they
are, and above all by what the network's own maps say of them.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

_PLACE = 0.8
"""Short sides of the picture that count as a distance of 1; a place weighs exp(-distance^2)."""
_LIGHTNESS = 12.0
"""L* that counts as a distance of 1."""
_MAPS = 0.6, 0.9, 1.5
"""The same for the network's maps, of the decoder at stride 4, of the encoder at 8 and at 16, once these are
standardised: distances of places are then of order 1. Chosen on photos of the validation, for even surfaces at the
same error."""
_MOST_DEVIATIONS = 4.0
_LEAST_SPREAD = 0.1
"""Of a map's channel, as a share of the middling channel's: what hardly varies tells nothing apart."""
_MOST_CELLS = 2500
"""A cell has 2x2 samples of ab, or more in a picture that would have more cells."""
_EVERY = 2
"""Of the cells, down and across, that all cells are compared with. More of them gave colours no better."""


def agreed(colors: Tensor, maps: Sequence[Tensor], lightness: Tensor) -> Tensor:
    """Colours (N, C, h, w) on which places that look alike agree; float32, linear in `colors`.

    `maps` (N, c, ...) are those of `Generator.see`, cut to the picture; `lightness` (N, H, W) is 0..100. What varies
    inside a cell of 2x2 samples stays as it is. Each picture is treated by itself.
    """
    if not maps:
        return colors
    height, width = colors.shape[2:]
    cell = 2
    while -(-height // cell) * -(-width // cell) > _MOST_CELLS:
        cell += 1
    rows = [
        _agreed(one[None], [m[index : index + 1] for m in maps], lightness[index][None, None], cell)
        for index, one in enumerate(colors)
    ]
    return torch.cat(rows)


def _agreed(colors: Tensor, maps: Sequence[Tensor], lightness: Tensor, cell: int) -> Tensor:
    small = functional.avg_pool2d(colors, cell, ceil_mode=True)
    size = small.shape[2:]
    looks = torch.cat([*_looks(maps, lightness, size), _places(size, colors.device)])
    asked, told = (one.flatten(1).T for one in (looks, looks[:, ::_EVERY, ::_EVERY]))
    # exp(-|q - k|^2), normalised over k: what depends on q alone falls out
    alike = torch.addmm(-told.square().sum(1), asked, told.T, alpha=2).softmax(1)
    mean = (alike @ small[0, :, ::_EVERY, ::_EVERY].flatten(1).T).T.reshape(small.shape)
    change = functional.interpolate(mean - small, size=colors.shape[2:], mode="bilinear", align_corners=False)
    return colors + change


def _looks(maps: Sequence[Tensor], lightness: Tensor, size: torch.Size) -> list[Tensor]:
    """What tells the look of cells, (C, *size) each, in units of distance."""
    looks = [
        _standardized(functional.interpolate(one.float(), size=size, mode="bilinear")[0]) / unit
        for one, unit in zip(maps, _MAPS, strict=True)
    ]
    grey = functional.interpolate(lightness.float(), size=size, mode="area")[0] / _LIGHTNESS
    return [*looks, grey]


def _standardized(one: Tensor) -> Tensor:
    """A map (C, h, w) in deviations from its channels' means, divided by the root of C."""
    deviations = one.contiguous() - one.mean(dim=(1, 2), keepdim=True)
    spread = (
        deviations.square().mean(dim=(1, 2), keepdim=True).sqrt()
    )  # in a tenth of the time of `torch.std_mean`
    spread = spread.clamp_min(_LEAST_SPREAD * float(spread.median()) + 1e-6)
    scale = 1 / math.sqrt(len(one))
    return (deviations * (scale / spread)).clamp(-_MOST_DEVIATIONS * scale, _MOST_DEVIATIONS * scale)


def _places(size: torch.Size, device: torch.device) -> Tensor:
    """(2, *size): where each cell is, in units of distance."""
    unit = _PLACE * min(size)
    rows, columns = (torch.arange(side, device=device, dtype=torch.float32) / unit for side in size)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
