"""How a network sees one picture: the colours that it predicts, their distribution, and what each place looks like.

Guided colour works on these: places that look alike take the same given colour.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sight:
    """One picture, as the network sees it."""

    lightness: Floats
    """(H, W), 0..100: the network's input."""
    ab: Floats
    """(2, h, w) with h = H/4, w = W/4: the colours of a prediction without guidance, CIE units."""
    plain: Floats
    """(2, h, w): the same before vividness and filter."""
    logits: Floats
    """(Q, h, w): the distribution over the ab bins; Q is 0 where the network predicts none."""
    maps: tuple[Floats, ...]
    """What each place looks like: (C, h, w) of the decoder, then (C, h/2, w/2) and (C, h/4, w/4), rounded up, of the
    encoder. Empty where the network has no such maps."""

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of ab."""
        return self.ab.shape[1], self.ab.shape[2]

    @property
    def small_lightness(self) -> Floats:
        """(h, w), 0..100: the lightness at the size of ab."""
        size = self.shape[::-1]
        return np.asarray(cv2.resize(self.lightness, size, interpolation=cv2.INTER_AREA), np.float32)
