"""Colourfulness of a picture, with numpy alone: processes that only look at pictures need not load torch for it."""

import math

import numpy as np
import numpy.typing as npt


def colorfulness(rgb: npt.NDArray[np.uint8]) -> float:
    """Colourfulness CF of a picture: 0 for grey, about 15 slightly, 45 quite, 80 highly colourful.

    Hasler & Süsstrunk 2003, "Measuring colourfulness in natural images", section 7.
    """
    red, green, blue = np.moveaxis(rgb, -1, 0).astype(np.float32)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = math.hypot(float(red_green.std()), float(yellow_blue.std()))
    return spread + 0.3 * math.hypot(float(red_green.mean()), float(yellow_blue.mean()))
