"""Strokes as a fixed rule draws them: along the middle of the biggest part of a picture that has the wrong colour."""

import heapq

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.guidance.hints.marks import PlacedMark

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Place = tuple[int, int]

_RADIUS, _LEAST_RADIUS = 0.02, 0.004
_BRUSH_SHARE = 0.7
"""Of the part's depth: a narrow part is painted with a narrow brush."""
_THICK = 0.5
"""Of the part's depth: the line stays where the part is at least that thick."""
_STEP = 3
"""Every third place of the line becomes a point of the path."""


def next_stroke(mask: Bools, changed: Bools, ab: tuple[float, float]) -> PlacedMark | None:
    """A stroke of colour where the mask (H, W) has not changed, an eraser where more changed; None: all is right.

    Parts thinner than three samples, as along a border, count only where there is nothing else.
    """
    wrong = (mask ^ changed).astype(np.uint8)
    thick = cv2.erode(wrong, np.ones((3, 3), np.uint8))
    wrong = np.asarray(thick if thick.any() else wrong, np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(wrong, connectivity=8)
    if len(stats) < 2:
        return None
    part = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    padded = np.pad(part.astype(np.uint8), 1)
    depth = np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)
    line = _middle_line(depth)
    row, column = line[len(line) // 2]
    is_missing = bool(mask[row, column])
    height, width = mask.shape
    return PlacedMark(
        shape="stroke" if is_missing else "erase",
        path=tuple(((x + 0.5) / width, (y + 0.5) / height) for y, x in line),
        radius=min(_RADIUS, max(_BRUSH_SHARE * float(depth.max()) / min(height, width), _LEAST_RADIUS)),
        ab=ab if is_missing else None,
    )


def _middle_line(depth: Floats) -> list[Place]:
    """The longest way through the thick of a part, along its middle, as (row, column)."""
    half = depth[::2, ::2]
    if half.max() <= 0:
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        return [(int(row), int(column))]
    inside = (half >= _THICK * half.max()).astype(np.uint8)
    _, labels = cv2.connectedComponents(inside, connectivity=8)
    row, column = np.unravel_index(int(half.argmax()), half.shape)
    cost = np.where(labels == labels[row, column], half.max() / np.maximum(half, 1e-3), np.inf)
    end, _ = _farthest(cost, (int(row), int(column)))
    _, line = _farthest(cost, end)
    return [(2 * y, 2 * x) for y, x in line[::_STEP] + line[-1:]]


def _farthest(cost: Floats, start: Place) -> tuple[Place, list[Place]]:
    """The place at the longest way from `start`, and the cheapest way from it back to there."""
    spent, length = {start: 0.0}, {start: 0.0}
    before: dict[Place, Place] = {}
    queue = [(0.0, start)]
    while queue:
        so_far, (y, x) = heapq.heappop(queue)
        if so_far > spent[y, x]:
            continue
        for there in ((y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx):
            if not (
                0 <= there[0] < cost.shape[0] and 0 <= there[1] < cost.shape[1] and np.isfinite(cost[there])
            ):
                continue
            step = float(np.hypot(there[0] - y, there[1] - x))
            total = so_far + step * float(cost[there])
            if total < spent.get(there, np.inf):
                spent[there], length[there], before[there] = total, length[y, x] + step, (y, x)
                heapq.heappush(queue, (total, there))
    end = max(length, key=lambda place: length[place])
    line = [end]
    while line[-1] in before:
        line.append(before[line[-1]])
    return end, line
