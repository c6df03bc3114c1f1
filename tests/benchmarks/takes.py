"""How distinct the takes of pictures are, how natural they look, and how steady they are in clips.

python tests/benchmarks/takes.py DATA [--photos 100] [--clip CLIP …] [--sheet SHEET.png]

DATA is the folder that configs/evaluate/heldout.csv names files of. Prints, as JSON, over takes 1 to 4 of the photos:
the mean ab distance of pairs of takes, and of takes from the automatic colours; kernel distances x1000 to the true
pictures, without pairs that show one photo. Then for each clip the CDC x1000 of the steadied colours, automatic and of
each take, and what it would be if these colours stood still: only the difference is flicker. Its first 48 frames should
show one shot. Last the takes' CDC over the automatic one and over that of the same colours standing still: mean, least,
most. SHEET gets the first photos: grey, truth, automatic, takes 1 to 4. Needs the extra `train`.
"""

import argparse
import csv
import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from statistics import fmean

import av
import cv2
import numpy as np
import numpy.typing as npt
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.evaluation.pictures import centre_square, with_short_side
from models.metrics import cdc, kernel_distance
from models.networks.efficientnet_lite import ImageNetFeatures
from models.networks.lab import Rgb, put_together, rgb_tensor
from pipeline.color.colorimetry import lightness
from pipeline.colorize.net_frame import net_size, shrink
from pipeline.colorize.predict import Predictor
from pipeline.colorize.sight import Sight
from pipeline.colorize.temporal import SteadySettings, TemporalFilter
from pipeline.dataset.photos import read_photo
from pipeline.guidance.hints.takes import ShotTakes
from pipeline.stills.chroma import luma_of_rgb

Floats = npt.NDArray[np.float32]

