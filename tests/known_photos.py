"""Photos, and networks that know or miss their colours by a known amount."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from jobs.evaluation.pictures import true_ab
from tests.color_pictures import Floats, StubNetwork, color_picture, read_picture, save_picture


def knowing(*paths: Path, share: float = 1.0, shift: float = 0.0) -> StubNetwork:
    """A network that knows `share` of the colours of the photos, told apart by their size."""
    known = {(rgb := read_picture(path)).shape[:2]: rgb for path in paths}

    def give(luma: Floats) -> Floats:
        height, width = luma.shape
        return np.float32(share) * true_ab(known[height, width], (height // 4, width // 4)) + np.float32(
            shift
        )

    return StubNetwork(give)


def no_color(luma: Floats) -> Floats:
    return np.zeros((2, luma.shape[0] // 4, luma.shape[1] // 4), dtype=np.float32)


GREY = StubNetwork(no_color)


def pooled_features(rgb: Tensor) -> Tensor:
    assert rgb.dtype == torch.uint8
    assert rgb.shape[1:] == (3, 256, 256)
    return torch.nn.functional.avg_pool2d(rgb.float() / 255, 64).flatten(1)


def make_photos(folder: Path, count: int = 4) -> list[Path]:
    return [
        save_picture(folder / f"photo{number}.png", color_picture(number, size=(64 + 8 * number, 48)))
        for number in range(count)
    ]
