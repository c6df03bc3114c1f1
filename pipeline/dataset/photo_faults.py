"""Whether a training picture is a photograph with colours of its own: drawings, cut-outs and toned pictures are not.

What is drawn or cut out has a border of one colour or areas without any grain, which a camera seldom gives. The
limits were chosen on contact sheets of 11,000 photographs of 55 collections. Products and portraits on a plain ground
go, too: no grey picture tells the colour of that. Collages without a frame are not found.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import cv2
import numpy as np

from pipeline.dataset.photos import PHOTO_SUFFIXES
from pipeline.dataset.quality import (
    COLOR_PX,
    SHARPNESS_PX,
    QualitySettings,
    Rgb,
    find_color_fault,
    measure_color,
    shrink,
)
from pipeline.dataset.samples import decode_rgb
from pipeline.dataset.training_set import TrainingFile

Fault = Literal["black", "white", "grey", "sepia", "tinted", "framed", "flat"]

_COLORS = QualitySettings(grey=8, tint=3)
"""Stricter than for the frames of a film: there are photographs enough."""
_BORDER = 0.02
"""Width of the border as a share of the shorter side."""
_ALIKE = 4
"""Grey levels by which samples of one colour differ at most, after compression."""
_FRAMED, _FRAMED_DARK = 0.5, 0.9
"""Share of the border that has one colour; night surrounds many photographs."""
_DARK = 16
_FLAT = 0.3
"""Share of the picture without grain, neither black nor burnt out, nor blue as a clear sky."""
_BLUE = 8
"""Levels by which blue is above red in a clear sky."""
_LEAST_VARIANCE = 0.35
"""Of 5x5 grey levels: below is no grain."""


def only_photographs(files: Sequence[TrainingFile]) -> tuple[list[TrainingFile], Mapping[str, int]]:
    """Files in their order without the photos that `find_fault` finds one in, and how many have which.

    Clips stay. Raises SettingsError for a photo that cannot be decoded.
    """
    photos = [file for file in files if file.path.suffix.lower() in PHOTO_SUFFIXES]
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda file: find_fault(decode_rgb(file.path)), photos)
        faults = {file.path: fault for file, fault in zip(photos, found, strict=True) if fault}
    return [file for file in files if file.path not in faults], Counter(sorted(faults.values()))


def find_fault(rgb: Rgb) -> Fault | None:
    """The first rule that an sRGB picture (H, W, 3) breaks; None for a photograph."""
    small = shrink(rgb, longest_px=SHARPNESS_PX)
    fault = find_color_fault(measure_color(shrink(small, longest_px=COLOR_PX)), _COLORS)
    if fault and fault != "blurred":
        return fault
    if _is_framed(small):
        return "framed"
    return "flat" if _flat_share(small) >= _FLAT else None


def _is_framed(rgb: Rgb) -> bool:
    width = max(2, round(_BORDER * min(rgb.shape[:2])))
    sides = rgb[:width], rgb[-width:], rgb[:, :width], rgb[:, -width:]
    border = np.concatenate([side.reshape(-1, 3) for side in sides]).astype(np.int16)
    color = np.median(border, axis=0)
    alike = float((np.abs(border - color).max(axis=1) <= _ALIKE).mean())
    return alike >= (_FRAMED if color.min() >= _DARK else _FRAMED_DARK)


def _flat_share(rgb: Rgb) -> float:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = cv2.blur(grey, (5, 5))
    variance = cv2.blur(grey * grey, (5, 5)) - mean * mean
    blue = rgb[..., 2].astype(np.int16) - rgb[..., 0] > _BLUE
    return float(((variance < _LEAST_VARIANCE) & (mean > 5) & (mean < 250) & ~blue).mean())
