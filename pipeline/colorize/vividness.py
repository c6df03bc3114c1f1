"""Makes predicted colours vivid: the mean of a distribution is paler than the colours that it is a mean of.

Where these agree, as those of skin, sky and grass do, their mean is as vivid as they are and stays as it is. Where they
agree less, it is brought out the more; where hardly any two agree, its hue says nothing, and it stays pale.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_AGREEMENT = 0.75
"""Chroma of the mean over the mean chroma at which the factor is `vividness`."""
_LITTLE, _MOST_POWER = 0.6, 1.2
"""Agreement down to which the factor grows, at most to `vividness` to this power."""
_HARDLY_ANY, _POWER_THERE = 0.35, 0.3
"""Agreement below which the factor is `vividness` to this power. All were chosen on validation photos and by eye."""


def bring_out(colors: Floats, *, vividness: float, everywhere: bool) -> Floats:
    """ab (N, 2, h, w) of `colors` (N, 3, h, w): a, b and the mean chroma of the colours that they are a mean of.

    `vividness` is the factor everywhere, or that of a middling agreement of those colours; 1 changes nothing.
    """
    ab = colors[:, :2]
    if everywhere:
        return ab * np.float32(vividness)
    chroma = np.linalg.norm(ab, axis=1, keepdims=True)
    agreement = chroma / np.maximum(colors[:, 2:], np.float32(1e-3))
    sure = np.log(agreement.clip(_LITTLE, 1)) / np.log(_AGREEMENT)
    unsure = np.interp(agreement, (_HARDLY_ANY, _LITTLE), (_POWER_THERE, _MOST_POWER))
    return np.asarray(ab * vividness ** np.minimum(sure, unsure), np.float32)
