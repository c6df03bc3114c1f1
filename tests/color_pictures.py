"""Colour pictures made on the fly, and networks that are told what to predict, for tests of colours."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class StubNetwork:
    """A network that gives the colours it is told to: of a picture (h, w), luma or lightness, ab (2, any, any)."""

    short_side = 128

    def __init__(self, give: Callable[[Floats], Floats]) -> None:
        self._give = give

    def predict(self, lightness: Iterable[Floats]) -> Iterator[Floats]:
        return map(self._give, lightness)

    def predict_pictures(self, luma_unit: Floats) -> Floats:
        return np.stack([self._give(picture) for picture in luma_unit])


def color_picture(seed: int, *, size: tuple[int, int] = (72, 56)) -> Rgb:
    """A smooth, warm colour picture (height, width) without clipped colours."""
    coarse = (
        np.random.default_rng(seed).uniform((130, 90, 50), (200, 160, 120), size=(3, 4, 3)).astype(np.float32)
    )
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def save_picture(path: Path, rgb: Rgb) -> Path:
    """Writes the picture in the format of its suffix and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return path


def read_picture(path: Path) -> Rgb:
    """The picture in a file, as it is."""
    bgr = cv2.imread(str(path))
    assert bgr is not None, path
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8)
