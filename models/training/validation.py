"""Validates a training on pictures and clips that it never learns from, and scores the result.

Grey, result and truth are assembled in the same way, from the same L and ab at the network's output size, so that
figures differ by their colours alone. Grey and truth are measured once.

Only the network is judged, on the crops and with the lightness that it is trained on. `kinochrome evaluate` measures
the whole colour path of films and stills; its figures cannot be compared with these.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.colorfulness import colorfulness
from models.errors import TrainingError
from models.metrics import ab_rmse, cdc, kernel_distance
from models.networks.lab import Rgb, put_together, rgb_tensor

Predict = Callable[[Tensor], Tensor]
"""L* float32 (N, 1, H, W), 0..100, on the CPU, to ab (N, 2, H/4, W/4) in CIELAB units, on any device."""
Features = Callable[[Tensor], Tensor]
"""sRGB uint8 (N, 3, H, W) on the CPU to features (N, D); `models.networks.efficientnet_lite.ImageNetFeatures` is
one."""
Pictures = tuple[Tensor, Tensor]
"""L* float32 (N, 1, H, W), 0..100, and the true ab (N, 2, H/4, W/4), both on the CPU."""

_Floats = npt.NDArray[np.float32]
_CLIP_BATCH = 8


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One validation. Kernel distances and CDC are unscaled; people are shown them times 1000."""

    ab_rmse: float
    """Root of the mean over pictures of the squared error of ab, over both channels."""
    grey_ab_rmse: float
    """The same of a grey picture."""
    cf: float
    """Colourfulness of the results, mean over pictures."""
    cf_truth: float
    delta_cf: float
    """Mean over pictures of |CF of the result - CF of the truth|."""
    kernel: float | None
    """Kernel distance of the results' features to the truth's, pairs of the same picture left out: the truth has 0.

    None without a feature network, and for a single picture.
    """
    kernel_grey: float | None
    """The same of grey pictures."""
    cdc: float | None
    """Colour distribution consistency of the results, mean over clips; None without clips."""
    cdc_truth: float | None

    @property
    def score(self) -> float:
        """The rule that chooses a checkpoint, lower is better; the truth has 0, grey 3 (2 without `kernel`).

        ab RMSE over grey's, plus kernel distance over grey's, plus the difference between mean CF of result and
        truth over the truth's. The middle term is left out where no kernel distance is known or grey's is not
        above 0, which only happens for a handful of pictures; all validations of one training do the same.
        """
        score = self.ab_rmse / self.grey_ab_rmse + abs(self.cf - self.cf_truth) / self.cf_truth
        if self.kernel is not None and self.kernel_grey is not None and self.kernel_grey > 0:
            score += self.kernel / self.kernel_grey
        return score

    def as_json(self) -> dict[str, float | None]:
        """Every figure and the score, by name."""
        return {**asdict(self), "score": self.score}


