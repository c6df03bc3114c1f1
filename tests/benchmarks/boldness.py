"""Temperature and vividness for new weights: what each costs at equal colourfulness, on validation photos.

python tests/benchmarks/boldness.py WEIGHTS DATA [--count 60] [--target 0.95]

DATA is the `data` of `configs/train/default3.yaml`; the photos are that recipe's validation photos, evenly drawn, never
held-out ones. Each row is one way to make a colour of the predicted distribution; its vividness is the one at which
mean colourfulness is the share TARGET of the truth's. `calm` takes the mean (temperature 1) where the distribution has
several modes, `sharp` the mode (temperature 0.25) where it has one: confidence is the length of the mean colour over
the mean of the lengths. `where unsure` is what `vivid_where: unsure` makes of vividness 1.94; its vividness here is a
factor on top of that. One look, as frames of films get it. Kernel distances are paired.
"""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import yaml

from jobs.evaluation.photos import _shown
from jobs.evaluation.pictures import centre_square, lightness_of, true_ab, with_short_side
from models.colorfulness import colorfulness
from models.metrics import ab_rmse, kernel_distance
from models.networks.efficientnet_lite import ImageNetFeatures
from models.networks.lab import Rgb, annealed_mean, rgb_tensor
from models.unevenness import unevenness
from pipeline.color.colorimetry import lightness
from pipeline.colorize.ab_filter import filter_ab
from pipeline.colorize.net_frame import net_size, shrink
from pipeline.colorize.predict import Predictor
from pipeline.colorize.vividness import bring_out
from pipeline.dataset.photos import PHOTO_SUFFIXES, read_photo
from pipeline.dataset.training_set import split_by_origin
from pipeline.stills.chroma import luma_of_rgb
from pipeline.stills.still import Still

Floats = npt.NDArray[np.float32]
_RECIPE = Path(__file__).parents[2] / "configs" / "train" / "default3.yaml"
_SHORT_PX = 256


class Colors(NamedTuple):
    """What one photo's distribution says."""

    mean: Callable[[float], Floats]
    """ab (2, h, w) by temperature."""
    confidence: Floats
    """(h, w), 0..1, at temperature 0.5."""
    brought_out: Floats
    """ab (2, h, w) at temperature 0.35, vivid where the colours of the distribution agree less."""


def _annealed(temperature: float) -> Callable[[Colors], Floats]:
    return lambda colors: colors.mean(temperature)


ROWS: dict[str, Callable[[Colors], Floats]] = {
    **{f"temperature {one}": _annealed(one) for one in (0.25, 0.35, 0.5, 0.7, 1.0)},
    "calm, else 0.5": lambda colors: _mixed(colors.mean(1), colors.mean(0.5), colors.confidence),
    "sharp, else 0.5": lambda colors: _mixed(colors.mean(0.5), colors.mean(0.25), colors.confidence),
    "calm and sharp": lambda colors: _mixed(colors.mean(1), colors.mean(0.25), colors.confidence),
    "where unsure": lambda colors: colors.brought_out,
}


class Photo:
    """A validation photo, its true colours and those of each row, filtered, without vividness."""

    def __init__(self, path: Path, predictor: Predictor) -> None:
        rgb = with_short_side(read_photo(path, max_lines=1024), _SHORT_PX)
        self.still = Still(path=path, format="png", luma=luma_of_rgb(rgb))
        height, width = rgb.shape[:2]
        size = net_size(width=width, height=height, sample_aspect=1, short_side=predictor.short_side)
        luma = self.still.luma.astype(np.float32) / np.float32(255)
        net = lightness(shrink(luma, size))
        colors = _colors(predictor.see(net).logits, predictor.bins)
        found = np.stack([row(colors) for row in ROWS.values()]).astype(np.float32)
        self.rows = filter_ab(found, np.broadcast_to(net, (len(found), *net.shape)))
        self.truth = true_ab(rgb, self.rows.shape[2:])
        self.lightness = lightness_of(rgb, self.truth.shape[1:])
        self.true_rgb = self.shown(self.truth)
        self.colorfulness = colorfulness(self.true_rgb)

    def shown(self, ab: Floats) -> Rgb:
        """The photo in these colours."""
        return _shown(self.still, ab)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--target", type=float, default=0.95)
    arguments = parser.parse_args()
    predictor = Predictor(arguments.weights)
    photos = [Photo(path, predictor) for path in validation_photos(arguments.data, arguments.count)]
    features = ImageNetFeatures().eval()
    truth = _features(features, [photo.true_rgb for photo in photos])
    print(
        json.dumps({"weights": predictor.weights.sha256, "photos": len(photos), "target": arguments.target})
    )
    for number, name in enumerate(ROWS):
        vividness = _vividness(photos, number, arguments.target)
        figures = _measure(photos, number, vividness)
        shown = _features(features, [photo.shown(photo.rows[number] * vividness) for photo in photos])
        kernel = 1000 * kernel_distance(shown, truth, paired=True)
        figures = {"vividness": float(vividness), **figures, "kernel distance x1000": kernel}
        print(
            json.dumps({"row": name} | {key: round(value, 3) for key, value in figures.items()}), flush=True
        )


