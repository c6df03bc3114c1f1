"""Shows a still to the network several times, mirrored and at several sizes, and joins what it says.

What the network is unsure of changes from view to view and averages out; what it knows stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from pipeline.color.colorimetry import lightness
from pipeline.colorize.net_frame import net_size, shrink

Floats = npt.NDArray[np.float32]

_SIZES = (1.0, 6 / 7, 9 / 7)
"""Of the shorter side: 224, 192 and 288 by default."""
_STEP_PX, _SHORTEST_PX = 32, 96


@dataclass(frozen=True, eq=False)
class View:
    """A still as the network is shown it."""

    lightness: Floats
    """(H, W), 0..100."""
    is_mirrored: bool


def views_of(luma_unit: Floats, *, short_side: int, passes: int) -> Iterator[View]:
    """A picture (H, W), luma 0..1, in 1, 2 or 6 views: as it is, mirrored too, both at three sizes.

    The first one is the picture as it is, at the size that is asked for.
    """
    height, width = luma_unit.shape
    for size in _SIZES[: 3 if passes == 6 else 1]:
        side = max(_SHORTEST_PX, round(short_side * size / _STEP_PX) * _STEP_PX)
        shown = net_size(width=width, height=height, sample_aspect=1, short_side=side)
        picture = lightness(shrink(luma_unit, shown))
        yield View(picture, False)
        if passes > 1:
            yield View(np.ascontiguousarray(picture[:, ::-1]), True)


def joined(views: Sequence[View], logits: Sequence[Floats]) -> Floats:
    """The distribution that the views of one picture agree on: their mean log-probability, (Q, h, w) as that of the
    first; of each view its logits (Q, h, w)."""
    size = logits[0].shape[1:]
    total = torch.zeros(logits[0].shape)
    for view, one in zip(views, logits, strict=True):
        sure = torch.log_softmax(torch.from_numpy(one), dim=0)
        upright = sure.flip(2) if view.is_mirrored else sure
        if upright.shape[1:] != size:
            upright = functional.interpolate(upright[None], size=size, mode="bilinear", antialias=True)[0]
        total += upright
    return np.asarray(total / len(views), np.float32)
