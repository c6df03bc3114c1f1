"""The `efficient` generator: EfficientNet-Lite0 encoder, U-Net decoder, distribution over ab bins.

U-Net skips after Ronneberger et al. 2015; the output distribution after Zhang et al. 2016; hints after
Zhang et al. 2017 ("Real-time user-guided image colorization"). One attention step at the deepest map lets
distant parts of a picture agree on their light (Vaswani et al. 2017). Since version 3 of the weights, colour queries
and a path from hints to logits add to the logits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.networks.color_queries import ColorQueries
from models.networks.efficientnet_lite import SKIP_CHANNELS, Lite0Encoder, normalize_rgb
from models.networks.generator import AB_STRIDE, Generator, Hints, Seen
from models.networks.hint_path import HintPath
from models.networks.lab import AB_SCALE, ab_bins, annealed_mean, srgb_from_lightness

_HINT_CHANNELS = 3
_MOST_CHANNELS = 4096
"""Of a map. Such a network has some 10^9 weights; it is what a damaged file asks for."""
_MOST_QUERIES = 1024
_FELT_SCALE = 14.0
"""A guided network is shown hints as ab / 14: of order 1, as the features beside them."""


@dataclass(frozen=True, kw_only=True)
class EfficientSettings:
    """Size of the generator; stored with its weights."""

    context: int = 256
    """Channels of the deepest map after the encoder."""
    decoder: tuple[int, int, int] = (160, 112, 80)
    """Channels of the decoder at strides 16, 8 and 4."""
    heads: int = 4
    """Attention heads at stride 32."""
    dropout: float = 0.2
    """Share of channels dropped at the two deepest decoder inputs, in training only."""
    queries: int = 0
    """Colour queries; 0 has none, as the weights before version 3."""
    guided: bool = False
    """Whether hints are felt, and go to the logits as well; false for the weights before version 3."""

    def __post_init__(self) -> None:
        for name, channels in (("context", (self.context,)), ("decoder", self.decoder)):
            if not all(1 <= count <= _MOST_CHANNELS for count in channels):
                raise ValueError(f"{name}: channels from 1 to {_MOST_CHANNELS} work")
        if not 1 <= self.heads <= self.context or self.context % self.heads:
            raise ValueError(f"heads: a divisor of context, {self.context}, works")
        if not 0 <= self.dropout <= 1:
            raise ValueError("dropout: a share from 0 to 1 works")
        if not 0 <= self.queries <= _MOST_QUERIES:
            raise ValueError(f"queries: a number from 0 to {_MOST_QUERIES} works")


class EfficientGenerator(Generator):
    """Lightness to a distribution over the ab bins: `forward` returns logits (N, Q, H/4, W/4)."""

    architecture = "efficient"
    training_stride = AB_STRIDE
    input_multiple = 32
    bins: Tensor
    """(Q, 2), the centres of the ab bins."""

    def __init__(self, settings: EfficientSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or EfficientSettings()
        deep, (d16, d8, d4) = self.settings.context, self.settings.decoder
        s4, s8, s16, s32 = SKIP_CHANNELS
        self.register_buffer("bins", torch.tensor(ab_bins()))
        self.encoder = Lite0Encoder()
        self.drop = nn.Dropout2d(self.settings.dropout)
        self.context = _Context(s32 + _HINT_CHANNELS, deep, self.settings.heads)
        self.up16 = _Up(deep, s16 + _HINT_CHANNELS, d16)
        self.up8 = _Up(d16, s8 + _HINT_CHANNELS, d8)
        self.up4 = _Up(d8, s4 + _HINT_CHANNELS, d4)
        self.logits = nn.Conv2d(d4, len(self.bins), 1)
        self.queries = (
            ColorQueries(
                self.settings.queries,
                map_channels=(deep, d16, d8),
                pixel_channels=d4,
                bin_count=len(self.bins),
            )
            if self.settings.queries
            else None
        )
        self.hint_path = HintPath(d8) if self.settings.guided else None

    def extended(self, *, queries: int, guided: bool) -> "EfficientGenerator":
        """A generator with these parts beside its own, that gives the same colours without hints as this one.

        What it has already stays as it is.
        """
        old = self.settings
        made = EfficientGenerator(
            replace(old, queries=old.queries or queries, guided=old.guided or guided)
        ).train(self.training)
        made.load_state_dict(made.state_dict() | self.state_dict())
        if made.settings.guided and not old.guided:
            for conv in (made.context.project[0], *(up.convs[0] for up in (made.up16, made.up8, made.up4))):
                assert isinstance(conv, nn.Conv2d)
                conv.weight.data[:, -_HINT_CHANNELS : -_HINT_CHANNELS + 2] *= _FELT_SCALE / AB_SCALE
        return made

    def forward(self, lightness: Tensor, hints: Hints | None = None) -> Tensor:
        return self.decode(self.encode(lightness), hint_map(lightness, hints), lightness)

    def see(self, lightness: Tensor) -> Seen:
        return self.decode_seen(self.encode(lightness), hint_map(lightness, None), lightness)

    def encode(self, lightness: Tensor) -> list[Tensor]:
        """The encoder's maps of L* (N, 1, H, W), at strides 4, 8, 16 and 32."""
        self.check_input(lightness)
        grey = normalize_rgb(srgb_from_lightness(lightness.float())).to(self.logits.weight.dtype)
        picture = grey.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        return self.encoder(picture)  # type: ignore[no-any-return]

    def decode(self, maps: Sequence[Tensor], hints: Tensor, lightness: Tensor) -> Tensor:
        """The logits for maps of `encode`, the map of the hints (N, 3, H/4, W/4) and the L* that both are of."""
        return self.decode_seen(maps, hints, lightness).raw

    def decode_seen(self, maps: Sequence[Tensor], hints: Tensor, lightness: Tensor) -> Seen:
        """As `decode`, with the maps of `see`."""
        m4, m8, m16, m32 = maps
        h4 = hints.to(self.logits.weight.dtype)
        if self.hint_path:
            h4 = torch.cat((h4[:, :2] * (AB_SCALE / _FELT_SCALE), h4[:, 2:]), dim=1)
        h8, h16, h32 = (functional.avg_pool2d(h4, k) for k in (2, 4, 8))
        x32 = self.context(torch.cat((self.drop(m32), _filled(h32)), dim=1))
        x16 = self.up16(x32, torch.cat((self.drop(m16), _filled(h16)), dim=1))
        x8 = self.up8(x16, torch.cat((m8, _filled(h8)), dim=1))
        x4 = self.up4(x8, torch.cat((m4, _as_maps(h4)), dim=1))
        logits: Tensor = self.logits(x4)
        if self.queries:
            logits = logits + self.queries((x32, x16, x8), x4)
        if self.hint_path:
            logits = self._with_hints(logits, x8, lightness, hints)
        return Seen(logits, (x4, m8, m16))

    def _with_hints(self, logits: Tensor, x8: Tensor, lightness: Tensor, hints: Tensor) -> Tensor:
        """The logits, and what the hints of those pictures that have some add to them."""
        assert self.hint_path
        rows = hints[:, 2].flatten(1).amax(dim=1).gt(0).nonzero()[:, 0]
        if not len(rows):
            if not self.training:
                return logits
            rows = rows.new_zeros(1)  # every part takes part in every step, whoever shares the gradients
        given = torch.cat((hints[rows, :2] * AB_SCALE, hints[rows, 2:]), dim=1)
        added = self.hint_path(x8[rows], lightness[rows], given, self.bins)
        return logits.index_add(0, rows, added.to(logits.dtype))

    def to_ab(self, raw: Tensor, temperature: float) -> Tensor:
        """ab float32 (N, 2, H/4, W/4): the annealed mean of the predicted distribution."""
        return annealed_mean(raw, self.bins, temperature)

    def to_ab_and_chroma(self, raw: Tensor, temperature: float) -> Tensor:
        chroma = torch.linalg.vector_norm(self.bins.float(), dim=1, keepdim=True)
        return annealed_mean(raw, torch.cat((self.bins, chroma), dim=1), temperature)


