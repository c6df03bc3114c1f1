"""Photos and clip frames as training samples: lightness in, ab out, hints now and then.

The lightness is aged on the way: old film is grainy, soft, faded, dark at its corners, and blind to red.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.errors import SettingsError

FloatImage = npt.NDArray[np.float32]
OUTPUT_STRIDE = 4  # of the network: targets and hints are this much smaller than its input


@dataclass(frozen=True, kw_only=True)
class SampleSettings:
    """How a picture becomes a sample."""

    crop_px: int = 224
    """Side of the square crop; a multiple of 32."""
    smallest_crop: float = 0.6
    """The crop covers at least this share of the picture's shorter side."""
    aged: float = 0.6
    """Share of samples whose lightness is aged like old film."""
    hinted: float = 0.4
    """Share of samples that come with hints: half of them sparse points, half smooth patches."""

    def __post_init__(self) -> None:
        if self.crop_px % 32 or not 64 <= self.crop_px <= 1024:
            raise SettingsError(f"crop_px {self.crop_px}: a multiple of 32 between 64 and 1024 works")
        for name in ("smallest_crop", "aged", "hinted"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} {getattr(self, name)}: a share between 0 and 1 works")


class Sample(NamedTuple):
    """One training sample; a batch has the same fields with a leading N."""

    lightness: Tensor
    """float32 (1, H, W), L* 0..100."""
    ab: Tensor
    """float32 (2, H/4, W/4)."""
    hint_ab: Tensor
    """float32 (2, H/4, W/4)."""
    hint_confidence: Tensor
    """float32 (1, H/4, W/4) in 0..1; all 0 where the sample has no hints."""


class PhotoSamples(Dataset[Sample]):
    """An endless shuffled walk over encoded pictures: sample `number` is the same whenever it is asked for.

    `pictures` holds JPEG, PNG or WebP files as bytes. `first` is the number of the first sample, so that a
    training that resumes goes on where it stopped.
    """

    def __init__(
        self, pictures: Sequence[bytes], *, settings: SampleSettings, seed: int, first: int, count: int
    ) -> None:
        if not pictures:
            raise SettingsError("a training set needs at least one colour picture; this one is empty")
        self._pictures, self._settings, self._seed = pictures, settings, seed
        self._first, self._count = first, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Sample:
        number = self._first + index
        epoch, place = divmod(number, len(self._pictures))
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._pictures))
        rng = np.random.default_rng([self._seed, 1, number])
        rgb = random_crop(decode_rgb(self._pictures[order[place]]), settings=self._settings, rng=rng)
        return make_sample(rgb, settings=self._settings, rng=rng)


def decode_rgb(encoded: bytes) -> npt.NDArray[np.uint8]:
    """An encoded picture as sRGB uint8 (H, W, 3)."""
    bgr = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SettingsError("a picture of the training set cannot be decoded")
    return np.ascontiguousarray(bgr[..., ::-1])


def random_crop(
    rgb: npt.NDArray[np.uint8], *, settings: SampleSettings, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """A random square, mirrored half of the time, resized to `crop_px`."""
    height, width = rgb.shape[:2]
    side = round(min(height, width) * rng.uniform(settings.smallest_crop, 1))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    crop = rgb[top : top + side, left : left + side]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    how = cv2.INTER_AREA if side > settings.crop_px else cv2.INTER_LINEAR
    resized = cv2.resize(np.ascontiguousarray(crop), (settings.crop_px, settings.crop_px), interpolation=how)
    return resized.astype(np.uint8, copy=False)


def make_sample(rgb: npt.NDArray[np.uint8], *, settings: SampleSettings, rng: np.random.Generator) -> Sample:
    """A sample from an sRGB crop (H, W, 3) whose sides are multiples of 4."""
    unit = np.asarray(rgb, np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2Lab), np.float32)
    lightness = np.ascontiguousarray(lab[..., 0])
    if rng.random() < settings.aged:
        lightness = age(unit, lightness, rng=rng)
    size = (rgb.shape[1] // OUTPUT_STRIDE, rgb.shape[0] // OUTPUT_STRIDE)
    ab = cv2.resize(np.ascontiguousarray(lab[..., 1:]), size, interpolation=cv2.INTER_AREA)
    confidence = _hint_confidence(ab.shape[:2], share=settings.hinted, rng=rng)
    return Sample(
        torch.from_numpy(lightness)[None],
        torch.from_numpy(ab).permute(2, 0, 1).contiguous(),
        torch.from_numpy(ab * (confidence[..., None] > 0)).permute(2, 0, 1).contiguous(),
        torch.from_numpy(confidence)[None],
    )


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
    level = np.power(np.clip(level, 0, 1), np.exp(rng.normal(0, 0.25)))
    level = (level - 0.5) * rng.uniform(0.75, 1.35) + 0.5 + rng.normal(0, 0.05)
    black, white = rng.uniform(0, 0.12), rng.uniform(0.85, 1)
    level = black + np.clip(level, 0, 1) * (white - black)
    if rng.random() < 0.5:
        level = level * _vignette(level.shape, rng)
    if rng.random() < 0.7:
        level = level + _grain(level.shape, rng)
    return np.asarray(np.clip(level, 0, 1) * 100, np.float32)


def _lightness_of_grey(grey: FloatImage) -> FloatImage:
    lab = cv2.cvtColor(cv2.merge([grey, grey, grey]), cv2.COLOR_RGB2Lab)
    return np.ascontiguousarray(lab[..., 0]).astype(np.float32)


def _vignette(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    rows = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    return (1 - rng.uniform(0, 0.45) * (rows**2 + columns**2) / 2).astype(np.float32)


def _grain(shape: tuple[int, ...], rng: np.random.Generator) -> FloatImage:
    noise = rng.standard_normal(shape, dtype=np.float32)
    if rng.random() < 0.5:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32) * 2
    return (noise * rng.uniform(0, 0.06)).astype(np.float32)


def _hint_confidence(shape: tuple[int, ...], *, share: float, rng: np.random.Generator) -> FloatImage:
    """(H, W): zeros; or, for a share of the samples, a few confident points or a few smooth patches."""
    confidence = np.zeros(shape, np.float32)
    draw = rng.random()
    if draw >= share:
        return confidence
    if draw < share / 2:
        for _ in range(rng.geometric(0.125)):
            top, left = rng.integers(0, shape[0]), rng.integers(0, shape[1])
            reach = rng.integers(1, 4)
            confidence[top : top + reach, left : left + reach] = 1
        return confidence
    for _ in range(rng.integers(1, 4)):
        center = (int(rng.integers(0, shape[1])), int(rng.integers(0, shape[0])))
        axes = (int(rng.integers(3, shape[1] // 3)), int(rng.integers(3, shape[0] // 3)))
        cv2.ellipse(
            confidence, center, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0.3, 1)), -1
        )
    return np.clip(cv2.GaussianBlur(confidence, (0, 0), rng.uniform(1, 4)), 0, 1).astype(np.float32)
