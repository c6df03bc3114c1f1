"""Predicts ab from luma in batches. The only module of the film path that uses the networks."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt
import torch

from models.checkpoint import DEFAULT_WEIGHTS, load_weights
from models.errors import WeightsError
from models.networks.fold_batchnorm import fold
from models.networks.generator import AB_STRIDE
from pipeline.color.colorimetry import lightness
from pipeline.colorize.ab_filter import filter_ab
from pipeline.colorize.settings import ColorSettings
from pipeline.errors import DeviceError, SettingsError
from pipeline.media import FilmInfo, PictureArea
from pipeline.plan.segments import BATCH_FRAMES

_log = logging.getLogger(__name__)
_Picture = TypeVar("_Picture", bound=npt.NDArray[Any])

FloatImage = npt.NDArray[np.float32]
_LONGEST_TO_SHORTEST = 4  # a wider picture is squeezed to this aspect


@dataclass(frozen=True)
class NetSize:
    """The size at which the network sees a film: sides are multiples of 4, the aspect is the film's."""

    height: int
    width: int

    @property
    def output(self) -> tuple[int, int]:
        """Height and width of the predicted ab."""
        return self.height // AB_STRIDE, self.width // AB_STRIDE


@dataclass(frozen=True)
class NetFrame:
    """A frame at the network's scale, and the part of it that the network sees."""

    whole: NetSize
    rows: slice
    """Of the picture inside its black borders, in samples of the output."""
    columns: slice

    def picture(self, whole: FloatImage) -> FloatImage:
        """The part of a frame (h, w) at the network's scale that shows the picture."""
        rows, columns = (
            slice(part.start * AB_STRIDE, part.stop * AB_STRIDE) for part in (self.rows, self.columns)
        )
        return np.ascontiguousarray(whole[rows, columns])

    def framed(self, ab: FloatImage) -> FloatImage:
        """The colours (2, h, w) of a picture with its borders, which have none."""
        framed = np.zeros((2, *self.whole.output), np.float32)
        framed[:, self.rows, self.columns] = ab
        return framed


def net_frame(film: FilmInfo, picture: PictureArea, *, short_side: int) -> NetFrame:
    """How a film's frames are shown to the network where their picture fills that area."""
    height, width = picture.bottom - picture.top, picture.right - picture.left
    size = net_size(
        width=film.width * width,
        height=film.height * height,
        sample_aspect=float(film.sample_aspect),
        short_side=short_side,
    )
    lines, columns = round(size.output[0] / height), round(size.output[1] / width)
    return NetFrame(
        whole=NetSize(lines * AB_STRIDE, columns * AB_STRIDE),
        rows=slice(round(picture.top * lines), round(picture.bottom * lines)),
        columns=slice(round(picture.left * columns), round(picture.right * columns)),
    )


def net_size(*, width: float, height: float, sample_aspect: float, short_side: int) -> NetSize:
    """The network's size for a picture of `width` x `height` samples of the given aspect."""
    shown_width = width * sample_aspect
    aspect = min(max(shown_width / height, 1 / _LONGEST_TO_SHORTEST), _LONGEST_TO_SHORTEST)
    longer = round(short_side * max(aspect, 1 / aspect) / AB_STRIDE) * AB_STRIDE
    return NetSize(short_side, longer) if aspect >= 1 else NetSize(longer, short_side)


class Network(Protocol):
    """What predicts colour for films, stills and their evaluation; `Predictor` is one."""

    @property
    def short_side(self) -> int:
        """Shorter side of its input, in samples."""

    def predict(self, lightness: Iterable[FloatImage]) -> Iterator[FloatImage]:
        """As `Predictor.predict`."""

    def predict_pictures(self, luma_unit: FloatImage) -> FloatImage:
        """As `Predictor.predict_pictures`."""


