"""A colour that is named dark, on a light thing: it pales as paint does that is mixed with white.

A colour gives hue and strength, while a thing keeps its lightness. Up to `_SHADING` lighter than it was named, the
difference is taken for light and exposure, and the colour is obeyed as it is. What is lighter still cannot be that
colour: its chroma falls linearly to 0 at white. So `navy` on a white shirt is a greyish blue, and no neon one.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Lab = tuple[float, float, float]
"""A colour with the L* that it was named with."""

ANY_LIGHTNESS = 100.0
"""L* of a colour that is meant at any lightness."""
_SHADING = np.float32(15)
"""L*."""


def kept_chroma(lightness: Floats, named: Floats | float) -> Floats:
    """How much of its chroma a colour keeps, 0..1, on places of that L* (0..100) that was named with L* `named`."""
    dark = np.minimum(np.asarray(named, np.float32) + _SHADING, np.float32(99))
    share = (np.float32(100) - lightness) / (np.float32(100) - dark)
    return np.asarray(np.where(dark >= 99, 1, share.clip(0, 1)), np.float32)
