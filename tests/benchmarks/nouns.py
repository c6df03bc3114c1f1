"""How right the masks of nouns are that words give colours to; fits them too.

python tests/benchmarks/nouns.py [--weights WEIGHTS] [--fit]

On the pictures and hand-drawn masks of tests/data/nouns. Prints, for each noun, the intersection over union (IoU) over
the pictures that show it, and the share of the others that is taken for it: first in cross-validation (five groups of
pictures, each measured with what was fitted to the other four), then with pipeline/guidance/hints/nouns.json. `--fit`
writes that file anew before, fitted to all pictures.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline.color.colorimetry import lightness
from pipeline.colorize.net_frame import net_size, shrink
from pipeline.colorize.predict import Predictor
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.words import NOUNS, chance_masks, noun_features, noun_masks
from tests.nouns import FOLDER, drawn_masks, overlap, picture_names

Floats = npt.NDArray[np.float32]

FITTED = Path(__file__).parents[2] / "pipeline" / "guidance" / "hints" / "nouns.json"
_GROUPS = 5
_WITHOUT = 0.2
"""Weight of a picture that does not show the noun: who names a thing sees it."""
_STRICTNESS = 30.0
_SHIFT = 0.4
"""Added to the evidence: places that show the noun are fewer than others, and count as much."""
_ROUNDS = 15
_EVERY = 4


class Picture(NamedTuple):
    """A picture with its masks."""

    name: str
    sight: Sight
    features: Floats
    masks: dict[str, npt.NDArray[np.bool_]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor(arguments.weights, device="cpu", precision="fp32")
    pictures = [see(predictor, name) for name in picture_names()]
    print(json.dumps({"weights": predictor.weights.sha256, "pictures": len(pictures)}))
    for noun in NOUNS:
        print(
            json.dumps({"noun": noun, "validated": figures(pictures, noun, _validated(pictures, noun))}),
            flush=True,
        )
    if arguments.fit:
        fitted = {noun: [round(float(one), 4) for one in fit(pictures, noun)] for noun in NOUNS}
        lines = [f'  "{noun}": {json.dumps(weights)}' for noun, weights in fitted.items()]
        FITTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    for noun in NOUNS:
        found = [noun_masks(picture.sight, predictor.bins, [noun])[noun] for picture in pictures]
        print(json.dumps({"noun": noun, "shipped": figures(pictures, noun, found)}), flush=True)


def see(predictor: Predictor, name: str) -> Picture:
    """A picture of tests/data/nouns, as the network sees it."""
    luma = cv2.imread(str(FOLDER / name), cv2.IMREAD_GRAYSCALE)
    assert luma is not None, name
    height, width = luma.shape
    size = net_size(width=width, height=height, sample_aspect=1, short_side=predictor.short_side)
    sight = predictor.see(lightness(shrink(luma.astype(np.float32) / np.float32(255), size)))
    return Picture(name, sight, noun_features(sight, predictor.bins), drawn_masks(sight.shape, name=name))


def figures(pictures: Sequence[Picture], noun: str, found: Sequence[Floats]) -> dict[str, object]:
    """Of masks (h, w) in 0..1, one for each picture."""
    shown = [
        overlap(mask > 0.5, picture.masks[noun])
        for picture, mask in zip(pictures, found, strict=True)
        if noun in picture.masks
    ]
    others = [
        float((mask > 0.5).mean())
        for picture, mask in zip(pictures, found, strict=True)
        if noun not in picture.masks
    ]
    return {
        "pictures": len(shown),
        "iou_mean": round(fmean(shown), 3),
        "iou_median": round(median(shown), 3),
        "below_half": sum(one < 0.5 for one in shown),
        "share_elsewhere": round(fmean(others), 3),
    }


def fit(pictures: Sequence[Picture], noun: str) -> Floats:
    """(F,): the weights of a logistic regression, by Newton's method, on features of mean 0 and deviation 1."""
    rows, shows, counts = [], [], []
    for picture in pictures:
        rows.append(picture.features.reshape(len(picture.features), -1)[:, ::_EVERY].T.astype(np.float64))
        mask = picture.masks.get(noun)
        shows.append(
            np.zeros(len(rows[-1])) if mask is None else mask.reshape(-1)[::_EVERY].astype(np.float64)
        )
        counts.append(np.full(len(rows[-1]), (_WITHOUT if mask is None else 1) * 1000 / len(rows[-1])))
    features, shown, count = np.concatenate(rows), np.concatenate(shows), np.concatenate(counts)
    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread < 1e-6] = 1  # a kind of colour without bins, and the last one, which stays 1
    centre[-1] = 0
    features = (features - centre) / spread
    weights = np.zeros(features.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-features @ weights))
        slope = features.T @ (count * (chance - shown)) + _STRICTNESS * weights
        curve = (features * (count * chance * (1 - chance))[:, None]).T @ features
        weights -= np.linalg.solve(curve + _STRICTNESS * np.eye(len(weights)), slope)
    plain = weights / spread
    plain[-1] += _SHIFT - (plain[:-1] * centre[:-1]).sum()
    return np.asarray(plain, np.float32)


def _validated(pictures: Sequence[Picture], noun: str) -> list[Floats]:
    """Masks that were fitted to other groups of pictures; those with and without the noun are spread evenly."""
    order = [0, 0]
    groups = []
    for picture in pictures:
        shows = noun in picture.masks
        groups.append(order[shows] % _GROUPS)
        order[shows] += 1
    fitted = [
        fit([picture for picture, group in zip(pictures, groups, strict=True) if group != left_out], noun)
        for left_out in range(_GROUPS)
    ]
    return [
        chance_masks(picture.sight, picture.features, {noun: fitted[group]})[noun]
        for picture, group in zip(pictures, groups, strict=True)
    ]


if __name__ == "__main__":
    main()
