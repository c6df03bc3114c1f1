"""CIELAB (D65) as the networks see it: value ranges, the ab bins, their annealed mean, and the way back to sRGB.

L is 0..100, a and b about -110..110. Network input is three equal channels of grey sRGB; its target is a
distribution over the ab bins that sRGB can show (Zhang, Isola & Efros 2016, "Colorful Image Colorization",
section 2.1: a grid of step 10; 313 bins there, counted the same way here).
"""

from collections.abc import Sequence
from functools import cache, lru_cache

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Rgb = npt.NDArray[np.uint8]
"""(H, W, 3) sRGB, 0..255."""

AB_STEP = 10
"""Width of an ab bin."""
AB_SCALE = 110.0
"""Hints are given to the network as ab / AB_SCALE."""
_WHITE = (0.950456, 1.0, 1.088754)
_RGB_FROM_XYZ = (
    (3.240479, -1.53715, -0.498535),
    (-0.969256, 1.875991, 0.041556),
    (0.055648, -0.204043, 1.057311),
)
"""As OpenCV has them."""
_NEIGHBOURS = 5
_NEIGHBOUR_SIGMA = 5.0
_TABLE_REACH = 128  # the table of soft labels covers ab from -128 to 127 at step 1


@cache
def ab_bins() -> npt.NDArray[np.float32]:
    """Centres (Q, 2) of the ab bins that some sRGB colour falls into, in a fixed order; not to be written to."""
    levels = np.arange(0, 256, 5, dtype=np.float32) / 255
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(1, -1, 3)
    ab = cv2.cvtColor(cube, cv2.COLOR_RGB2Lab)[0, :, 1:]
    bins = (np.unique(np.round(ab / AB_STEP).astype(int), axis=0) * AB_STEP).astype(np.float32)
    bins.flags.writeable = False
    return bins


class SoftLabels:
    """Soft targets for the cross-entropy: the 5 nearest bins of a colour, Gaussian-weighted (sigma 5).

    Zhang et al. 2016, section 2.1 and equation 2. Looked up in a table over integer ab, built once.
    """

    def __init__(self, bins: npt.NDArray[np.float32]) -> None:
        nearest, distance = _nearest_bins(tuple(map(tuple, bins.tolist())))
        weight = np.exp(-distance / (2 * _NEIGHBOUR_SIGMA**2))
        weight += 1e-12  # far outside the gamut all five vanish
        self._index = torch.from_numpy(nearest)
        self._weight = torch.from_numpy((weight / weight.sum(axis=1, keepdims=True)).astype(np.float32))

    def __call__(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """For ab (N, 2, H, W): bin numbers int64 and weights float32, both (N, 5, H, W); weights sum to 1."""
        cell = ab.round().long().clamp(-_TABLE_REACH, _TABLE_REACH - 1) + _TABLE_REACH
        row = cell[:, 0] * (2 * _TABLE_REACH) + cell[:, 1]
        index = self._index.to(ab.device)[row].permute(0, 3, 1, 2)
        weight = self._weight.to(ab.device)[row].permute(0, 3, 1, 2)
        return index, weight


@lru_cache(maxsize=2)
def _nearest_bins(
    bins: tuple[tuple[float, ...], ...],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Of each cell of the table the numbers of the nearest bins and their squared distances, both (cells, 5).

    Of bins that are equally near the first comes first. Colours and bins are whole numbers, and so are the distances.
    The arrays are kept, and not to be written to.
    """
    reach = np.arange(-_TABLE_REACH, _TABLE_REACH, dtype=np.int32)
    along_a, along_b = (np.square(reach[:, None] - axis) for axis in np.array(bins).T.astype(np.int32))
    distance = (along_a[:, None] + along_b).reshape(-1, len(bins))
    ranked = distance * len(bins) + np.arange(len(bins), dtype=np.int32)
    nearest = np.sort(np.partition(ranked, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS], axis=1)
    return (nearest % len(bins)).astype(np.int64), (nearest // len(bins)).astype(np.float32)


def annealed_mean(logits: Tensor, bins: Tensor, temperature: float) -> Tensor:
    """(N, K, H, W) float32: the mean under softmax(logits / temperature) of what `bins` (Q, K) say of each bin: its ab.

    Zhang et al. 2016, equation 5: temperature 1 is the mean (greyish), near 0 the mode (splotchy).
    """
    colors = bins.float().T.contiguous()
    # channels last, as the network leaves them; on a CPU one picture at a time, which fits its cache
    pictures = logits.permute(0, 2, 3, 1)
    parts = torch.split(pictures, 1) if logits.device.type == "cpu" else [pictures]
    # `linear` reads each distribution once; a product with so few columns takes five times as long
    means = [functional.linear(torch.softmax(part.float() / temperature, dim=-1), colors) for part in parts]
    return torch.cat(means).permute(0, 3, 1, 2)


def srgb_from_lightness(lightness: Tensor) -> Tensor:
    """The grey level (sRGB-coded, 0..1) that has lightness L* (0..100); same shape."""
    f = (lightness + 16) / 116
    linear = torch.where(lightness > 8, f**3, lightness / 903.3)
    return torch.where(
        linear > 0.0031308, 1.055 * linear.clamp_min(1e-8) ** (1 / 2.4) - 0.055, 12.92 * linear
    )


def srgb_from_lab(lightness: Tensor, ab: Tensor) -> Tensor:
    """sRGB (N, 3, H, W), clipped to 0..1, of L* (N, 1, H, W) and ab (N, 2, H, W) of CIELAB (D65); has gradients."""
    middle = (lightness + 16) / 116
    f = torch.cat((middle + ab[:, :1] / 500, middle, middle - ab[:, 1:] / 200), dim=1)
    unit = torch.where(f > 6 / 29, f**3, (f - 16 / 116) / 7.787)
    white = unit.new_tensor(_WHITE)[:, None, None]
    linear = torch.einsum("rc,nchw->nrhw", unit.new_tensor(_RGB_FROM_XYZ), unit * white)
    return torch.where(
        linear > 0.0031308, 1.055 * linear.clamp_min(1e-8) ** (1 / 2.4) - 0.055, 12.92 * linear
    ).clamp(0, 1)


def put_together(lightness: npt.NDArray[np.float32], ab: npt.NDArray[np.float32]) -> Rgb:
    """The sRGB picture of L (H, W) and ab (2, h, w), enlarged bilinearly; colours out of gamut are clipped."""
    height, width = lightness.shape
    lab = np.empty((height, width, 3), dtype=np.float32)
    lab[..., 0] = lightness
    lab[..., 1:] = cv2.resize(np.moveaxis(ab, 0, -1), (width, height), interpolation=cv2.INTER_LINEAR)
    rgb: Rgb = (cv2.cvtColor(lab, cv2.COLOR_Lab2RGB).clip(0, 1) * 255).round().astype(np.uint8)
    return rgb


def rgb_tensor(pictures: Sequence[Rgb]) -> Tensor:
    """Pictures of one size as a uint8 tensor (N, 3, H, W), its memory channels last."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
