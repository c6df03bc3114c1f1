"""Training samples from photos and frames of clips: lightness in, ab out, sometimes with hints.

The lightness is degraded on the way: old film is grainy, soft, faded, dark at its corners, and blind to red.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.dataset.degrade import FloatImage, age, title_card
from pipeline.errors import SettingsError

Picture = bytes | Path


@dataclass(frozen=True, kw_only=True)
class SampleSettings:
    """How a picture becomes a sample."""

    crop_px: int = 224
    """Side of the square crop; a multiple of 32."""
    smallest_crop: float = 0.6
    """The crop covers at least this share of the picture's shorter side."""
    aged: float = 0.6
    """Share of samples whose lightness is aged like old film."""
    titles: float = 0.03
    """Share of samples that are made-up title cards: white text on a dark panel, without colour."""
    hinted: float = 0.4
    """Share of samples that come with hints: half of them sparse points, half smooth patches."""

    def __post_init__(self) -> None:
        if self.crop_px % 32 or not 64 <= self.crop_px <= 1024:
            raise SettingsError(f"crop_px {self.crop_px}: a multiple of 32 between 64 and 1024 works")
        for name in ("smallest_crop", "aged", "titles", "hinted"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} {getattr(self, name)}: a share between 0 and 1 works")


class Sample(NamedTuple):
    """One training sample; a batch has the same fields with a leading N."""

    lightness: Tensor
    """float32 (1, H, W), L* 0..100."""
    ab: Tensor
    """float32 (2, H/stride, W/stride)."""
    hint_ab: Tensor
    """float32, the same size."""
    hint_confidence: Tensor
    """float32 (1, H/stride, W/stride) in 0..1; all 0 where the sample has no hints."""
    of_base: Tensor
    """bool (): whether the picture is one of the base, whose colours are not to be learned but kept as they come."""


class PhotoSamples(Dataset[Sample]):
    """An endless shuffled walk over pictures: sample `number` is the same whenever, and wherever, it is asked for.

    A picture is the path of a photo, or a JPEG, PNG or WebP file as bytes. Each sample is, with a chance of
    `base_share`, of a picture of `base`: what a fine-tuning must not forget.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        *,
        settings: SampleSettings,
        seed: int,
        stride: int,
        base: Sequence[Picture] = (),
        base_share: float = 0,
    ) -> None:
        """`stride`: how much smaller than the lightness the ab is."""
        if not pictures:
            raise SettingsError("a training set needs at least one colour picture; this one is empty")
        self._pictures, self._settings, self._seed, self._stride = pictures, settings, seed, stride
        self._base, self._base_share = base, base_share if base else 0

    def __getitem__(self, number: int) -> Sample:
        epoch, place = divmod(number, len(self._pictures))
        rng, of_base = np.random.default_rng([self._seed, 1, number]), False
        if rng.random() < self._settings.titles:
            rgb = title_card(self._settings.crop_px, rng=rng)
        else:
            of_base = rng.random() < self._base_share
            if of_base:
                picture = self._base[int(rng.integers(len(self._base)))]
            else:
                order = np.random.default_rng([self._seed, epoch]).permutation(len(self._pictures))
                picture = self._pictures[order[place]]
            rgb = random_crop(decode_rgb(picture), settings=self._settings, rng=rng)
        return make_sample(rgb, settings=self._settings, rng=rng, stride=self._stride, of_base=of_base)


def decode_rgb(picture: Picture) -> npt.NDArray[np.uint8]:
    """A picture as sRGB uint8 (H, W, 3). Raises SettingsError where it cannot be decoded."""
    encoded = picture.read_bytes() if isinstance(picture, Path) else picture
    bgr = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR) if encoded else None
    if bgr is None:
        name = picture if isinstance(picture, Path) else "a frame"
        raise SettingsError(f"training set: {name} cannot be decoded; remove it or make it anew")
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


def make_sample(
    rgb: npt.NDArray[np.uint8],
    *,
    settings: SampleSettings,
    rng: np.random.Generator,
    stride: int,
    of_base: bool = False,
) -> Sample:
    """A sample from an sRGB crop (H, W, 3) whose sides are multiples of `stride`."""
    unit = np.asarray(rgb, np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2Lab), np.float32)
    lightness = np.ascontiguousarray(lab[..., 0])
    if rng.random() < settings.aged:
        lightness = age(unit, lightness, rng=rng)
    size = (rgb.shape[1] // stride, rgb.shape[0] // stride)
    ab = cv2.resize(np.ascontiguousarray(lab[..., 1:]), size, interpolation=cv2.INTER_AREA)
    confidence = _hint_confidence(ab.shape[:2], share=settings.hinted, rng=rng)
    return Sample(
        torch.from_numpy(lightness)[None],
        torch.from_numpy(ab).permute(2, 0, 1).contiguous(),
        torch.from_numpy(ab * (confidence[..., None] > 0)).permute(2, 0, 1).contiguous(),
        torch.from_numpy(confidence)[None],
        torch.tensor(of_base),
    )


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
