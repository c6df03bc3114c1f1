"""Draws the lettered regions of a shot on one of its frames, for a person who gives them colours by their letters."""

from collections.abc import Iterator, Mapping

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.planes import upright
from pipeline.colorize.net_frame import NetFrame
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.regions import PIECE_SHARE, Regions
from pipeline.media import Orientation

Floats = npt.NDArray[np.float32]
Rgb = npt.NDArray[np.uint8]


def framed_masks(
    sight: Sight, regions: Regions, layout: NetFrame, orientation: Orientation
) -> dict[str, Floats]:
    """(h, w) for each letter: how much of each place of a whole frame, upright, belongs to it; nothing of borders."""
    return {
        letter: upright(layout.framed(mask), orientation) for letter, mask in regions.lettered(sight).items()
    }


def lettered_picture(luma: npt.NDArray[np.uint8], masks: Mapping[str, Floats]) -> Rgb:
    """The picture of luma (H, W) uint8 with the outlines and letters of regions drawn on it, (H, W, 3).

    `masks` (h, w) say for each letter how much of each place belongs to it, as `Regions.lettered` does; places of none,
    such as black borders, stay as they are. A letter stands in every large piece of its region.
    """
    height, width = luma.shape
    drawn = np.repeat(luma[..., None], 3, axis=2)
    large = np.stack(
        [cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR) for mask in masks.values()]
    )
    labels = np.where(large.sum(axis=0) >= 0.5, large.argmax(axis=0), -1)
    drawn[labels >= 0] = drawn[labels >= 0] // 2 + 64
    tints = _tints(len(masks))
    thickness = max(1, round(min(height, width) / 240))
    for number, tint in enumerate(tints):
        inside = labels == number
        drawn[inside] = (0.8 * drawn[inside] + 0.2 * np.array(tint)).astype(np.uint8)
        outlines = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(drawn, outlines, -1, tint, thickness)
    for number, letter in enumerate(masks):
        for place in _places_for_letters(labels == number):
            _write(drawn, letter, place, tints[number])
    return drawn


def _places_for_letters(inside: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """(x, y) deep inside of every large piece of a region; of its largest one at least."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")
    for rank, number in enumerate(order[: count - 1]):
        if rank and stats[number, cv2.CC_STAT_AREA] < PIECE_SHARE * inside.size:
            return
        depth = cv2.distanceTransform(np.pad((pieces == number).astype(np.uint8), 1), cv2.DIST_L2, 3)
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        yield int(x) - 1, int(y) - 1


def _write(drawn: Rgb, letter: str, place: tuple[int, int], tint: tuple[int, int, int]) -> None:
    size = max(0.4, min(drawn.shape[:2]) / 400)
    thickness = max(1, round(2 * size))
    (width, height), _ = cv2.getTextSize(letter, cv2.FONT_HERSHEY_SIMPLEX, size, thickness)
    left = min(max(place[0] - width // 2, 1), max(drawn.shape[1] - width - 1, 1))
    line = min(max(place[1] + height // 2, height + 1), drawn.shape[0] - 2)
    for ink, extra in ((0, 0, 0), 2 * thickness + 1), (tint, 0):
        cv2.putText(
            drawn, letter, (left, line), cv2.FONT_HERSHEY_SIMPLEX, size, ink, thickness + extra, cv2.LINE_AA
        )


def _tints(count: int) -> list[tuple[int, int, int]]:
    """Bright colours whose hues lie apart, as RGB."""
    hues = np.array([[(180 * number // count, 150, 255) for number in range(count)]], np.uint8)
    return [(int(r), int(g), int(b)) for r, g, b in cv2.cvtColor(hues, cv2.COLOR_HSV2RGB)[0]]
