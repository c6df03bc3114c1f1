"""Figures of photos: how near predicted colours are to the true ones.

A photo gets its colours as a grey PNG of its luma would.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from jobs.evaluation.figures import GroupFigures, KernelFigures, PhotoFigures, mean_of_known
from jobs.evaluation.pictures import (
    SHOWN_SHORT_PX,
    Floats,
    centre_square,
    finite_psnr,
    lightness_of,
    true_ab,
    with_short_side,
)
from models.colorfulness import colorfulness
from models.metrics import ab_rmse, closed_share, kernel_distance, ssim
from models.networks.lab import Rgb, rgb_tensor
from models.unevenness import unevenness
from pipeline.dataset.photos import read_photo
from pipeline.stills.chroma import luma_of_rgb, rgb_of_luma, spread_ab
from pipeline.stills.colorize import PredictColor, predict_ab
from pipeline.stills.still import Still, still_matrix

Features = Callable[[Tensor], Tensor]
"""sRGB uint8 (N, 3, 256, 256) to features float (N, D)."""

_MOST_LINES = 1024
_FEATURE_BATCH = 16


class PhotoPictures(NamedTuple):
    """One photo in three versions, all put together in the same way from the same luma."""

    grey: Rgb
    result: Rgb
    truth: Rgb


class PhotoMeter:
    """Takes photos one at a time, keeps their figures and features, never their pictures."""

    def __init__(self, *, predict: PredictColor, features: Features | None) -> None:
        self._predict = predict
        self._features = features
        self._figures: list[PhotoFigures] = []
        self._waiting: list[PhotoPictures] = []
        self._rows: list[npt.NDArray[np.float32]] = []

    def measure(self, path: Path, group: str) -> None:
        """Predicts the colours of one photo and adds its figures. Raises SourceError as `read_photo`."""
        figures, pictures = _compare(path, group, self._predict)
        self._figures.append(figures)
        if self._features is not None:
            self._waiting.append(PhotoPictures(*(centre_square(picture) for picture in pictures)))
            if len(self._waiting) == _FEATURE_BATCH:
                self._take_features()

    def finish(self) -> tuple[tuple[PhotoFigures, ...], tuple[GroupFigures, ...]]:
        """Figures of every photo, in the order of `measure`, and of the groups, `all` first."""
        self._take_features()
        rows = np.concatenate(self._rows) if self._rows else None
        names = list(dict.fromkeys(photo.group for photo in self._figures))
        groups = [_group("all", self._figures, rows)] if self._figures else []
        for name in names if names != ["all"] else []:
            members = [index for index, photo in enumerate(self._figures) if photo.group == name]
            photos = [self._figures[index] for index in members]
            groups.append(_group(name, photos, None if rows is None else rows[members]))
        return tuple(self._figures), tuple(groups)

    def _take_features(self) -> None:
        if self._features is None or not self._waiting:
            return
        versions = [self._features(rgb_tensor(pictures)) for pictures in zip(*self._waiting, strict=True)]
        self._rows.append(torch.stack(versions, dim=1).cpu().float().numpy())
        self._waiting.clear()


def photo_pictures(path: Path, predict: PredictColor) -> PhotoPictures:
    """Grey, result and truth of one photo, 256 px on the short side. Raises SourceError as `read_photo`."""
    return _compare(path, "all", predict)[1]


def _compare(path: Path, group: str, predict: PredictColor) -> tuple[PhotoFigures, PhotoPictures]:
    rgb = read_photo(path, max_lines=_MOST_LINES)
    still = Still(path=path, format="png", luma=luma_of_rgb(rgb))
    ab = predict_ab(still, predict)
    truth = true_ab(rgb, ab.shape[1:])
    grey = np.zeros_like(truth)
    pictures = PhotoPictures(*(_shown(still, colors) for colors in (grey, ab, truth)))
    figures = PhotoFigures(
        path=path,
        group=group,
        ab_rmse=ab_rmse(ab, truth),
        ab_rmse_grey=ab_rmse(grey, truth),
        psnr=finite_psnr(pictures.result, pictures.truth),
        psnr_grey=finite_psnr(pictures.grey, pictures.truth),
        ssim=ssim(pictures.result, pictures.truth),
        ssim_grey=ssim(pictures.grey, pictures.truth),
        colorfulness=colorfulness(pictures.result),
        colorfulness_truth=colorfulness(pictures.truth),
        unevenness=_median([one.ratio for one in unevenness(ab, truth, lightness_of(rgb, truth.shape[1:]))]),
    )
    return figures, pictures


def _shown(still: Still, ab: Floats) -> Rgb:
    """The still as its colour PNG would be, 256 px on the short side."""
    chroma = spread_ab(still.luma, ab, matrix=still_matrix("png"))
    rgb = rgb_of_luma(still.luma, *chroma.rows(still.luma, 0)).astype(np.uint8)
    return with_short_side(rgb, SHOWN_SHORT_PX)


def _group(name: str, photos: Sequence[PhotoFigures], rows: npt.NDArray[np.float32] | None) -> GroupFigures:
    """Figures of a group; `rows` (N, 3, D) are the features of grey, result and truth."""
    return GroupFigures(
        group=name,
        photo_count=len(photos),
        ab_rmse=math.sqrt(fmean(photo.ab_rmse**2 for photo in photos)),
        ab_rmse_grey=math.sqrt(fmean(photo.ab_rmse_grey**2 for photo in photos)),
        psnr=mean_of_known(photo.psnr for photo in photos),
        psnr_grey=mean_of_known(photo.psnr_grey for photo in photos),
        ssim=fmean(photo.ssim for photo in photos),
        ssim_grey=fmean(photo.ssim_grey for photo in photos),
        colorfulness=fmean(photo.colorfulness for photo in photos),
        colorfulness_truth=fmean(photo.colorfulness_truth for photo in photos),
        delta_cf=fmean(photo.delta_cf for photo in photos),
        unevenness=_median([photo.unevenness for photo in photos if photo.unevenness is not None]),
        kernel=None if rows is None or len(rows) < 2 else _kernel(rows),
    )


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _kernel(rows: npt.NDArray[np.float32]) -> KernelFigures:
    true = rows[:, 2]
    grey, result, truth = (kernel_distance(rows[:, version], true) for version in range(3))
    grey_paired, result_paired = (
        kernel_distance(rows[:, version], true, paired=True) for version in range(2)
    )
    return KernelFigures(
        result=result,
        grey=grey,
        truth=truth,
        closed_share=closed_share(result=result, grey=grey, truth=truth) if grey > truth else None,
        closed_share_paired=(
            closed_share(result=result_paired, grey=grey_paired, truth=0.0) if grey_paired > 0 else None
        ),
    )