HELD_OUT = Path(__file__).parents[2] / "configs" / "evaluate" / "heldout.csv"
TAKES = 4
CLIP_FRAMES = 48
_SHOT_SIGHTS = 4
_SHOWN_PX = 256
_SHEET_PHOTOS = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--clip", nargs="*", type=Path, default=[])
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor(arguments.weights, device="cpu", precision="fp32")
    meter = PhotoTakes(predictor)
    for path in held_out_photos(arguments.data, arguments.photos):
        meter.measure(read_photo(path, max_lines=1024))
    found: dict[str, object] = {
        "machine": platform.machine(),
        "torch": version("torch"),
        "weights": predictor.weights.sha256,
        "photos": arguments.photos,
    }
    print(json.dumps(found | meter.figures()), flush=True)
    if arguments.sheet is not None:
        sheet = np.vstack([_row(pictures) for pictures in meter.shown])
        cv2.imwrite(str(arguments.sheet), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    clips = []
    for clip in arguments.clip:
        clips.append(clip_steadiness(clip, predictor))
        print(json.dumps({"clip": clip.name} | clips[-1]), flush=True)
    if clips:
        print(json.dumps(_ratios(clips)), flush=True)


def held_out_photos(data: Path, count: int) -> list[Path]:
    """So many of the held-out photos, spread evenly over the list."""
    with HELD_OUT.open(encoding="utf-8") as lines:
        rows = [row["path"] for row in csv.DictReader(lines) if row["group"] != "clip"]
    return [data / rows[at * len(rows) // count] for at in range(count)]


class PhotoTakes:
    """Takes photos one at a time, keeps figures and features, and the pictures of the first."""

    def __init__(self, predictor: Predictor) -> None:
        self.shown: list[list[Rgb]] = []
        self._predictor = predictor
        self._features = ImageNetFeatures()
        self._rows: list[Floats] = []
        self._between: list[float] = []
        self._from_automatic: list[float] = []

    def measure(self, rgb: Rgb) -> None:
        sight = see(self._predictor, _luma(rgb))
        takes = ShotTakes.of([sight], self._predictor.bins)
        colors = [self._predictor.colors(takes.apply(sight, take), sight) for take in range(TAKES + 1)]
        self._between.append(fmean(_apart(a, b) for a, b in combinations(colors[1:], 2)))
        self._from_automatic.append(fmean(_apart(colors[0], other) for other in colors[1:]))
        true = cv2.resize(
            cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 1:],
            sight.shape[::-1],
            interpolation=cv2.INTER_AREA,
        )
        truth = np.asarray(np.moveaxis(true, -1, 0), np.float32)
        versions = [np.zeros_like(truth), truth, *colors]
        pictures = [with_short_side(picture_of(rgb, ab), _SHOWN_PX) for ab in versions]
        squares = rgb_tensor([centre_square(picture) for picture in pictures[1:]])
        self._rows.append(self._features(squares).numpy())
        if len(self.shown) < _SHEET_PHOTOS:
            self.shown.append(pictures)

    def figures(self) -> dict[str, object]:
        rows = np.stack(self._rows, axis=1)
        distances = [1000 * kernel_distance(version, rows[0], paired=True) for version in rows[1:]]
        return {
            "apart": round(fmean(self._between), 2),
            "apart_from_automatic": round(fmean(self._from_automatic), 2),
            "kernel_automatic": round(distances[0], 2),
            "kernel_takes": round(fmean(distances[1:]), 2),
            "kernel_of_each": [round(one, 2) for one in distances[1:]],
        }


def clip_steadiness(path: Path, predictor: Predictor) -> dict[str, list[float]]:
    """CDC x1000 of a clip's first frames, steadied, and where all have their mean: automatic, then each take."""
    with av.open(str(path)) as container:
        frames = [
            frame.to_ndarray(format="rgb24")
            for frame, _ in zip(container.decode(video=0), range(CLIP_FRAMES), strict=False)
        ]
    lumas = [_luma(with_short_side(np.asarray(frame, np.uint8), _SHOWN_PX)) for frame in frames]
    size = net_size(
        width=lumas[0].shape[1], height=lumas[0].shape[0], sample_aspect=1, short_side=predictor.short_side
    )
    smoother = TemporalFilter(size.output, settings=SteadySettings())
    chosen: list[int] = []
    for luma in lumas:
        small = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        chosen += smoother.push(np.asarray(small, np.uint8))
    chosen += smoother.finish()
    sights = [see(predictor, lumas[number]) for number in chosen]
    takes = ShotTakes.of(sights[:: -(-len(sights) // _SHOT_SIGHTS)], predictor.bins)
    found: dict[str, list[float]] = {"cdc": [], "cdc standing": []}
    for take in range(TAKES + 1):
        own = np.stack([predictor.colors(takes.apply(sight, take), sight) for sight in sights])
        colors = smoother.spread(own)
        standing = np.repeat(colors.mean(axis=0, keepdims=True), len(lumas), axis=0)
        for name, shown in zip(found, (colors, standing), strict=True):
            pictures = (put_together(_lightness(luma), ab) for luma, ab in zip(lumas, shown, strict=True))
            found[name].append(round(1000 * cdc(pictures), 3))
    return found


def _ratios(clips: Sequence[dict[str, list[float]]]) -> dict[str, object]:
    """Mean, least and most over the takes of all clips."""
    ratios = {
        "takes over automatic": [one / clip["cdc"][0] for clip in clips for one in clip["cdc"][1:]],
        "takes over standing": [
            one / still
            for clip in clips
            for one, still in zip(clip["cdc"][1:], clip["cdc standing"][1:], strict=True)
        ],
    }
    return {name: [round(f(found), 3) for f in (fmean, min, max)] for name, found in ratios.items()}


def see(predictor: Predictor, luma: npt.NDArray[np.uint8]) -> Sight:
    """A picture (H, W) uint8, as the network sees it."""
    size = net_size(
        width=luma.shape[1], height=luma.shape[0], sample_aspect=1, short_side=predictor.short_side
    )
    return predictor.see(lightness(shrink(luma.astype(np.float32) / np.float32(255), size)))


def picture_of(rgb: Rgb, ab: Floats) -> Rgb:
    """A picture's own luma with the colours ab (2, h, w)."""
    return put_together(_lightness(_luma(rgb)), ab)


def _luma(rgb: Rgb) -> npt.NDArray[np.uint8]:
    return np.asarray(luma_of_rgb(rgb), np.uint8)


def _lightness(luma: npt.NDArray[np.uint8]) -> Floats:
    return lightness(luma.astype(np.float32) / np.float32(255))


def _apart(one: Floats, other: Floats) -> float:
    return float(np.sqrt(np.square(one - other).sum(axis=0)).mean())


def _row(pictures: Sequence[Rgb]) -> Rgb:
    return np.hstack(
        [cv2.resize(centre_square(picture), (192, 192), interpolation=cv2.INTER_AREA) for picture in pictures]
    )


if __name__ == "__main__":
    main()
