"""How well a few strokes colour a thing: 20 photographs with masks drawn by hand, 1 to 3 strokes by a fixed rule.

    python tests/benchmarks/strokes.py [--weights FILE] [--sheet PNG] [--boxes]

A place has changed where its ab moved by more than a third of the way to the given colour. `iou` compares these places
with the mask, at the size of the picture (320 on its longer side), `outside` is the mean shift of ab beside it.
"""

import argparse
import json
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.colorimetry import lightness
from pipeline.colorize.net_frame import net_size, shrink
from pipeline.colorize.predict import Predictor
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.strokes import hints_from_strokes
from tests.benchmarks.drawn_strokes import next_stroke

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

OBJECTS = Path(__file__).parents[1] / "data" / "objects"
_COLORS = ((50.0, 35.0), (-40.0, 35.0), (12.0, -50.0), (45.0, -45.0))
"""ab of the given colours, in turn: red, green, blue, violet."""
_CHANGED = 1 / 3
STROKES = 3


@dataclass(frozen=True, eq=False)
class Thing:
    """A thing in a photograph."""

    file: str
    name: str
    luma: Floats
    """(H, W), 0..1."""
    mask: Bools
    """(H, W)"""
    ab: tuple[float, float]
    """The colour that it is given."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What came of some marks."""

    marks: tuple[PlacedMark, ...]
    changed: Bools
    """(H, W)"""
    hints: HintMap
    iou: float
    outside: float
    """Mean shift of ab outside of the mask, CIE units."""
    seconds: float


