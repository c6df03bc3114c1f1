"""The figures of an evaluation, as values and as JSON.

How the figures of an evaluation are taken: what must be known before they are compared with others'.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean

CONVENTIONS = {
    "colours": "photos are coloured as stills are, from a grey PNG of their luma (BT.709); clips as films are, from "
    "their own luma",
    "size": "photos: at most 1024 lines; ab RMSE at the network's output size; all else on 8-bit "
    "sRGB pictures with 256 px on the short side, aspect kept",
    "crop": "none; for the kernel distance the middle square, 256x256",
    "pictures": "grey, result and truth are rendered from the same luma and from ab of the network's output size, "
    "as stills and films are; figures are against that truth, not against the file",
    "ab_rmse": "CIELAB units, over pixels and both channels; of a group: root of the mean over photos of the square",
    "psnr": "sRGB, dB, peak 255, over pixels and channels; of a group: mean over photos, without those that equal "
    "their truth",
    "ssim": "sRGB, Gaussian window 11x11, sigma 1.5, over pixels and channels; of a group: mean over photos",
    "colorfulness": "CF of Hasler & Süsstrunk 2003; of a group: mean over photos",
    "unevenness": "standard deviation of ab inside a flat region (connected, low gradient of L*, at least 2 % of the "
    "picture), the result's over the truth's, at the network's output size; of a photo: median over its regions; of a "
    "group: median over the photos that have some",
    "delta_cf": "mean over photos of |CF of the result - CF of the truth|",
    "delta_cf_of_means": "|mean CF of the results - mean CF of the truths|",
    "kernel_distance": "kernel distance on EfficientNet-Lite0 features (ImageNet weights, pooled, 1280), not FID or "
    "KID on Inception: KID's unbiased estimator with the kernel (x.y / D + 1)^3, a whole group at once, all pairs "
    "between both sets; paired: without the pairs that show one photo",
    "clips": "errors and CF: mean over frames, each predicted, before steadying (ab RMSE: root of the mean square); "
    "CDC of Liu et al. 2021 over distances 1, 2 and 4 within a shot; mean: every clip with the same weight",
}
"""By the name of the figure or of what it is taken on."""


@dataclass(frozen=True, kw_only=True)
class PhotoFigures:
    """One photo."""

    path: Path
    group: str
    ab_rmse: float
    """Root mean squared error of ab at the network's output size, over pixels and both channels."""
    ab_rmse_grey: float
    """The same of a grey picture."""
    psnr: float | None
    """In dB, of the result; None where it equals the truth in every sample."""
    psnr_grey: float | None
    ssim: float
    ssim_grey: float
    colorfulness: float
    """Colourfulness CF of the result."""
    colorfulness_truth: float
    unevenness: float | None
    """Median over the flat regions, see `models.unevenness`; None where there are none."""

    @property
    def delta_cf(self) -> float:
        """|CF of the result - CF of the truth|."""
        return abs(self.colorfulness - self.colorfulness_truth)


@dataclass(frozen=True, kw_only=True)
class KernelFigures:
    """Kernel distances to the true pictures of a group, unscaled."""

    result: float
    grey: float
    truth: float
    """Of the true pictures to themselves; a little below 0, see `models.metrics.kernel_distance`."""
    closed_share: float | None
    """Share of the way from grey to the truth; None where there is no way."""
    closed_share_paired: float | None
    """The same with the pairs left out that show one photo: fit to compare groups of different sizes."""


@dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """All photos of a group, each with the same weight."""

    group: str
    photo_count: int
    ab_rmse: float
    """Root of the mean over photos of the squared figure."""
    ab_rmse_grey: float
    psnr: float | None
    """Mean over the photos that differ from the truth; None where none does."""
    psnr_grey: float | None
    ssim: float
    """Mean over photos."""
    ssim_grey: float
    colorfulness: float
    """Mean over photos."""
    colorfulness_truth: float
    delta_cf: float
    """Mean over photos of |CF of the result - CF of the truth|."""
    unevenness: float | None
    """Median over the photos with flat regions; None where there are none."""
    kernel: KernelFigures | None
    """None without features, and for a single photo."""

    @property
    def delta_cf_of_means(self) -> float:
        """|mean CF of the results - mean CF of the truths|: what is too pale here and too rich there cancels."""
        return abs(self.colorfulness - self.colorfulness_truth)

    @property
    def colorfulness_ratio(self) -> float | None:
        """Result over truth; None where the truth is grey."""
        return _ratio(self.colorfulness, self.colorfulness_truth)


