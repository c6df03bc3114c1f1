"""Colours decided for things, not for places: learned queries look at the whole picture and share out its pixels.

The queries and their looking are those of DDColor (Kang et al. 2023, "DDColor: Towards photo-realistic image
colorization via dual decoders"); that each pixel is shared out among them by a softmax, and each says one
distribution for all of its pixels, is mask classification (Cheng et al. 2021, MaskFormer).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_CHANNELS = 128
_HEADS = 4
_SHARPNESS = 8.0  # of the softmax over cosines, at the beginning


class ColorQueries(nn.Module):
    """Logits that are alike for all that belongs together; zero until something is learned."""

    def __init__(
        self, count: int, *, map_channels: Sequence[int], pixel_channels: int, bin_count: int
    ) -> None:
        """`map_channels`: of the maps that the queries look at, one after another; `pixel_channels`: of the finest."""
        super().__init__()
        self.queries = nn.Parameter(torch.randn(count, _CHANNELS))
        self.looks = nn.ModuleList(_Look(channels) for channels in map_channels)
        self.pixels = nn.Conv2d(pixel_channels, _CHANNELS, 1)
        self.places = nn.Linear(_CHANNELS, _CHANNELS)
        self.sharpness = nn.Parameter(torch.tensor(_SHARPNESS))
        last = nn.Linear(_CHANNELS, bin_count)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.colors = nn.Sequential(nn.LayerNorm(_CHANNELS), nn.Linear(_CHANNELS, _CHANNELS), nn.GELU(), last)

    def forward(self, maps: Sequence[Tensor], pixels: Tensor) -> Tensor:
        """Logits (N, Q, h, w) for the pixels (N, C, h, w) of a picture with these maps, coarsest first."""
        count, _, height, width = pixels.shape
        queries = self.queries.expand(count, -1, -1)
        for look, seen in zip(self.looks, maps, strict=True):
            queries = look(queries, seen)
        of_pixels = functional.normalize(self.pixels(pixels).flatten(2).transpose(1, 2), dim=-1)
        of_queries = functional.normalize(self.places(queries), dim=-1)
        share = torch.softmax(self.sharpness * (of_pixels @ of_queries.transpose(1, 2)), dim=-1)
        logits: Tensor = share @ self.colors(queries)  # channels last, as those of a convolution
        return logits.transpose(1, 2).reshape(count, -1, height, width)


class _Look(nn.Module):
    """The queries look at a map, then at each other."""

    def __init__(self, map_channels: int) -> None:
        super().__init__()
        self.norm_map, self.norm = nn.LayerNorm(map_channels), nn.LayerNorm(_CHANNELS)
        self.across = nn.MultiheadAttention(
            _CHANNELS, _HEADS, kdim=map_channels, vdim=map_channels, batch_first=True
        )
        self.norm_own = nn.LayerNorm(_CHANNELS)
        self.among = nn.MultiheadAttention(_CHANNELS, _HEADS, batch_first=True)
        self.mix = nn.Sequential(
            nn.LayerNorm(_CHANNELS),
            nn.Linear(_CHANNELS, 2 * _CHANNELS),
            nn.GELU(),
            nn.Linear(2 * _CHANNELS, _CHANNELS),
        )

    def forward(self, queries: Tensor, seen: Tensor) -> Tensor:
        places = self.norm_map(seen.flatten(2).transpose(1, 2))
        queries = queries + self.across(self.norm(queries), places, places, need_weights=False)[0]
        own = self.norm_own(queries)
        queries = queries + self.among(own, own, own, need_weights=False)[0]
        mixed: Tensor = queries + self.mix(queries)
        return mixed
