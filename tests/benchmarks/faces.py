"""Skin tones: the colour of held-out faces against the truth, in thirds by the lightness of the true skin.

python tests/benchmarks/faces.py DATA [--weights FILE] [--list LIST.csv] [--sheet PNG]

DATA is the folder that LIST names files of; it is configs/evaluate/heldout-pictures.csv, whose group `faces` holds
pictures of one face each, cut out around it. The middle of the face is the square in the middle of the picture, 28 % of
its short side; its colour is the median of a and of b there. Prints, as JSON, for each third: the mean chroma, ours
over the truth's (wanted: 0.85 to 1.15), and the mean error of hue in degrees, each face weighted with its true chroma
(wanted: within 3 degrees of each other). SHEET gets truth and result of faces spread over the thirds.
"""

import argparse
import csv
import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from jobs.evaluation.photos import PhotoPictures, photo_pictures
from models.networks.lab import Rgb
from pipeline.colorize.predict import Predictor

HELD_OUT = Path(__file__).parents[2] / "configs" / "evaluate" / "heldout-pictures.csv"
_MIDDLE = 0.28
_BOOTSTRAPS = 1000
_SHOWN_EACH, _TILE_PX = 8, 128


class Face(NamedTuple):
    """The middle of a face."""

    lightness: float
    """L*, 0..100, of the true skin."""
    truth: complex
    """a + bi."""
    result: complex


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--list", type=Path, default=HELD_OUT)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    predictor = Predictor(arguments.weights)
    with arguments.list.open(encoding="utf-8") as lines:
        paths = [arguments.data / row["path"] for row in csv.DictReader(lines) if row["group"] == "faces"]
    seen = [photo_pictures(path, predictor.predict_pictures) for path in paths]
    faces = [measure_face(pictures) for pictures in seen]
    order = sorted(range(len(faces)), key=lambda index: faces[index].lightness)
    edges = [len(order) * part // 3 for part in range(4)]
    thirds = [order[start:end] for start, end in pairwise(edges)]
    figures = [figures_of([faces[index] for index in third]) for third in thirds]
    hues = [one["hue error, degrees"] for one in figures]
    report = {
        "machine": platform.machine(),
        "torch": version("torch"),
        "network": predictor.identity(),
        "faces": len(faces),
        "thirds, dark to light": figures,
        "hue errors apart, degrees": round(max(hues) - min(hues), 1),
    }
    print(json.dumps(report, indent=2))
    if arguments.sheet is not None:
        rows = [_row([seen[at] for at in _spread_evenly(third, _SHOWN_EACH)]) for third in thirds]
        cv2.imwrite(str(arguments.sheet), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def measure_face(pictures: PhotoPictures) -> Face:
    """The colours in the middle of the pictures."""
    lightness, a, b = _middle_lab(pictures.truth)
    _, result_a, result_b = _middle_lab(pictures.result)
    return Face(lightness, complex(a, b), complex(result_a, result_b))


def figures_of(faces: Sequence[Face]) -> dict[str, float]:
    """Chroma and hue of some faces against the truth, with a standard error of each from redrawn faces."""
    truth, result = (np.array([face[at] for face in faces]) for at in (1, 2))
    draws = np.random.default_rng(0).integers(0, len(faces), (_BOOTSTRAPS, len(faces)))
    redrawn = [(_chroma_ratio(truth[one], result[one]), _hue_error(truth[one], result[one])) for one in draws]
    chroma_error, hue_error = np.std(redrawn, axis=0)
    return {
        "faces": len(faces),
        "lightness": round(float(np.mean([face.lightness for face in faces])), 1),
        "chroma": round(float(np.abs(result).mean()), 1),
        "true chroma": round(float(np.abs(truth).mean()), 1),
        "chroma, ours over the truth's": round(_chroma_ratio(truth, result), 3),
        "its standard error": round(float(chroma_error), 3),
        "true hue, degrees": round(float(np.degrees(np.angle(truth.sum()))), 1),
        "hue error, degrees": round(_hue_error(truth, result), 1),
        "its standard error, degrees": round(float(hue_error), 1),
    }


def _chroma_ratio(truth: np.ndarray, result: np.ndarray) -> float:
    return float(np.abs(result).mean() / np.abs(truth).mean())


def _hue_error(truth: np.ndarray, result: np.ndarray) -> float:
    """Degrees: positive towards yellow, negative towards red. Of each face the angle, weighted with its true chroma."""
    turned = result * truth.conj() / np.maximum(np.abs(result), 1e-6)
    return float(np.degrees(np.angle(turned.sum())))


def _middle_lab(rgb: Rgb) -> tuple[float, float, float]:
    """Medians of L*, a and b in the middle of a picture."""
    height, width = rgb.shape[:2]
    half = _MIDDLE / 2 * min(height, width)
    rows = slice(round(height / 2 - half), round(height / 2 + half))
    columns = slice(round(width / 2 - half), round(width / 2 + half))
    lab = cv2.cvtColor(rgb[rows, columns].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lightness, a, b = (float(np.median(lab[..., channel])) for channel in range(3))
    return lightness, a, b


def _spread_evenly(indices: Sequence[int], count: int) -> list[int]:
    return [indices[(2 * at + 1) * len(indices) // (2 * count)] for at in range(min(count, len(indices)))]


def _row(pictures: Sequence[PhotoPictures]) -> Rgb:
    """Truth above result."""
    tiles = [np.vstack([_tile(one.truth), _tile(one.result)]) for one in pictures]
    return np.hstack(tiles)


def _tile(rgb: Rgb) -> Rgb:
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = rgb[top : top + side, left : left + side]
    return np.asarray(cv2.resize(square, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