def read_things(folder: Path = OBJECTS) -> list[Thing]:
    """The photographs and their masks."""
    things = []
    for number, entry in enumerate(json.loads((folder / "objects.json").read_text(encoding="utf-8"))):
        grey = cv2.imread(str(folder / entry["file"]), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        mask = np.zeros(grey.shape, np.uint8)
        for value, polygons in ((1, entry["parts"]), (0, entry["holes"])):
            cv2.fillPoly(mask, [np.array(polygon, np.int32) for polygon in polygons], value)
        luma = np.asarray(grey, np.float32) / np.float32(255)
        color = _COLORS[number % len(_COLORS)]
        things.append(Thing(entry["file"], entry["object"], luma, mask.astype(bool), color))
    return things


def look_at(thing: Thing, predictor: Predictor) -> tuple[Sight, Floats]:
    """The photograph as the network sees it, and its luma at the size of the ab."""
    height, width = thing.luma.shape
    size = net_size(width=width, height=height, sample_aspect=1, short_side=predictor.short_side)
    small = shrink(thing.luma, size)
    sight = predictor.see(lightness(small))
    return sight, np.asarray(cv2.resize(small, sight.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def try_marks(thing: Thing, sight: Sight, luma: Floats, marks: tuple[PlacedMark, ...]) -> Trial:
    """Colours the thing with some marks and compares with its mask."""
    start = time.perf_counter()
    hints = hints_from_strokes(sight, luma, marks)
    seconds = time.perf_counter() - start
    given = np.array(thing.ab, np.float32)[:, None, None]
    shift = np.linalg.norm(_enlarged(hints.over(sight.ab) - sight.ab, thing), axis=0)
    whole = np.linalg.norm(_enlarged(given - sight.ab, thing), axis=0)
    changed = shift > _CHANGED * whole
    iou = float((changed & thing.mask).sum() / (changed | thing.mask).sum())
    return Trial(marks, changed, hints, iou, float(shift[~thing.mask].mean()), seconds)


def try_strokes(thing: Thing, sight: Sight, luma: Floats, count: int = STROKES) -> list[Trial]:
    """One stroke, then one more where most is wrong, and so on: each with the strokes before it."""
    trials: list[Trial] = []
    changed = np.zeros_like(thing.mask)
    marks: tuple[PlacedMark, ...] = ()
    for _ in range(count):
        stroke = next_stroke(thing.mask, changed, thing.ab)
        marks = (*marks, stroke) if stroke else marks
        trials.append(try_marks(thing, sight, luma, marks))
        changed = trials[-1].changed
    return trials


def try_box(thing: Thing, sight: Sight, luma: Floats) -> Trial:
    """The box around the thing's biggest part, alone."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(thing.mask.astype(np.uint8))
    left, top, across, down, _ = (int(v) for v in stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))])
    height, width = thing.luma.shape
    corners = ((left / width, top / height), ((left + across) / width, (top + down) / height))
    return try_marks(thing, sight, luma, (PlacedMark(shape="box", path=corners, ab=thing.ab),))


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--sheet", type=Path, help="also draw the things before, after 1 and after 3 strokes")
    parser.add_argument("--boxes", action="store_true", help="also try one box around each thing")
    arguments = parser.parse_args()
    predictor = Predictor(arguments.weights, device="cpu", precision="fp32")
    rows, tiles, boxes = [], [], []
    for thing in read_things():
        sight, luma = look_at(thing, predictor)
        trials = try_strokes(thing, sight, luma)
        rows.append(trials)
        boxes += [try_box(thing, sight, luma)] if arguments.boxes else []
        tiles.append([_picture(thing, sight, trial) for trial in (None, trials[0], trials[-1])])
    report: dict[str, Any] = {
        "machine": platform.machine(),
        "weights": predictor.weights.sha256,
        "short_side": predictor.short_side,
        "things": {
            f"{thing.file}: {thing.name}": [
                {"iou": round(t.iou, 3), "outside": round(t.outside, 2)} for t in trials
            ]
            for thing, trials in zip(read_things(), rows, strict=True)
        },
        "strokes": {str(count + 1): _summary([trials[count] for trials in rows]) for count in range(STROKES)},
    }
    if boxes:
        report["boxes"] = _summary(boxes)
    if arguments.sheet:
        cv2.imwrite(str(arguments.sheet), _sheet(tiles))
    print(json.dumps(report, indent=1))


def _summary(trials: list[Trial]) -> dict[str, float]:
    iou = np.array([trial.iou for trial in trials])
    return {
        "iou": round(float(iou.mean()), 3),
        "median_iou": round(float(np.median(iou)), 3),
        "least_iou": round(float(iou.min()), 3),
        "outside": round(float(np.mean([trial.outside for trial in trials])), 2),
        "most_outside": round(float(np.max([trial.outside for trial in trials])), 2),
        "ms": round(1000 * float(np.median([trial.seconds for trial in trials])), 1),
    }


def _enlarged(planes: Floats, thing: Thing) -> Floats:
    size = thing.luma.shape[::-1]
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in planes])


def _picture(thing: Thing, sight: Sight, trial: Trial | None) -> npt.NDArray[np.uint8]:
    """BGR, with the mask's border in white and the strokes as thin lines: yellow colours, red erases."""
    ab = sight.ab if trial is None else trial.hints.over(sight.ab)
    lab = np.dstack([lightness(thing.luma), *_enlarged(ab, thing)]).astype(np.float32)
    bgr = (cv2.cvtColor(lab, cv2.COLOR_Lab2BGR).clip(0, 1) * 255).astype(np.uint8)
    border, _ = cv2.findContours(thing.mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(bgr, border, -1, (255, 255, 255), 1)
    height, width = thing.luma.shape
    for mark in trial.marks if trial else ():
        line = np.array([(x * width, y * height) for x, y in mark.path], np.int32)
        cv2.polylines(bgr, [line], False, (0, 0, 255) if mark.ab is None else (0, 255, 255), 2)
    if trial:
        cv2.putText(bgr, f"{trial.iou:.2f} {trial.outside:.1f}", (3, 12), 0, 0.4, (0, 255, 255), 1)
    return np.asarray(bgr, np.uint8)


def _sheet(
    tiles: list[list[npt.NDArray[np.uint8]]], side: int = 324, across: int = 2
) -> npt.NDArray[np.uint8]:
    """Two things a row, three pictures each."""
    rows = -(-len(tiles) // across)
    sheet = np.zeros((rows * side, across * 3 * side, 3), np.uint8)
    for number, pictures in enumerate(tiles):
        for place, picture in enumerate(pictures):
            y, x = number // across * side, (number % across * 3 + place) * side
            sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return sheet


if __name__ == "__main__":
    main()
