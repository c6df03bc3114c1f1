"""Folds batch norms, padding and activations into convolutions: the same function with fewer passes over memory."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from models.networks.efficientnet_lite import SameConv

# oneDNN's convolution that bends each sum before it is stored; it differs from PyTorch's own in nothing else
_CONVOLVE = (
    getattr(torch.ops.mkldnn, "_convolution_pointwise", None)
    if torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    else None
)
_HAS_BF16 = _CONVOLVE is not None and torch.ops.mkldnn._is_mkldnn_bf16_supported()
"""Without it oneDNN refuses bf16, which PyTorch's own convolution computes, slowly."""


def fold(module: nn.Module) -> None:
    """Fold normalisation, padding and activation into the convolutions of a module, in place; for evaluation only.

    Every BatchNorm2d that follows a convolution in an `nn.Sequential` is frozen into its weights (Ioffe &
    Szegedy 2015: at inference the normalisation is an affine map); see `SameConv.widen` for the padding.
    """
    for child in module.modules():
        if isinstance(child, SameConv):
            child.widen()
    for child in list(module.modules()):
        if isinstance(child, nn.Sequential):
            _fold_norms(child)
            _fold_activations(child)


def _fold_norms(sequence: nn.Sequential) -> None:
    for index in range(1, len(sequence)):
        conv, norm = sequence[index - 1], sequence[index]
        if not isinstance(conv, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
            continue
        assert norm.running_mean is not None  # every normalisation here keeps statistics
        assert norm.running_var is not None
        conv.weight, conv.bias = fuse_conv_bn_weights(
            conv.weight,
            conv.bias,
            norm.running_mean,
            norm.running_var,
            norm.eps,
            norm.weight,
            norm.bias,
        )
        sequence[index] = nn.Identity()


def _fold_activations(sequence: nn.Sequential) -> None:
    conv_at: int | None = None
    for index, part in enumerate(sequence):
        if isinstance(part, nn.Conv2d):
            conv_at = index
        elif isinstance(part, nn.ReLU | nn.ReLU6) and conv_at is not None:
            sequence[conv_at] = _BentConv(cast(nn.Conv2d, sequence[conv_at]), part)
            sequence[index] = nn.Identity()
            conv_at = None
        elif not isinstance(part, nn.Identity):
            conv_at = None


class _BentConv(nn.Module):
    """A convolution and the activation behind it; in one pass where oneDNN does the work, with the same bits."""

    def __init__(self, conv: nn.Conv2d, activation: nn.ReLU | nn.ReLU6) -> None:
        super().__init__()
        self.conv, self.activation = conv, activation
        self._bend: tuple[str, list[float]] = (
            ("hardtanh", [0.0, 6.0]) if isinstance(activation, nn.ReLU6) else ("relu", [])
        )

    def forward(self, x: Tensor) -> Tensor:
        if _CONVOLVE is None or x.device.type != "cpu" or (x.dtype == torch.bfloat16 and not _HAS_BF16):
            return cast(Tensor, self.activation(self.conv(x)))
        conv, (bend, limits) = self.conv, self._bend
        how = conv.padding, conv.stride, conv.dilation, conv.groups
        return cast(Tensor, _CONVOLVE(x, conv.weight, conv.bias, *how, bend, limits, ""))
