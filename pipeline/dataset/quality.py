"""Whether a colour picture has something to teach, by measured rules: not black, white, grey, toned or blurred.

Two small copies of a picture are looked at: its lightness and its colours on 64 samples of its longer side,
its sharpness on 256. The defaults of the rules were measured on 1,200 colour photographs, on 33 colour
clips, and on five films and 63 photographs in black and white, some of them toned:

- grey: the black-and-white films reach a chroma of 2.1, the photographs begin at 5.8, a foggy road has 3;
- sepia, tinted: sepia prints spread up to 2.4 around their tint, 99.5 % of the colour photographs more than 2.5;
- blurred: the softest photograph has a sharpness of 0.124; blurred by a Gaussian of 2 samples 89 % have less
  than 0.1, by one of 3 samples 99 %;
- black, white: the darkest photograph reaches a lightness of 51, a fade to black 12; the palest begins at 70.
"""

from dataclasses import asdict, dataclass, fields
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from models.colorfulness import colorfulness
from pipeline.errors import SettingsError

Rgb = npt.NDArray[np.uint8]
"""(H, W, 3)."""
Fault = Literal["black", "white", "grey", "sepia", "tinted", "blurred"]
FAULTS: tuple[Fault, ...] = ("black", "white", "grey", "sepia", "tinted", "blurred")
"""In the order in which the rules are applied: a picture has the first fault that fits."""
SHARPNESS_PX = 256
"""Longer side on which sharpness is measured."""
COLOR_PX = 64
"""Longer side on which colours are measured."""

_LIGHTNESS_BINS = 16
_LEAST_DEVIATION = 2.0
"""Grey levels: pictures flatter than this hold noise, which is not sharpness."""


@dataclass(frozen=True, kw_only=True)
class QualitySettings:
    """When a picture is left out. Raises SettingsError for values that cannot work."""

    black: float = 20.0
    """Left out as black where 99 % of the picture have no more than this lightness (L*, 0 to 100)."""
    white: float = 85.0
    """Left out as white where 95 % of the picture have at least this lightness."""
    grey: float = 4.0
    """Left out as grey where 95 % of the picture have no more than this chroma (CIE C*, 0 is grey)."""
    tint: float = 2.5
    """Left out as sepia or tinted where colours of one lightness lie no further than this (root mean square,
    CIE ab) from each other: the whole picture has one colour, or one for the lights and one for the shadows."""
    sharpness: float = 0.1
    """Left out as blurred where the sharpness is below this; 0 keeps every picture."""

    def __post_init__(self) -> None:
        for name, most in (("black", 100), ("white", 100), ("grey", 128), ("tint", 128), ("sharpness", 10)):
            if not 0 <= getattr(self, name) <= most:
                raise SettingsError(f"{name} {getattr(self, name)}: a number from 0 to {most} works")


@dataclass(frozen=True, kw_only=True)
class ColorScores:
    """What was measured of the colours of one picture."""

    darkest: float
    """L* that 5 % of the picture are darker than."""
    brightest: float
    """L* that 1 % of the picture are brighter than."""
    chroma: float
    """CIE C* that 5 % of the picture exceed."""
    tint_spread: float
    """Root mean square distance (CIE ab) of each colour from the mean colour of its lightness."""
    hue_degrees: float
    """Hue of the mean colour, 0 to 360: about 30 red, 85 yellow, 140 green, 270 blue."""
    colorfulness: float
    """Hasler & Süsstrunk's CF: 0 grey, about 15 slightly, 45 quite, 80 highly colourful."""


@dataclass(frozen=True, kw_only=True)
class Scores(ColorScores):
    """What was measured of one picture."""

    sharpness: float
    """Standard deviation of the Laplacian over that of the luma: sharp pictures have about 0.5."""

    def rounded(self) -> dict[str, float]:
        """The scores by name, with three decimals: the same text wherever they were measured."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


SCORE_NAMES = tuple(field.name for field in fields(Scores))


def measure(rgb: Rgb) -> Scores:
    """Measures an sRGB picture of any size; the same for every size from 256 samples on the longer side on."""
    small = shrink(rgb, longest_px=SHARPNESS_PX)
    color = measure_color(shrink(small, longest_px=COLOR_PX))
    return Scores(**asdict(color), sharpness=_sharpness(small))


def measure_color(tiny: Rgb) -> ColorScores:
    """Measures the colours of an sRGB picture as it is; of `COLOR_PX` samples on the longer side for `find_fault`."""
    lightness, ab = lightness_and_ab(tiny)
    mean_a, mean_b = (float(value) for value in ab.mean(axis=0))
    darkest, brightest = (float(value) for value in np.percentile(lightness, (5, 99)))
    return ColorScores(
        darkest=darkest,
        brightest=brightest,
        chroma=float(np.percentile(np.hypot(ab[:, 0], ab[:, 1]), 95)),
        tint_spread=_tint_spread(lightness, ab),
        hue_degrees=float(np.degrees(np.arctan2(mean_b, mean_a))) % 360,
        colorfulness=colorfulness(tiny),
    )


def lightness_and_ab(rgb: Rgb) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """L* (N,) and CIE ab (N, 2) of every sample of an sRGB picture."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    return lab[..., 0].ravel().astype(np.float32), lab[..., 1:].reshape(-1, 2).astype(np.float32)


def find_fault(scores: Scores, settings: QualitySettings) -> Fault | None:
    """The first rule that the picture breaks; None for a picture to keep."""
    fault = find_color_fault(scores, settings)
    return "blurred" if fault is None and scores.sharpness < settings.sharpness else fault


def find_color_fault(scores: ColorScores, settings: QualitySettings) -> Fault | None:
    """The first rule about colours that the picture breaks; None where it has colours of its own."""
    if scores.brightest <= settings.black:
        return "black"
    if scores.darkest >= settings.white:
        return "white"
    if scores.chroma <= settings.grey:
        return "grey"
    if scores.tint_spread <= settings.tint:
        return "sepia" if 30 <= scores.hue_degrees <= 100 else "tinted"
    return None


def shrink(rgb: Rgb, *, longest_px: int) -> Rgb:
    """The picture averaged down to `longest_px` on its longer side; as it is where it is no larger."""
    height, width = rgb.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _tint_spread(lightness: npt.NDArray[np.float32], ab: npt.NDArray[np.float32]) -> float:
    place = np.clip(lightness * (_LIGHTNESS_BINS / 100), 0, _LIGHTNESS_BINS - 1).astype(np.int64)
    count = np.maximum(np.bincount(place, minlength=_LIGHTNESS_BINS), 1)
    means = [np.bincount(place, weights=ab[:, k], minlength=_LIGHTNESS_BINS) / count for k in (0, 1)]
    away = ab - np.stack(means, axis=1)[place]
    return float(np.sqrt(np.square(away).sum(axis=1).mean()))


def _sharpness(rgb: Rgb) -> float:
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = cv2.Laplacian(luma, cv2.CV_32F)
    return float(edges.std()) / max(float(luma.std()), _LEAST_DEVIATION)
