"""The figures of an evaluation, as values, as JSON and as a table for people."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class PhotoFigures:
    """One photo."""

    path: Path
    group: str
    ab_rmse: float
    """Root mean squared error of ab at the network's output size, over pixels and both channels."""
    ab_rmse_grey: float
    """The same of a grey picture."""
    colorfulness: float
    """Colourfulness CF of the result."""
    colorfulness_truth: float


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
    colorfulness: float
    """Mean over photos."""
    colorfulness_truth: float
    kernel: KernelFigures | None
    """None without features, and for a single photo."""

    @property
    def colorfulness_ratio(self) -> float | None:
        """Result over truth; None where the truth is grey."""
        return _ratio(self.colorfulness, self.colorfulness_truth)


@dataclass(frozen=True, kw_only=True)
class ClipFigures:
    """One clip; colour distribution consistencies (CDC) unscaled, `steadied` None where not asked for."""

    path: Path
    frame_count: int
    shot_count: int
    cdc: float
    """Of the result before steadying."""
    cdc_steadied: float | None
    cdc_grey: float
    """Of the grey clip: what its own light and motion change."""
    cdc_truth: float
    colorfulness: float
    """Mean CF over frames, before steadying."""
    colorfulness_steadied: float | None
    colorfulness_truth: float

    @property
    def excess_left(self) -> float | None:
        """CDC beyond grey's after steadying, over that before; None where there was none to take away."""
        if self.cdc_steadied is None:
            return None
        return _ratio(self.cdc_steadied - self.cdc_grey, self.cdc - self.cdc_grey)

    @property
    def colorfulness_kept(self) -> float | None:
        """CF after steadying over CF before."""
        return (
            None
            if self.colorfulness_steadied is None
            else _ratio(self.colorfulness_steadied, self.colorfulness)
        )


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """What `kinochrome evaluate` found."""

    photos: tuple[PhotoFigures, ...]
    groups: tuple[GroupFigures, ...]
    """`all` first, then one for each group; empty without photos."""
    clips: tuple[ClipFigures, ...]

    def clip_mean(self) -> ClipFigures | None:
        """The clips averaged, each with the same weight; ratios are those of means. None without clips."""
        if not self.clips:
            return None
        steadied = all(clip.cdc_steadied is not None for clip in self.clips)
        return ClipFigures(
            path=Path("mean"),
            frame_count=sum(clip.frame_count for clip in self.clips),
            shot_count=sum(clip.shot_count for clip in self.clips),
            cdc=_mean(clip.cdc for clip in self.clips),
            cdc_steadied=_mean(clip.cdc_steadied or 0.0 for clip in self.clips) if steadied else None,
            cdc_grey=_mean(clip.cdc_grey for clip in self.clips),
            cdc_truth=_mean(clip.cdc_truth for clip in self.clips),
            colorfulness=_mean(clip.colorfulness for clip in self.clips),
            colorfulness_steadied=(
                _mean(clip.colorfulness_steadied or 0.0 for clip in self.clips) if steadied else None
            ),
            colorfulness_truth=_mean(clip.colorfulness_truth for clip in self.clips),
        )

    def as_json(self) -> dict[str, object]:
        """Everything, in types that JSON has; paths as text."""
        mean = self.clip_mean()
        return {
            "photos": [asdict(photo) | {"path": str(photo.path)} for photo in self.photos],
            "groups": [
                asdict(group) | {"colorfulness_ratio": group.colorfulness_ratio} for group in self.groups
            ],
            "clips": [_clip_json(clip) for clip in self.clips],
            "clip_mean": None if mean is None else _clip_json(mean),
        }

    def as_table(self) -> str:
        """Aligned text for a terminal; kernel distances and CDC times 1000, `-` for what there is not."""
        parts = []
        if self.groups:
            parts.append(_aligned([_GROUP_HEAD, *(_group_row(group) for group in self.groups)]))
        mean = self.clip_mean()
        if mean is not None:
            parts.append(_aligned([_CLIP_HEAD, *(_clip_row(clip) for clip in (*self.clips, mean))]))
        return "\n\n".join(parts) + "\n"


_GROUP_HEAD = (
    *("photos", "count", "ab RMSE", "grey", "CF", "truth", "ratio"),
    *("KD x1000", "grey", "truth", "closed", "paired"),
)
_CLIP_HEAD = (
    *("clips", "frames", "shots", "CDC x1000", "steadied", "grey", "truth", "excess left"),
    *("CF", "steadied", "truth", "kept"),
)


def _group_row(group: GroupFigures) -> tuple[str, ...]:
    kernel = group.kernel
    distances = (None, None, None) if kernel is None else (kernel.result, kernel.grey, kernel.truth)
    shares = (None, None) if kernel is None else (kernel.closed_share, kernel.closed_share_paired)
    return (
        *(group.group, str(group.photo_count), _text(group.ab_rmse), _text(group.ab_rmse_grey)),
        *(_text(group.colorfulness), _text(group.colorfulness_truth), _percent(group.colorfulness_ratio)),
        *(_text(distance, times=1000) for distance in distances),
        *(_percent(share) for share in shares),
    )


def _clip_row(clip: ClipFigures) -> tuple[str, ...]:
    distances = (clip.cdc, clip.cdc_steadied, clip.cdc_grey, clip.cdc_truth)
    return (
        *(clip.path.name, str(clip.frame_count), str(clip.shot_count)),
        *(_text(distance, times=1000) for distance in distances),
        *(_percent(clip.excess_left), _text(clip.colorfulness), _text(clip.colorfulness_steadied)),
        *(_text(clip.colorfulness_truth), _percent(clip.colorfulness_kept)),
    )


def _clip_json(clip: ClipFigures) -> dict[str, object]:
    derived = {"excess_left": clip.excess_left, "colorfulness_kept": clip.colorfulness_kept}
    return asdict(clip) | derived | {"path": str(clip.path)}


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width: the first to the left, figures to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        lines.append("  ".join((first.ljust(widths[0]), *cells)))
    return "\n".join(lines)


def _text(value: float | None, *, times: float = 1) -> str:
    return "-" if value is None else f"{value * times:.2f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
