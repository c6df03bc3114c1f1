"""Pictures of an evaluation: a colour picture taken apart into L and ab, at the sizes that figures are taken at.

Result, grey and truth are put together in one way (`models.lab.put_together`), so that figures differ by their
colours alone: L at full detail, ab from the size of the network's output, enlarged bilinearly, shown as sRGB.
(So the truth's colourfulness is a little below that of the photos themselves: 3 % on the held-out set.)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import torch

from models.lab import Rgb, srgb_from_lightness
from models.metrics import psnr

Floats = npt.NDArray[np.float32]
Picture = TypeVar("Picture", Rgb, Floats)
Predict = Callable[[Floats], Floats]
"""Grey sRGB levels (N, H, W), 0..1, to ab (N, 2, h, w) in CIELAB units, of any size."""

SHOWN_SHORT_PX = 256
"""Short side at which colourfulness, features and CDC are taken."""


@dataclass(frozen=True, kw_only=True)
class LabPicture:
    """A picture as the evaluation needs it."""

    lightness: Floats
    """(H, W), 0..100."""
    ab: Floats
    """(H, W, 2) of the true picture, CIELAB units."""

    def grey_level(self) -> Floats:
        """(H, W): the sRGB level, 0..1, of the grey with that lightness: what the network is shown."""
        level: Floats = srgb_from_lightness(torch.from_numpy(self.lightness)).clamp(0, 1).numpy()
        return level

    def ab_at(self, size: tuple[int, int]) -> Floats:
        """The true ab, averaged down to (h, w): (2, h, w), as the network would have to say it."""
        height, width = size
        small = cv2.resize(self.ab, (width, height), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(np.moveaxis(small, -1, 0), dtype=np.float32)


def take_apart(rgb: Rgb) -> LabPicture:
    """L and ab (D65) of an sRGB picture."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    return LabPicture(lightness=np.ascontiguousarray(lab[..., 0]), ab=np.ascontiguousarray(lab[..., 1:]))


def with_short_side(picture: Picture, short_px: int) -> Picture:
    """The picture, aspect kept, with `short_px` on its short side: averaged down or enlarged bilinearly."""
    height, width = picture.shape[:2]
    scale = short_px / min(height, width)
    if scale == 1:
        return picture
    size = (max(short_px, round(width * scale)), max(short_px, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=method).astype(picture.dtype)


def centre_square(rgb: Rgb) -> Rgb:
    """The middle of a picture, as wide and high as its short side."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return rgb[top : top + side, left : left + side]


def finite_psnr(rgb: Rgb, truth: Rgb) -> float | None:
    """Peak signal-to-noise ratio in dB; None where it is infinite, for pictures that are equal."""
    decibels = psnr(rgb, truth)
    return decibels if math.isfinite(decibels) else None
