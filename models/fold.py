"""A network made ready to run: the same function, fewer passes over memory."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from models.lite0 import SameConv


def fold(module: nn.Module) -> None:
    """Fold normalisation and padding into the convolutions of a module, in place; for evaluation only.

    Every BatchNorm2d that follows a convolution in an `nn.Sequential` is frozen into its weights (Ioffe &
    Szegedy 2015: at inference the normalisation is an affine map); see `SameConv.widen` for the padding.
    """
    for child in module.modules():
        if isinstance(child, nn.Sequential):
            _fold_sequence(child)
        if isinstance(child, SameConv):
            child.widen()


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
