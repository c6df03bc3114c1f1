"""Pictures of tests/data/nouns, and the masks of nouns in them that were drawn by hand."""

import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).parent / "data" / "nouns"


def drawn_masks(size: tuple[int, int], *, name: str) -> dict[str, npt.NDArray[np.bool_]]:
    """The masks (h, w) of a picture, by noun."""
    masks = json.loads((FOLDER / "masks.json").read_text(encoding="utf-8"))[name]
    return {noun: _filled(pieces, size) for noun, pieces in masks.items()}


def picture_names() -> list[str]:
    """The file names of all pictures."""
    return sorted(path.name for path in FOLDER.glob("*.jpg"))


def overlap(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Intersection over union of two masks."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def _filled(pieces: list[dict[str, object]], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Pieces are filled before holes are cut; at 4 times the size, then averaged down."""
    height, width = size
    mask = np.zeros((4 * height, 4 * width), np.uint8)
    scale = (4 * width - 1) / 1000, (4 * height - 1) / 1000
    for piece in sorted(pieces, key=lambda piece: not piece["inside"]):
        points = (np.array(piece["points"]) * scale).round().astype(np.int32)
        cv2.fillPoly(mask, [points], int(bool(piece["inside"])))
    small = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small > 0.5)
