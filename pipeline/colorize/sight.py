"""How a network sees one picture: the colours that it predicts, their distribution, and what each place looks like.

Guided colour works on these: places that look alike take the same given colour.
"""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Packed = Floats | npt.NDArray[np.uint16]
"""Float32; or the upper halves of them, where all lower halves are zero, as a network that computes in bfloat16 leaves
them."""

_LOW_BITS = 0xFFFF
"""Of a float32: what a bfloat16 does not have."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sight:
    """One picture, as the network sees it. What is large is packed; nothing is lost by it."""

    lightness: Floats
    """(H, W), 0..100: the network's input."""
    ab: Floats
    """(2, h, w) with h = H/4, w = W/4: the colours of a prediction without guidance, CIE units."""
    plain: Floats
    """(2, h, w): the same before vividness and filter."""
    packed_logits: Packed
    """(Q, h, w): see `logits`."""
    packed_maps: tuple[Packed, ...]
    """See `maps`."""

    @classmethod
    def of(
        cls, *, lightness: Floats, ab: Floats, plain: Floats, logits: Floats, maps: tuple[Floats, ...]
    ) -> Self:
        """A sight of these arrays, which have the shapes of its own."""
        packed = tuple(_packed(one) for one in maps)
        return cls(lightness=lightness, ab=ab, plain=plain, packed_logits=_packed(logits), packed_maps=packed)

    @property
    def logits(self) -> Floats:
        """(Q, h, w): the distribution over the ab bins; Q is 0 where the network predicts none."""
        return _unpacked(self.packed_logits)

    @property
    def maps(self) -> tuple[Floats, ...]:
        """What each place looks like: (C, h, w) of the decoder, then (C, h/2, w/2) and (C, h/4, w/4), rounded up, of
        the encoder. Empty where the network has no such maps."""
        return tuple(_unpacked(one) for one in self.packed_maps)

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of ab."""
        return self.ab.shape[1], self.ab.shape[2]

    @property
    def small_lightness(self) -> Floats:
        """(h, w), 0..100: the lightness at the size of ab."""
        size = self.shape[::-1]
        return np.asarray(cv2.resize(self.lightness, size, interpolation=cv2.INTER_AREA), np.float32)


def _packed(values: Floats) -> Packed:
    """The values in the least memory that holds every bit of them."""
    bits = values.view(np.uint32)
    return values if (bits & _LOW_BITS).any() else (bits >> 16).astype(np.uint16)


def _unpacked(values: Packed) -> Floats:
    """In the same order in memory as before, on which the last bits of sums depend."""
    if values.dtype == np.float32:
        return np.asarray(values, np.float32)
    return (values.astype(np.uint32) << 16).view(np.float32)
