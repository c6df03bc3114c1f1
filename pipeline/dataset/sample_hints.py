"""Where the colours of a training sample are given as hints: points, strokes and patches."""

import cv2
import numpy as np

from pipeline.dataset.degrade import FloatImage

_MOST_POINTS = 400
_MOST_STROKES = 8


HINT_STYLES = "sparse", "drawn"
"""Few points or smooth patches; or points up to hundreds, strokes or smooth patches."""


def hint_confidence(
    shape: tuple[int, ...], *, share: float, style: str, rng: np.random.Generator
) -> FloatImage:
    """(H, W) in 0..1: zeros; or, for a share of the samples, hints in one of `HINT_STYLES`.

    Half of the hints are points. The others are patches, or in the style `drawn` as often strokes.
    """
    draw = rng.random()
    if draw >= share:
        return np.zeros(shape, np.float32)
    if style == "sparse":
        return _few_points(shape, rng) if draw < share / 2 else _patches(shape, rng)
    if draw < share / 2:
        return _points(shape, rng)
    return _strokes(shape, rng) if draw < share * 3 / 4 else _patches(shape, rng)


def _few_points(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    """8 points on average, of 1 to 3 samples a side."""
    confidence = np.zeros(shape, np.float32)
    for _ in range(rng.geometric(0.125)):
        top, left = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        reach = rng.integers(1, 4)
        confidence[top : top + reach, left : left + reach] = 1
    return confidence


def _points(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    """1 to 400 points, as often below 20 as above, of 1 to 3 samples a side."""
    confidence = np.zeros(shape, np.float32)
    for _ in range(round(float(np.exp(rng.uniform(0, np.log(_MOST_POINTS)))))):
        top, left = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        reach = int(rng.choice([1, 1, 2, 2, 3]))
        confidence[top : top + reach, left : left + reach] = 1
    return confidence


def _strokes(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    """A few lines that wander."""
    confidence = np.zeros(shape, np.float32)
    for _ in range(rng.integers(1, _MOST_STROKES + 1)):
        place, angle = rng.uniform((0, 0), (shape[1], shape[0])), rng.uniform(0, 2 * np.pi)
        path = [place]
        for _ in range(rng.integers(1, 7)):
            angle += rng.normal(0, 0.6)
            path.append(path[-1] + rng.uniform(1, 5) * np.array([np.cos(angle), np.sin(angle)]))
        corners = np.round(np.array(path)).astype(np.int32)
        cv2.polylines(confidence, [corners], False, 1.0, int(rng.integers(1, 3)))
    return confidence


def _patches(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    """A few ellipses, more or less sure, with soft edges."""
    confidence = np.zeros(shape, np.float32)
    for _ in range(rng.integers(1, 4)):
        center = (int(rng.integers(0, shape[1])), int(rng.integers(0, shape[0])))
        axes = (int(rng.integers(3, shape[1] // 3)), int(rng.integers(3, shape[0] // 3)))
        angle, sure = float(rng.uniform(0, 180)), float(rng.uniform(0.3, 1))
        cv2.ellipse(confidence, center, axes, angle, 0, 360, sure, -1)
    return np.clip(cv2.GaussianBlur(confidence, (0, 0), rng.uniform(1, 4)), 0, 1).astype(np.float32)