@dataclass(frozen=True, kw_only=True)
class ClipFigures:
    """One clip; colour distribution consistencies (CDC) unscaled."""

    path: Path
    group: str
    frame_count: int
    shot_count: int
    ab_rmse: float
    """Root of the mean over frames of the squared error; like all errors here before steadying."""
    ab_rmse_grey: float
    psnr: float | None
    """Mean over the frames that differ from the truth; None where none does."""
    ssim: float
    """Mean over frames."""
    delta_cf: float
    """Mean over frames of |CF of the result - CF of the truth|."""
    cdc: float
    """Of the result before steadying."""
    cdc_steadied: float
    cdc_grey: float
    """Of the grey clip: what its own light and motion change."""
    cdc_truth: float
    colorfulness: float
    """Mean CF over frames, before steadying."""
    colorfulness_steadied: float
    colorfulness_truth: float

    @property
    def excess_left(self) -> float | None:
        """CDC beyond grey's after steadying, over that before; None where there was none to take away."""
        return _ratio(self.cdc_steadied - self.cdc_grey, self.cdc - self.cdc_grey)

    @property
    def colorfulness_kept(self) -> float | None:
        """CF after steadying over CF before."""
        return _ratio(self.colorfulness_steadied, self.colorfulness)


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """What `kinochrome evaluate` found."""

    photos: tuple[PhotoFigures, ...]
    groups: tuple[GroupFigures, ...]
    """`all` first, then one for each group; empty without photos."""
    clips: tuple[ClipFigures, ...]
    network: Mapping[str, object] = field(default_factory=dict)
    """What the colours depend on beside the pictures, as `pipeline.colorize.predict.Predictor.identity` tells it."""

    def clip_means(self) -> tuple[ClipFigures, ...]:
        """The clips averaged: all of them, then each group where there are several. Empty without clips.

        Each clip has the same weight; ratios are those of means.
        """
        groups: dict[str, list[ClipFigures]] = {}
        for clip in self.clips:
            groups.setdefault(clip.group, []).append(clip)
        whole = [_clip_mean("all", self.clips)] if self.clips else []
        parts = [_clip_mean(*group) for group in groups.items()] if len(groups) > 1 else []
        return (*whole, *parts)

    def as_json(self) -> dict[str, object]:
        """Everything, in types that JSON has; paths as text."""
        means = [_clip_json(mean) for mean in self.clip_means()]
        return {
            "conventions": dict(CONVENTIONS),
            "network": dict(self.network),
            "photos": [_photo_json(photo) for photo in self.photos],
            "groups": [_group_json(group) for group in self.groups],
            "clips": [_clip_json(clip) for clip in self.clips],
            "clip_mean": means[0] if means else None,
            "clip_groups": means[1:],
        }


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """The mean of those that are not None; None where all are."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _clip_mean(group: str, clips: Sequence[ClipFigures]) -> ClipFigures:
    return ClipFigures(
        path=Path("mean"),
        group=group,
        frame_count=sum(clip.frame_count for clip in clips),
        shot_count=sum(clip.shot_count for clip in clips),
        ab_rmse=fmean(clip.ab_rmse for clip in clips),
        ab_rmse_grey=fmean(clip.ab_rmse_grey for clip in clips),
        psnr=mean_of_known(clip.psnr for clip in clips),
        ssim=fmean(clip.ssim for clip in clips),
        delta_cf=fmean(clip.delta_cf for clip in clips),
        cdc=fmean(clip.cdc for clip in clips),
        cdc_steadied=fmean(clip.cdc_steadied for clip in clips),
        cdc_grey=fmean(clip.cdc_grey for clip in clips),
        cdc_truth=fmean(clip.cdc_truth for clip in clips),
        colorfulness=fmean(clip.colorfulness for clip in clips),
        colorfulness_steadied=fmean(clip.colorfulness_steadied for clip in clips),
        colorfulness_truth=fmean(clip.colorfulness_truth for clip in clips),
    )


def _photo_json(photo: PhotoFigures) -> dict[str, object]:
    return asdict(photo) | {"delta_cf": photo.delta_cf, "path": str(photo.path)}


def _group_json(group: GroupFigures) -> dict[str, object]:
    derived = {"delta_cf_of_means": group.delta_cf_of_means, "colorfulness_ratio": group.colorfulness_ratio}
    return asdict(group) | derived


def _clip_json(clip: ClipFigures) -> dict[str, object]:
    derived = {"excess_left": clip.excess_left, "colorfulness_kept": clip.colorfulness_kept}
    return asdict(clip) | derived | {"path": str(clip.path)}


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
