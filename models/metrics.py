"""Measures how near predicted colours are to true ones, and how steady they are over time.

Pure functions of arrays. Nothing is scaled for display: kernel distances and colour distribution consistencies are
usually shown times 1000.
"""

import math
from collections import deque
from collections.abc import Iterable
from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from models.networks.lab import Rgb, rgb_tensor

Floats = npt.NDArray[np.floating]

CDC_DISTANCES = (1, 2, 4)
"""Distances in frames that the colour distribution consistency averages over."""
_KERNEL_ROWS = 1024


def ab_rmse(pred: Floats, truth: Floats) -> float:
    """Root of the mean squared error of ab, the mean taken over pixels and both channels alike.

    Two arrays of the same shape with both channels in them, e.g. (2, H, W), in CIELAB units. So an error of
    (3, 4) everywhere is sqrt(12.5), not 5. The figure of a grey picture is `ab_rmse(zeros, truth)`.
    Raises ValueError where the shapes differ.
    """
    if pred.shape != truth.shape:
        raise ValueError(f"ab of shape {pred.shape} cannot be compared with ab of shape {truth.shape}")
    return math.sqrt(float(np.mean(np.square(pred.astype(np.float64) - truth.astype(np.float64)))))


def psnr(rgb: Rgb, truth: Rgb) -> float:
    """Peak signal-to-noise ratio in dB, the error taken over pixels and channels; infinite for equal pictures.

    Needs the package `torchmetrics`. Raises ValueError where the shapes differ.
    """
    from torchmetrics.functional.image import peak_signal_noise_ratio  # training and evaluation only

    one, other = _comparable(rgb, truth)
    return float(peak_signal_noise_ratio(one, other, data_range=255.0))


def ssim(rgb: Rgb, truth: Rgb) -> float:
    """Structural similarity, at most 1 (equal): Gaussian window of 11x11, sigma 1.5, mean over pixels and channels.

    Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity". Needs the
    package `torchmetrics`. Raises ValueError where the shapes differ.
    """
    from torchmetrics.functional.image import structural_similarity_index_measure  # as above

    one, other = _comparable(rgb, truth)
    return float(cast(torch.Tensor, structural_similarity_index_measure(one, other, data_range=255.0)))


def kernel_distance(features_a: Floats, features_b: Floats, *, paired: bool = False) -> float:
    """Squared maximum mean discrepancy of two sets of features, (M, D) and (N, D), M and N at least 2.

    The unbiased estimator of KID (Bińkowski et al. 2018, "Demystifying MMD GANs") with its kernel
    (x·y / D + 1)^3. Like theirs it takes all M·N pairs between the sets, also where both hold the same
    photos: a set against itself then comes out a little below 0, by 2/N of how much more a photo is like
    itself than like others. `paired=True` says that row i of both sets shows the same photo and leaves those
    pairs out (KID's u-statistic): a set against itself is then 0, and small sets are no worse off than large
    ones. Raises ValueError for sets that are too small or do not fit together.
    """
    rows_a, rows_b = len(features_a), len(features_b)
    if min(rows_a, rows_b) < 2 or features_a.shape[1:] != features_b.shape[1:]:
        raise ValueError(
            f"no kernel distance between features of shapes {features_a.shape} and {features_b.shape}"
        )
    if paired and rows_a != rows_b:
        raise ValueError(f"paired sets have equally many photos, not {rows_a} and {rows_b}")
    a, b = features_a.astype(np.float64), features_b.astype(np.float64)
    within_a = (_kernel_sum(a, a) - _diagonal_sum(a, a)) / (rows_a * (rows_a - 1))
    within_b = (_kernel_sum(b, b) - _diagonal_sum(b, b)) / (rows_b * (rows_b - 1))
    if paired:
        between = (_kernel_sum(a, b) - _diagonal_sum(a, b)) / (rows_a * (rows_a - 1))
    else:
        between = _kernel_sum(a, b) / (rows_a * rows_b)
    return within_a + within_b - 2 * between