def validation_photos(data: Path, count: int) -> list[Path]:
    """At most `count` of the recipe's validation photos, at even distances."""
    recipe = yaml.safe_load(_RECIPE.read_text(encoding="utf-8"))
    split = split_by_origin(
        data,
        validation=recipe["validation_origins"],
        test=recipe["test_origins"],
        held_out=[_RECIPE.parent / name for name in recipe["held_out"]],
        manifests=recipe["manifests"],
    )
    paths = [file.path for file in split.validation if file.path.suffix.lower() in PHOTO_SUFFIXES]
    return paths[:: max(1, -(-len(paths) // count))]


def _vividness(photos: list[Photo], row: int, target: float) -> np.float32:
    """By secants: colourfulness grows nearly as vividness does."""
    true = fmean(photo.colorfulness for photo in photos)
    vividness = np.float32(1.5)
    for _ in range(3):
        found = fmean(colorfulness(photo.shown(photo.rows[row] * vividness)) for photo in photos)
        vividness *= np.float32(target * true / found)
    return vividness


def _measure(photos: list[Photo], row: int, vividness: np.float32) -> dict[str, float]:
    squares, found, differences, ratios = [], [], [], []
    for photo in photos:
        ab = photo.rows[row] * vividness
        squares.append(ab_rmse(ab, photo.truth) ** 2)
        found.append(colorfulness(photo.shown(ab)))
        differences.append(abs(found[-1] - photo.colorfulness))
        regions = unevenness(ab, photo.truth, photo.lightness)
        ratios += [median(one.ratio for one in regions)] if regions else []
    return {
        "ab RMSE": math.sqrt(fmean(squares)),
        "CF": fmean(found) / fmean(photo.colorfulness for photo in photos),
        "|dCF|": fmean(differences),
        "unevenness": median(ratios) if ratios else math.nan,
    }


def _colors(logits: Floats, bins: Floats) -> Colors:
    raw, centres = torch.from_numpy(logits)[None], torch.from_numpy(bins)
    lengths = torch.linalg.vector_norm(centres, dim=1, keepdim=True)
    length = annealed_mean(raw, lengths, 0.5)[0, 0].numpy()
    means: dict[float, Floats] = {}

    def mean(temperature: float) -> Floats:
        if temperature not in means:
            means[temperature] = annealed_mean(raw, centres, temperature)[0].numpy()
        return means[temperature]

    mean_and_chroma = annealed_mean(raw, torch.cat((centres, lengths), dim=1), 0.35).numpy()
    return Colors(
        mean=mean,
        confidence=np.linalg.norm(mean(0.5), axis=0) / np.maximum(length, np.float32(0.1)),
        brought_out=bring_out(mean_and_chroma, vividness=1.94, everywhere=False)[0],
    )


def _mixed(unsure: Floats, sure: Floats, confidence: Floats) -> Floats:
    return unsure + (sure - unsure) * confidence


def _features(features: ImageNetFeatures, pictures: list[Rgb]) -> Floats:
    squares = [centre_square(picture) for picture in pictures]
    with torch.inference_mode():
        parts = [features(rgb_tensor(squares[at : at + 16])).float() for at in range(0, len(squares), 16)]
    return np.asarray(torch.cat(parts), np.float32)


if __name__ == "__main__":
    main()
