"""How well one stroke fills a region of a line drawing: drawings made by a fixed seed, whose lines have gaps.

    python tests/benchmarks/sketches.py [--drawings N] [--sheet PNG]

Each drawing has 4 blobs or polygons, drawn with lines of 2 to 4 samples on paper with a little noise; each outline has
2 gaps. A region gets a short stroke about its deepest place. `iou` compares what has more than a third of the colour
with the region, at the size of the drawing.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.seeds import rasterise
from pipeline.guidance.hints.sketch import GAP, fill_regions, find_regions, hints_from_sketch

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

SIZE = (448, 336)
SHAPE = (84, 112)
_COLORS = ((60.0, 40.0), (-40.0, 40.0), (15.0, -55.0), (45.0, -45.0), (0.0, 60.0))
_SHIFT = 3


@dataclass(frozen=True, eq=False)
class Drawing:
    """Line drawing and what its lines enclose."""

    luma: Floats
    """(H, W), 0..1."""
    regions: tuple[Bools, ...]
    """(H, W) each; the last is the paper around."""


def draw(seed: int, *, gap: float) -> Drawing:
    """A drawing whose lines have gaps of that width, in shares of the shorter side."""
    rng = np.random.default_rng(seed)
    height, width = SIZE[1], SIZE[0]
    luma = np.full((height, width), 0.92, np.float32)
    owner = np.zeros((height, width), np.uint8)
    centres = [(0.27, 0.3), (0.73, 0.3), (0.3, 0.72), (0.72, 0.7)]
    for number, (x, y) in enumerate(centres, start=1):
        centre = np.array((x * width, y * height)) + rng.uniform(-12, 12, 2)
        outline = _outline(rng, centre, rng.uniform(45, 72))
        points = [np.rint(outline * 2**_SHIFT).astype(np.int32)]
        cv2.fillPoly(owner, points, number, shift=_SHIFT)
        layer = np.zeros_like(luma)
        thickness = int(rng.integers(2, 5))
        cv2.polylines(layer, points, True, 1, thickness, cv2.LINE_AA, shift=_SHIFT)
        for place in rng.choice(len(outline), 2, replace=False):
            _cut(layer, outline, int(place), gap * height, thickness)
        inside = np.zeros_like(owner)
        cv2.fillPoly(inside, points, 1, shift=_SHIFT)
        luma = np.where(inside > 0, 0.92, luma).astype(np.float32)  # it lies over what was drawn before
        luma = luma - layer * (luma - rng.uniform(0.05, 0.3))
    noisy = luma + rng.normal(0, 0.015, luma.shape)
    regions = tuple(owner == number for number in (*range(1, len(centres) + 1), 0))
    return Drawing(np.asarray(noisy.clip(0, 1), np.float32), regions)


def fill(drawing: Drawing, *, closing: bool = True) -> list[float]:
    """The IoU of each region after one stroke in each; without closing, gaps are left open."""
    marks = [_stroke(region, color) for region, color in zip(drawing.regions, _COLORS, strict=True)]
    regions = find_regions(drawing.luma, gap=GAP if closing else 0)
    found = []
    for mark, region in zip(marks, drawing.regions, strict=True):
        hints = fill_regions(regions, rasterise([mark], SIZE[::-1]), SHAPE)
        share = cv2.resize(hints.confidence, SIZE, interpolation=cv2.INTER_LINEAR) > 1 / 3
        found.append(float((share & region).sum() / (share | region).sum()))
    return found


def _outline(
    rng: np.random.Generator, centre: npt.NDArray[np.float64], radius: float
) -> npt.NDArray[np.float64]:
    """(N, 2) points of a blob or, now and then, of a polygon."""
    if rng.random() < 0.4:
        corners = int(rng.integers(3, 8))
        angles = np.sort(
            rng.uniform(0, 0.7 * 2 * np.pi / corners, corners) + np.arange(corners) * 2 * np.pi / corners
        )
        tips = centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        steps = np.linspace(0, 1, 40, endpoint=False)[:, None]
        return np.concatenate(
            [a + steps * (b - a) for a, b in zip(tips, np.roll(tips, -1, axis=0), strict=True)]
        )
    angles = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    radii = np.full_like(angles, radius)
    for waves in (2, 3, 4, 5):
        radii += radius * rng.uniform(-0.14, 0.14) * np.cos(waves * angles + rng.uniform(0, 6))
    return np.asarray(centre + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def _cut(layer: Floats, outline: npt.NDArray[np.float64], place: int, gap: float, thickness: int) -> None:
    """Takes the ink away along so many samples of the outline, the round ends of the eraser included."""
    if gap <= 0:
        return
    brush = thickness + 2
    turned = np.roll(outline, -place, axis=0)
    steps = np.linalg.norm(np.diff(turned, axis=0), axis=1).cumsum()
    line = turned[: int(np.searchsorted(steps, max(gap - brush, 0))) + 1]
    cv2.polylines(layer, [np.rint(line * 2**_SHIFT).astype(np.int32)], False, 0, brush, shift=_SHIFT)


def _stroke(region: Bools, ab: tuple[float, float]) -> PlacedMark:
    depth = cv2.distanceTransform(np.pad(region.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    half = 0.5 * float(depth.max())
    path = tuple(((column + side) / SIZE[0], row / SIZE[1]) for side in (-half, half))
    return PlacedMark(shape="stroke", path=path, ab=ab)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--drawings", type=int, default=20)
    parser.add_argument("--sheet", type=Path, help="also draw the first drawings with their colours")
    arguments = parser.parse_args()
    figures = {}
    for gap in (0, 0.02, 0.025, 0.03, 0.04):
        drawings = [draw(seed, gap=gap) for seed in range(arguments.drawings)]
        closed = np.array([fill(drawing) for drawing in drawings])
        opened = np.array([fill(drawing, closing=False) for drawing in drawings])
        figures[f"gaps of {gap:g}"] = {
            "iou": round(float(closed.mean()), 3),
            "least_iou": round(float(closed.min()), 3),
            "over_0.9": round(float((closed > 0.9).mean()), 3),
            "iou_without_closing": round(float(opened.mean()), 3),
        }
    print(
        json.dumps({"size": SIZE, "grid": SHAPE[::-1], "drawings": arguments.drawings, **figures}, indent=1)
    )
    if arguments.sheet:
        tiles = [_picture(draw(seed, gap=0.02)) for seed in range(min(arguments.drawings, 6))]
        cv2.imwrite(
            str(arguments.sheet), np.vstack([np.hstack(tiles[k : k + 2]) for k in range(0, len(tiles), 2)])
        )


def _picture(drawing: Drawing) -> npt.NDArray[np.uint8]:
    """BGR: all regions filled at once, strokes in white."""
    marks = [_stroke(region, color) for region, color in zip(drawing.regions, _COLORS, strict=True)]
    hints = hints_from_sketch(drawing.luma, marks, SHAPE)
    ab = [cv2.resize(plane * hints.confidence, SIZE, interpolation=cv2.INTER_LINEAR) for plane in hints.ab]
    lab = np.dstack([100 * drawing.luma, *ab]).astype(np.float32)
    bgr = (cv2.cvtColor(lab, cv2.COLOR_Lab2BGR).clip(0, 1) * 255).astype(np.uint8)
    for mark in marks:
        line = np.array([(x * SIZE[0], y * SIZE[1]) for x, y in mark.path], np.int32)
        cv2.polylines(bgr, [line], False, (255, 255, 255), 2)
    return np.asarray(bgr, np.uint8)


if __name__ == "__main__":
    main()