def closed_share(*, result: float, grey: float, truth: float) -> float:
    """How much of the way from grey to the truth a distance has come: 0 no better than grey, 1 as the truth.

    Three kernel distances, each measured against the true pictures; `truth` is that of the truth itself.
    Raises ValueError where grey is no further away than the truth.
    """
    if not grey > truth:
        raise ValueError(f"there is no way from grey ({grey:g}) to the truth ({truth:g})")
    return (grey - result) / (grey - truth)


class ColorConsistency:
    """Colour distribution consistency (CDC) of a clip that is handed over frame by frame; lower is steadier.

    Liu et al. 2021, "Temporally consistent video colorization": the Jensen-Shannon divergence (natural
    logarithm, 0..ln 2) of the 256-bin histograms of red, green and blue between frames at distance 1, 2
    and 4; averaged over channels and pairs, then over distances. Remembers four frames' histograms, no more.
    """

    def __init__(self) -> None:
        self._recent: deque[Floats] = deque(maxlen=max(CDC_DISTANCES))
        self._sums = dict.fromkeys(CDC_DISTANCES, 0.0)
        self._pairs = dict.fromkeys(CDC_DISTANCES, 0)

    def push(self, rgb: Rgb) -> None:
        """Takes the next frame."""
        histogram = _histograms(rgb)
        for distance in CDC_DISTANCES:
            if distance <= len(self._recent):
                self._sums[distance] += _divergence(self._recent[-distance], histogram)
                self._pairs[distance] += 1
        self._recent.append(histogram)

    def cut(self) -> None:
        """Says that a new shot begins: no frame is compared with one before the cut."""
        self._recent.clear()

    def value(self) -> float:
        """The CDC so far, over the distances that occurred; 0 where no two frames could be compared."""
        means = [self._sums[distance] / pairs for distance, pairs in self._pairs.items() if pairs]
        return math.fsum(means) / len(means) if means else 0.0


def cdc(frames_rgb: Iterable[Rgb]) -> float:
    """Colour distribution consistency of the frames of one shot, as `ColorConsistency` defines it."""
    consistency = ColorConsistency()
    for rgb in frames_rgb:
        consistency.push(rgb)
    return consistency.value()


def _comparable(rgb: Rgb, truth: Rgb) -> tuple[torch.Tensor, torch.Tensor]:
    if rgb.shape != truth.shape:
        raise ValueError(
            f"a picture of shape {rgb.shape} cannot be compared with a picture of shape {truth.shape}"
        )
    return rgb_tensor([rgb]).float(), rgb_tensor([truth]).float()


def _kernel_sum(a: Floats, b: Floats) -> float:
    """Sum of the kernel over all pairs, a block of rows at a time."""
    parts = (a[start : start + _KERNEL_ROWS] @ b.T for start in range(0, len(a), _KERNEL_ROWS))
    return math.fsum(float(_kernel(part, a.shape[1]).sum()) for part in parts)


def _diagonal_sum(a: Floats, b: Floats) -> float:
    return float(_kernel(np.einsum("nd,nd->n", a, b), a.shape[1]).sum())


def _kernel(products: Floats, dimensions: int) -> Floats:
    return (products / dimensions + 1) ** 3


def _histograms(rgb: Rgb) -> Floats:
    """(3, 256) shares of the pixels, each row sums to 1."""
    planes = rgb.reshape(-1, 3)
    return np.stack([np.bincount(planes[:, channel], minlength=256) for channel in range(3)]) / len(planes)


def _divergence(p: Floats, q: Floats) -> float:
    """Jensen-Shannon divergence of the rows, averaged over them."""
    middle = (p + q) / 2
    return float((_relative_entropy(p, middle) + _relative_entropy(q, middle)).mean()) / 2


def _relative_entropy(p: Floats, middle: Floats) -> Floats:
    ratio = np.divide(p, middle, out=np.ones_like(p), where=p > 0)
    return np.asarray((p * np.log(ratio)).sum(axis=-1))
