"""Training samples from photos and frames of clips: lightness in, ab out, sometimes with hints.

The lightness is degraded on the way: old film is grainy, soft, faded, dark at its corners, and blind to red.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.dataset.degrade import age, title_card
from pipeline.dataset.sample_hints import HINT_STYLES, hint_confidence
from pipeline.errors import SettingsError

Picture = bytes | Path


@dataclass(frozen=True, kw_only=True)
class SampleSettings:
    """How a picture becomes a sample."""

    crop_px: int = 224
    """Side of the square crop; a multiple of 32."""
    crop_sides: tuple[int, ...] = ()
    """Sides that training crops take in place of `crop_px`, one for each batch by chance; multiples of 32."""
    smallest_crop: float = 0.6
    """The crop covers at least this share of the picture's shorter side."""
    aged: float = 0.6
    """Share of samples whose lightness is aged like old film."""
    titles: float = 0.03
    """Share of samples that are made-up title cards: white text on a dark panel, without colour."""
    hinted: float = 0.4
    """Share of samples that come with hints."""
    hint_style: str = "sparse"
    """What the hints are. sparse: half of them a few points, half smooth patches. drawn, as people give them: half of
    them 1 to 400 points, a quarter strokes, a quarter smooth patches."""

    def __post_init__(self) -> None:
        for name, side in (("crop_px", self.crop_px), *(("crop_sides", side) for side in self.crop_sides)):
            if side % 32 or not 64 <= side <= 1024:
                raise SettingsError(f"{name} {side}: a multiple of 32 between 64 and 1024 works")
        if self.hint_style not in HINT_STYLES:
            raise SettingsError(f"hint_style {self.hint_style!r}: {' or '.join(HINT_STYLES)} works")
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
    `base_share`, of a picture of `base`: what a fine-tuning must not forget. With `weights` an epoch shows a picture
    as often as its weight says, beside the mean of all: 0.5 in every second epoch, 2 twice in each.
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
        weights: Sequence[float] = (),
        batch: int = 1,
    ) -> None:
        """`stride`: how much smaller than the lightness the ab is; `batch`: samples that share one of `crop_sides`."""
        if not pictures:
            raise SettingsError("a training set needs at least one colour picture; this one is empty")
        shares = np.asarray(weights, np.float64) if weights else np.ones(len(pictures))
        self._ends, self._batch = np.cumsum(shares / shares.mean()), batch
        self._pictures, self._settings, self._seed, self._stride = pictures, settings, seed, stride
        self._base, self._base_share = base, base_share if base else 0

    def __getitem__(self, number: int) -> Sample:
        epoch, place = divmod(number, len(self._pictures))
        rng, of_base = np.random.default_rng([self._seed, 1, number]), False
        settings = self._sized(number)
        if rng.random() < settings.titles:
            rgb = title_card(settings.crop_px, rng=rng)
        else:
            of_base = rng.random() < self._base_share
            if of_base:
                picture = self._base[int(rng.integers(len(self._base)))]
            else:
                picture = self._pictures[self._index(epoch, place)]
            rgb = random_crop(decode_rgb(picture), settings=settings, rng=rng)
        return make_sample(rgb, settings=settings, rng=rng, stride=self._stride, of_base=of_base)

    def _index(self, epoch: int, place: int) -> int:
        """The picture at a place of an epoch: evenly spaced draws from the weights laid end to end, shuffled."""
        walk = np.random.default_rng([self._seed, epoch])
        draw = walk.permutation(len(self._pictures))[place] + walk.random()
        return int(min(np.searchsorted(self._ends, draw, side="right"), len(self._pictures) - 1))

    def _sized(self, number: int) -> SampleSettings:
        """The settings with the side that the sample's batch has."""
        sides = self._settings.crop_sides
        if not sides:
            return self._settings
        rng = np.random.default_rng([self._seed, 2, number // self._batch])
        return replace(self._settings, crop_px=sides[int(rng.integers(len(sides)))])


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
    confidence = hint_confidence(ab.shape[:2], share=settings.hinted, style=settings.hint_style, rng=rng)
    return Sample(
        torch.from_numpy(lightness)[None],
        torch.from_numpy(ab).permute(2, 0, 1).contiguous(),
        torch.from_numpy(ab * (confidence[..., None] > 0)).permute(2, 0, 1).contiguous(),
        torch.from_numpy(confidence)[None],
        torch.tensor(of_base),
    )