class Validation:
    """Pictures and clips with their truth, measured again and again in the same way."""

    def __init__(
        self,
        batches: Sequence[Pictures],
        *,
        clips: Sequence[Pictures] = (),
        features: Features | None = None,
    ) -> None:
        """Measures grey and truth; `batches` and `clips` are kept, not copied.

        A clip is the consecutive frames (T, 1, H, W) of one shot. Sides must be what `features` takes.
        Raises TrainingError where there is no picture, or none with a colour.
        """
        self._batches, self._clips, self._features = tuple(batches), tuple(clips), features
        truth = self._measure_pictures(ab for _, ab in self._batches)
        grey = self._measure_pictures(torch.zeros_like(ab) for _, ab in self._batches)
        self._truth, self._grey = truth, grey
        if not truth.count:
            raise TrainingError("there is no picture to validate on")
        if not (truth.mean_cf > 0 and grey.ab_rmse > 0):
            raise TrainingError(
                f"all {truth.count} pictures to validate on are grey: nothing can be measured"
            )
        self._grey_kernel = self._kernel(grey)
        self._truth_cdc = self._measure_clips(ab for _, ab in self._clips)

    def measure(self, predict: Predict) -> Figures:
        """Figures of the colours that `predict` gives, which it is asked for without gradients.

        Raises TrainingError where a colour is not finite or not of the truth's shape.
        """
        result = self._measure_pictures(_predicted(predict, *batch) for batch in self._batches)
        frames = (_predicted_frames(predict, *clip) for clip in self._clips)
        pairs = zip(result.cf, self._truth.cf, strict=True)
        return Figures(
            ab_rmse=result.ab_rmse,
            grey_ab_rmse=self._grey.ab_rmse,
            cf=result.mean_cf,
            cf_truth=self._truth.mean_cf,
            delta_cf=_mean([abs(one - true) for one, true in pairs]),
            kernel=self._kernel(result),
            kernel_grey=self._grey_kernel,
            cdc=self._measure_clips(frames),
            cdc_truth=self._truth_cdc,
        )

    def show(self, predict: Predict, *, count: int) -> Tensor:
        """Grey, result and truth of the first pictures, one below the other: uint8 RGB (count, 3, 3 H, W)."""
        lightness, truth = (part[:count] for part in self._batches[0])
        versions = torch.zeros_like(truth), _predicted(predict, lightness, truth), truth
        return torch.cat([rgb_tensor(_shown(lightness, ab)) for ab in versions], dim=2)

    def _measure_pictures(self, colors: Iterable[Tensor]) -> "_Measured":
        """The pictures with these colours, one (N, 2, H/4, W/4) for each batch."""
        squares, colorfulnesses, rows = [], [], []
        for (lightness, truth), ab in zip(self._batches, colors, strict=True):
            shown = _shown(lightness, ab)
            colorfulnesses += [colorfulness(rgb) for rgb in shown]
            squares += [ab_rmse(one, true) ** 2 for one, true in zip(ab.numpy(), truth.numpy(), strict=True)]
            if self._features is not None:
                rows.append(self._features(rgb_tensor(shown)).float().cpu().numpy())
        return _Measured(tuple(squares), tuple(colorfulnesses), np.concatenate(rows) if rows else None)

    def _measure_clips(self, colors: Iterable[Tensor]) -> float | None:
        if not self._clips:
            return None
        clips = zip(self._clips, colors, strict=True)
        return _mean([cdc(_shown(lightness, ab)) for (lightness, _), ab in clips])

    def _kernel(self, result: "_Measured") -> float | None:
        if result.features is None or self._truth.features is None or result.count < 2:
            return None
        return kernel_distance(result.features, self._truth.features, paired=True)


@dataclass(frozen=True)
class _Measured:
    """One version of all pictures, each with its own figures."""

    squares: tuple[float, ...]
    cf: tuple[float, ...]
    features: _Floats | None

    @property
    def count(self) -> int:
        return len(self.cf)

    @property
    def ab_rmse(self) -> float:
        return math.sqrt(_mean(self.squares))

    @property
    def mean_cf(self) -> float:
        return _mean(self.cf)


def _predicted_frames(predict: Predict, lightness: Tensor, truth: Tensor) -> Tensor:
    """A clip's colours, a few frames at a time."""
    parts = zip(torch.split(lightness, _CLIP_BATCH), torch.split(truth, _CLIP_BATCH), strict=True)
    return torch.cat([_predicted(predict, *part) for part in parts])


@torch.no_grad()
def _predicted(predict: Predict, lightness: Tensor, truth: Tensor) -> Tensor:
    ab = predict(lightness).detach().float().cpu()
    if ab.shape != truth.shape:
        raise TrainingError(f"validation: colours of shape {tuple(ab.shape)}, not {tuple(truth.shape)}")
    if not bool(torch.isfinite(ab).all()):
        raise TrainingError(
            "validation: the network gives colours that are not finite; a lower rate may help"
        )
    return ab


def _shown(lightness: Tensor, ab: Tensor) -> list[Rgb]:
    return [
        put_together(one, colors) for one, colors in zip(lightness[:, 0].numpy(), ab.numpy(), strict=True)
    ]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
