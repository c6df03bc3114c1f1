"""Batch normalisation folded into the convolutions before it: the same function, fewer passes over memory."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


def fold_batch_norm(module: nn.Module) -> None:
    """Fold every BatchNorm2d that follows a convolution in an `nn.Sequential`, in place.

    For evaluation only: the module's statistics are frozen into its weights. (Ioffe & Szegedy 2015: at
    inference the normalisation is an affine map, so it merges with the convolution's own.)
    """
    for child in module.modules():
        if isinstance(child, nn.Sequential):
            _fold_sequence(child)


def _fold_sequence(sequence: nn.Sequential) -> None:
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
