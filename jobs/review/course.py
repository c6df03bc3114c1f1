"""The course of a film: chroma, flicker and exposure frame by frame, and as few values as a plot can show."""

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class FrameFigures(NamedTuple):
    """Of one frame."""

    chroma: float
    """Mean absolute Cb and Cr, in steps of 8 bits."""
    flicker: float
    """Their mean change since the frame before, where luma stands still; 0 in the first frame of a shot."""
    exposure: float
    """Mean luma, 0..1."""


@dataclass
class Course:
    """The figures of the frames so far, 12 bytes a frame."""

    values: "array[float]" = field(default_factory=lambda: array("f"))

    def push(self, figures: FrameFigures) -> None:
        """Takes those of the next frame."""
        self.values.extend(figures)

    def shown(self, *, most: int) -> "npt.NDArray[np.float32]":
        """(at most `most`, 3): as many frames together as are needed; of each part mean, largest flicker, mean."""
        frames = np.array(self.values, np.float32).reshape(-1, len(FrameFigures._fields))
        parts = np.array_split(frames, min(len(frames), most)) if len(frames) else []
        rows = [(part[:, 0].mean(), part[:, 1].max(), part[:, 2].mean()) for part in parts]
        return np.array(rows, np.float32).reshape(-1, 3)
