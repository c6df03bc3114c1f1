"""The one inner form of guided colour: what colour is wanted at each place of a frame, and how surely."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HintMap:
    """Colours that were given for one frame, at the size of the predicted ab."""

    ab: Floats
    """(2, h, w), CIE units; does not count where the confidence is 0."""
    confidence: Floats
    """(h, w) in 0..1: 1 is obeyed, 0 leaves the predicted colour."""

    def over(self, ab: Floats) -> Floats:
        """Predicted ab (2, h, w) with the given colours over it."""
        return ab + self.confidence * (self.ab - ab)

    def on_top_of(self, below: "HintMap") -> "HintMap":
        """Both together; where both were given, these count first."""
        rest = (np.float32(1) - self.confidence) * below.confidence
        confidence = self.confidence + rest
        ab = (self.confidence * self.ab + rest * below.ab) / np.maximum(confidence, np.float32(1e-6))
        return HintMap(ab.astype(np.float32), confidence)


def no_hints(shape: tuple[int, int]) -> HintMap:
    """A map (h, w) in which nothing was given."""
    return HintMap(np.zeros((2, *shape), np.float32), np.zeros(shape, np.float32))
