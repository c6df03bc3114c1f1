"""Filters predicted colours: smooth within the edges of luma, faint in the shadows.

A network that guesses place by place leaves blotches on flat areas: an orange patch in a sky, a blue one on a wall. A
guided filter (He, Sun & Tang 2010) with luma as its guide averages them away and stops at edges. Dark areas have
little colour to show and make a wrong guess most visible, so their colour is reduced.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_WINDOW = (13, 13)
"""In samples of the network's output, which has 56 on the picture's shorter side by default."""
_EPSILON = np.float32(0.01)
"""Variance of L* / 100 below which an area counts as flat."""
_SHADOW_WINDOW = (9, 9)
_SHADOW_COLOR = np.float32(0.3)
"""Share of its colour that black keeps."""
_FULL_COLOR_LIGHTNESS = np.float32(42)
"""L* from which on all colour is kept."""


def filter_ab(ab: Floats, lightness: Floats) -> Floats:
    """The filtered ab (2, h, w) of a picture; `lightness` (H, W), 0..100, is the same picture's."""
    guide = np.asarray(cv2.resize(lightness, ab.shape[:0:-1], interpolation=cv2.INTER_AREA), np.float32)
    shadow = _mean(guide, _SHADOW_WINDOW) / _FULL_COLOR_LIGHTNESS
    keep = np.minimum(_SHADOW_COLOR + (1 - _SHADOW_COLOR) * shadow, np.float32(1))
    guide *= np.float32(0.01)
    mean = _mean(guide)
    variance = _mean(guide * guide) - mean * mean + _EPSILON
    filtered = np.empty_like(ab)
    for channel, plane in enumerate(ab):
        mean_plane = _mean(plane)
        slope = (_mean(guide * plane) - mean * mean_plane) / variance
        offset = mean_plane - slope * mean
        filtered[channel] = (_mean(slope) * guide + _mean(offset)) * keep
    return filtered


def _mean(plane: npt.NDArray[np.floating[Any]], window: tuple[int, int] = _WINDOW) -> Floats:
    return np.asarray(cv2.blur(plane, window, borderType=cv2.BORDER_REFLECT), np.float32)