class Predictor:
    """A generator on its device, ready to colour batches of small lumas."""

    def __init__(
        self,
        weights: Path | None = None,
        *,
        settings: ColorSettings | None = None,
        batch: int = BATCH_FRAMES,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        """Loads the weights; None is the default that ships with Kinochrome.

        `device` is auto, cpu, cuda or cuda:N; `precision` auto, bf16 or fp32. Raises WeightsError for an
        unreadable file, DeviceError for a device that is not there.
        """
        settings = settings or ColorSettings()
        self.short_side, self.batch = settings.short_side, batch
        self.temperature = settings.temperature
        self.device = find_device(device)
        self.precision = find_precision(precision, self.device)
        generator, self.weights = load_weights(weights or DEFAULT_WEIGHTS)
        self.vividness = settings.vividness or self.weights.vividness
        fold(generator)
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        self._generator = generator.to(self.device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._fitting_batch = batch

    def identity(self) -> dict[str, object]:
        """Everything that the predicted colour depends on, beside the luma."""
        return {
            "weights": self.weights.sha256,
            "short_side": self.short_side,
            "temperature": self.temperature,
            "vividness": self.vividness,
            "batch": self.batch,
            "device": self.device.type,
            "precision": self.precision,
        }

    def predict_pictures(self, luma_unit: FloatImage) -> FloatImage:
        """Lumas (N, H, W) 0..1 of any one size → ab (N, 2, h, w) at the network's output size."""
        height, width = luma_unit.shape[1:]
        size = net_size(width=width, height=height, sample_aspect=1, short_side=self.short_side)
        return np.stack(list(self.predict(lightness(shrink(picture, size)) for picture in luma_unit)))

    def predict(self, lightness: Iterable[FloatImage]) -> Iterator[FloatImage]:
        """L* pictures (h, w), 0..100, all of one `NetSize` → ab (2, h/4, w/4) for each, in order.

        Batches are counted from the first picture, so the same frames meet in a batch in every run. Out of
        memory halves the batch, says so and tries again; DeviceError when even one picture does not fit.
        """
        pictures = iter(lightness)
        first = 0
        while batch := list(islice(pictures, self.batch)):
            yield from self._predict_batch(batch, first)
            first += len(batch)

    def _predict_batch(self, batch: Sequence[FloatImage], first: int) -> Iterator[FloatImage]:
        done = 0
        while done < len(batch):
            part = batch[done : done + self._fitting_batch]
            try:
                ab = self._run(np.stack(part))
            except (torch.OutOfMemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                self._halve(first + done, error)
                continue
            yield from ab
            done += len(part)

    def _halve(self, picture: int, error: RuntimeError) -> None:
        if self._fitting_batch == 1:
            raise DeviceError(
                f"frame {picture} of this part: {self.device} has no memory left even for one frame; "
                "a smaller color.short_side or another device works"
            ) from error
        self._fitting_batch = max(1, self._fitting_batch // 2)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        _log.warning(
            "%s is out of memory at frame %d of this part: batch halved to %d",
            self.device,
            picture,
            self._fitting_batch,
        )

    @torch.inference_mode()
    def _run(self, lightness: FloatImage) -> FloatImage:
        height, width = lightness.shape[1:]
        padded = torch.from_numpy(_padded(lightness, self._generator.input_multiple))[:, None].to(self.device)
        ab = self._generator.colorize(padded, temperature=self.temperature)
        ab = ab[..., : height // AB_STRIDE, : width // AB_STRIDE]
        planes = (ab.float() * self.vividness).cpu().numpy()
        if not np.isfinite(planes).all():
            cure = "other weights" if self.precision == "fp32" else "precision: fp32, or other weights,"
            raise WeightsError(
                f"weights {self.weights.path}: the colours that they predict with {self.precision} on {self.device} "
                f"are not finite numbers; {cure} would work"
            )
        return np.stack([filter_ab(plane, picture) for plane, picture in zip(planes, lightness, strict=True)])


def shrink(picture: _Picture, size: NetSize) -> _Picture:
    """A picture resized to the network's size by area (enlarged linearly where the film is smaller)."""
    how = cv2.INTER_AREA if picture.shape[0] >= size.height else cv2.INTER_LINEAR
    return cast(_Picture, cv2.resize(picture, (size.width, size.height), interpolation=how))


def find_device(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` means here; DeviceError when it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise SettingsError(f"device {name!r}: auto, cpu, cuda or cuda:N works") from error
    count = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= count:
        raise DeviceError(f"device {name!r}: this machine has {count} CUDA devices; auto or cpu works")
    return device


def find_precision(name: str, device: torch.device) -> str:
    """`bf16` or `fp32`: what `auto` means on a device."""
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "fp32"


def _padded(lightness: FloatImage, multiple: int) -> FloatImage:
    """(N, H, W) with H and W grown to multiples of `multiple` by reflection at the right and below."""
    grow = [(-side) % multiple for side in lightness.shape[1:]]
    return np.pad(lightness, ((0, 0), (0, grow[0]), (0, grow[1])), mode="reflect")


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
