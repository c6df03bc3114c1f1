"""Predicts ab from luma in batches. The only module of the film path that uses the networks."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from models.checkpoint import load_weights
from models.errors import WeightsError
from models.networks.fold_batchnorm import fold
from models.networks.generator import AB_STRIDE, MAP_STEPS, Seen
from models.weights_info import DEFAULT_WEIGHTS
from pipeline.color.colorimetry import lightness
from pipeline.colorize.ab_filter import filter_ab
from pipeline.colorize.net_frame import net_size, pad_to_multiple, shrink
from pipeline.colorize.non_local import agreed
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.sight import Sight
from pipeline.colorize.still_views import joined, views_of
from pipeline.colorize.vividness import bring_out
from pipeline.errors import DeviceError, SettingsError
from pipeline.plan.segments import BATCH_FRAMES

_log = logging.getLogger(__name__)

FloatImage = npt.NDArray[np.float32]


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
        self.temperature, self.still_passes = settings.temperature, settings.still_passes
        self.device, self._fitting_batch = find_device(device), batch
        self.precision = find_precision(precision, self.device)
        generator, self.weights = load_weights(weights or DEFAULT_WEIGHTS)
        self.vividness = settings.vividness or self.weights.vividness
        fold(generator)
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        self._generator = generator.to(self.device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def identity(self) -> dict[str, object]:
        """Everything that the predicted colour depends on, beside the luma."""
        return {
            "weights": self.weights.sha256,
            "short_side": self.short_side,
            "temperature": self.temperature,
            "vividness": self.vividness,
            "vivid_where": self.weights.vivid_where,
            "still_passes": self.still_passes,
            "batch": self.batch,
            "device": self.device.type,
            "precision": self.precision,
        }

    def predict_pictures(self, luma_unit: FloatImage) -> FloatImage:
        """Lumas (N, H, W) 0..1 of any one size → ab (N, 2, h, w) at the network's output size.

        Each is shown `still_passes` times, see `views_of`, where the network predicts a distribution.
        """
        if self.still_passes > 1 and len(self.bins):
            return np.stack([self._predict_still(picture) for picture in luma_unit])
        height, width = luma_unit.shape[1:]
        size = net_size(width=width, height=height, sample_aspect=1, short_side=self.short_side)
        return np.stack(list(self.predict(lightness(shrink(picture, size)) for picture in luma_unit)))

    def _predict_still(self, luma_unit: FloatImage) -> FloatImage:
        views = list(views_of(luma_unit, short_side=self.short_side, passes=self.still_passes))
        try:
            seen = [self._see(view.lightness[np.newaxis]) for view in views]
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            cure = "a smaller color.short_side, color.still_passes: 1 or another device works"
            raise DeviceError(f"{self.device} has no memory left for a still; {cure}") from error
        raw = torch.from_numpy(joined(views, [_numpy(one.raw[0]) for one in seen]))[None].to(self.device)
        return np.squeeze(self._ab_of(seen[0]._replace(raw=raw), views[0].lightness[np.newaxis]), axis=0)

    @torch.inference_mode()
    def _see(self, lightness: FloatImage) -> Seen:
        """What the network makes of L* pictures (N, H, W), 0..100, cut to them: raw as it is, maps at ab's size and
        its half and quarter, rounded up."""
        height, width = (side // AB_STRIDE for side in lightness.shape[1:])
        padded = pad_to_multiple(lightness, self._generator.input_multiple)[:, np.newaxis]
        raw, maps = self._generator.see(torch.from_numpy(padded).to(self.device))
        fine = AB_STRIDE // self._generator.training_stride
        return Seen(
            raw[..., : height * fine, : width * fine],
            tuple(
                one[..., : -(-height // step), : -(-width // step)]
                for one, step in zip(maps, MAP_STEPS, strict=False)
            ),
        )

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
        message = "%s is out of memory at frame %d of this part: batch halved to %d"
        _log.warning(message, self.device, picture, self._fitting_batch)

    def _run(self, lightness: FloatImage) -> FloatImage:
        return self._ab_of(self._see(lightness), lightness)

    def see(self, lightness: FloatImage) -> Sight:
        """One L* picture (H, W), 0..100, as the network sees it. Raises WeightsError, DeviceError."""
        seen = self._see(lightness[np.newaxis])
        colors = self._colors(seen, lightness[np.newaxis])
        return Sight.of(
            lightness=lightness,
            ab=self._finish(self._vivid(colors), lightness[np.newaxis])[0],
            plain=colors[0, :2],
            logits=_numpy(seen.raw[0, : len(self.bins)]),
            maps=tuple(_numpy(one[0]) for one in seen.maps),
        )

    def see_picture(self, luma_unit: FloatImage) -> Sight:
        """A picture of luma (H, W), 0..1, of any size, as the network sees it at one look."""
        height, width = luma_unit.shape
        size = net_size(width=width, height=height, sample_aspect=1, short_side=self.short_side)
        return self.see(lightness(shrink(luma_unit, size)))

    def colors(self, logits: FloatImage, sight: Sight) -> FloatImage:
        """The ab (2, h, w) of a distribution (Q, h, w) that was changed, finished as a prediction is.

        `sight` is of the picture that it is a distribution for.
        """
        raw, *maps = (torch.from_numpy(one)[None].to(self.device) for one in (logits, *sight.maps))
        seen = Seen(raw, tuple(maps))
        return np.squeeze(self._ab_of(seen, sight.lightness[np.newaxis]), axis=0)

    @property
    def bins(self) -> FloatImage:
        """(Q, 2): the ab of the bins that a distribution is over; Q is 0 where the network predicts none."""
        bins = getattr(self._generator, "bins", None)
        return np.zeros((0, 2), np.float32) if bins is None else np.asarray(bins.float().cpu(), np.float32)

    def _ab_of(self, seen: Seen, lightness: FloatImage) -> FloatImage:
        """ab (N, 2, h, w) of what was made of L* pictures (N, H, W)."""
        return self._finish(self._vivid(self._colors(seen, lightness)), lightness)

    @torch.inference_mode()
    def _colors(self, seen: Seen, lightness: FloatImage) -> FloatImage:
        """What the generator made of L* pictures (N, H, W) → (N, 3, h, w): a, b and mean chroma, at the size of ab."""
        colors = self._generator.to_ab_and_chroma(seen.raw, self.temperature)
        colors = functional.avg_pool2d(colors, AB_STRIDE // self._generator.training_stride).float()
        return _numpy(agreed(colors, seen.maps, torch.from_numpy(lightness).to(self.device)))

    def _vivid(self, colors: FloatImage) -> FloatImage:
        everywhere = self.weights.vivid_where == "everywhere"
        return bring_out(colors, vividness=self.vividness, everywhere=everywhere)

    def _finish(self, planes: FloatImage, lightness: FloatImage) -> FloatImage:
        """Vivid ab (N, 2, h, w) filtered along lightness (N, H, W). Raises WeightsError where one is not finite."""
        if not np.isfinite(planes).all():
            cure = "other weights" if self.precision == "fp32" else "precision: fp32, or other weights,"
            raise WeightsError(
                f"weights {self.weights.path}: the colours that they predict with {self.precision} on {self.device} "
                f"are not finite numbers; {cure} would work"
            )
        return filter_ab(planes, lightness)


def _numpy(values: torch.Tensor) -> FloatImage:
    return np.asarray(values.float().cpu(), np.float32)


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


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