class _Context(nn.Module):
    """The deepest map: a projection, then one pre-norm attention step over all its places."""

    def __init__(self, channels_in: int, channels: int, heads: int) -> None:
        super().__init__()
        self.project = nn.Sequential(*_conv_bn_relu(channels_in, channels, 1))
        self.norm = nn.LayerNorm(channels)
        self.attention = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.mix = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, 2 * channels),
            nn.GELU(),
            nn.Linear(2 * channels, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.project(x)
        places = x.flatten(2).transpose(1, 2)
        query = self.norm(places)
        places = places + self.attention(query, query, query, need_weights=False)[0]
        places = places + self.mix(places)
        joined: Tensor = places.transpose(1, 2).reshape(x.shape)
        return joined.contiguous(memory_format=torch.channels_last)


class _Up(nn.Module):
    """One decoder level: enlarge to the skip's own size, join, two 3x3 convolutions."""

    def __init__(self, channels_in: int, channels_skip: int, channels: int) -> None:
        super().__init__()
        self.reduce = nn.Sequential(*_conv_bn_relu(channels_in, channels, 1))
        self.convs = nn.Sequential(
            *_conv_bn_relu(channels + channels_skip, channels, 3), *_conv_bn_relu(channels, channels, 3)
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = functional.interpolate(self.reduce(x), size=skip.shape[-2:], mode="bilinear", align_corners=False)
        return self.convs(torch.cat((x, skip), dim=1))  # type: ignore[no-any-return]


def _conv_bn_relu(channels_in: int, channels_out: int, kernel: int) -> list[nn.Module]:
    conv = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)]


def hint_map(lightness: Tensor, hints: Hints | None) -> Tensor:
    """(N, 3, H/4, W/4): confident ab in units of AB_SCALE, and the confidence; zeros without hints."""
    if hints is None:
        count, _, height, width = lightness.shape
        size = (count, _HINT_CHANNELS, height // AB_STRIDE, width // AB_STRIDE)
        return torch.zeros(size, device=lightness.device)
    return torch.cat((hints.ab / AB_SCALE * hints.confidence, hints.confidence), dim=1)


def _filled(pooled: Tensor) -> Tensor:
    """A pooled hint map with its ab divided by the pooled confidence: one hinted sample speaks for its cell."""
    ab, confidence = pooled[:, :2], pooled[:, 2:]
    return _as_maps(torch.cat((ab / confidence.clamp_min(1e-6), confidence.sqrt()), dim=1))


def _as_maps(hints: Tensor) -> Tensor:
    """Hints laid out as the encoder's maps are: joined with others, those would be copied twice."""
    return hints.contiguous(memory_format=torch.channels_last)
