"""Degrades a picture as old film does: emulsion, fade, blur, grain, vignette, iris, scratches. Also makes title
cards.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]


def age(unit: FloatImage, lightness: FloatImage, *, rng: np.random.Generator) -> FloatImage:
    """The lightness (H, W, 0..100) of an sRGB crop `unit` (H, W, 3, 0..1) as old film might have kept it."""
    level: npt.NDArray[np.floating[Any]] = lightness / np.float32(100)
    if rng.random() < 0.5:  # another emulsion: blue counts for more, red for less
        weight = np.array(
            [rng.uniform(0.05, 0.45), rng.uniform(0.4, 0.8), rng.uniform(0.05, 0.4)], np.float32
        )
        grey = unit @ (weight / weight.sum())
        level = _lightness_of_grey(grey.astype(np.float32)) / 100
    if rng.random() < 0.5:
        level = np.asarray(cv2.GaussianBlur(level, (0, 0), rng.uniform(0.4, 1.8)), np.float32)
    level = np.power(np.clip(level, 0, 1), np.exp(rng.normal(0, 0.3)))
    level = (level - 0.5) * rng.uniform(0.75, 1.35) + 0.5 + rng.normal(0, 0.05)
    if rng.random() < 0.2:  # night, or a print from a thin negative
        level = level * rng.uniform(0.3, 0.8)
    black, white = rng.uniform(0, 0.12), rng.uniform(0.85, 1)
    level = black + np.clip(level, 0, 1) * (white - black)
    if rng.random() < 0.5:
        level = level * _vignette(level.shape, rng)
    if rng.random() < 0.08:
        level = level * _iris(level.shape, rng)
    if rng.random() < 0.2:
        level = _scratched(level.astype(np.float32), rng)
    if rng.random() < 0.7:
        level = level + _grain(level.shape, rng)
    return np.asarray(np.clip(level, 0, 1) * 100, np.float32)


def title_card(side: int, *, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A grey card (side, side, 3) as silent films have them: a few lines of bright text, often in a frame."""
    dark = int(rng.integers(0, 70))
    card = np.full((side, side), dark, np.uint8)
    bright = int(rng.integers(dark + 60, 256))
    if rng.random() < 0.4:
        inset = int(rng.integers(2, side // 8))
        cv2.rectangle(card, (inset, inset), (side - inset, side - inset), bright, int(rng.integers(1, 4)))
    lines, size = int(rng.integers(1, 8)), float(rng.uniform(0.25, 1.2)) * side / 224
    font = int(
        rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX])
    )
    for line in range(lines):
        letters = rng.choice(list("abcdefghijklmnopqrstuvwxyz     ABCDEFGH,."), int(rng.integers(4, 30)))
        place = (int(rng.integers(-side // 8, side // 3)), round((line + 1) * side / (lines + 1)))
        cv2.putText(card, "".join(letters), place, font, size, bright, int(rng.integers(1, 3)), cv2.LINE_AA)
    return np.ascontiguousarray(np.broadcast_to(card[..., None], (side, side, 3)))


def _lightness_of_grey(grey: FloatImage) -> FloatImage:
    lab = cv2.cvtColor(cv2.merge([grey, grey, grey]), cv2.COLOR_RGB2Lab)
    return np.ascontiguousarray(lab[..., 0]).astype(np.float32)


def _vignette(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    rows = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    return (1 - rng.uniform(0, 0.7) * (rows**2 + columns**2) / 2).astype(np.float32)


def _iris(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    """A round mask with a soft edge, as in front of the lens of a silent film's camera."""
    size = np.array(shape[:2], np.float32)
    center, radius = rng.uniform(0.35, 0.65, 2) * size, rng.uniform(0.35, 0.7) * size.min()
    rows = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(center[0])
    columns = np.arange(shape[1], dtype=np.float32)[None] - np.float32(center[1])
    edge = rng.uniform(0.02, 0.2) * size.min()
    mask = np.clip((radius - np.hypot(rows, columns)) / edge + 1, rng.uniform(0, 0.1), 1)
    return np.asarray(mask, np.float32)


def _scratched(level: FloatImage, rng: np.random.Generator) -> FloatImage:
    """A few upright scratches and specks of dust, bright or dark."""
    height, width = level.shape
    marks = np.zeros_like(level)
    for _ in range(rng.integers(0, 4)):
        column, lean = int(rng.integers(0, width)), int(rng.integers(-2, 3))
        cv2.line(
            marks, (column, 0), (column + lean, height), float(rng.choice([-0.5, 0.4, 0.6])), 1, cv2.LINE_AA
        )
    for _ in range(rng.geometric(0.1)):
        place = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(marks, place, int(rng.integers(0, 3)), float(rng.choice([-0.6, 0.6])), -1)
    return np.add(level, marks, dtype=np.float32)


def _grain(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    noise = rng.standard_normal(shape, dtype=np.float32)
    if rng.random() < 0.5:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32) * 2
    return (noise * rng.uniform(0, 0.06)).astype(np.float32)
