"""The figures of an evaluation as tables for people."""

import textwrap
from collections.abc import Mapping, Sequence

from jobs.evaluation.figures import CONVENTIONS, ClipFigures, EvaluationReport, GroupFigures
from jobs.evaluation.hints import HintReport
from jobs.evaluation.reference_figures import (
    DISTANCES,
    REFERENCE_CONVENTIONS,
    DistanceFigures,
    ReferenceMeans,
    ReferenceReport,
)

_WIDTH = 110
_GROUP_HEAD = (
    *("photos", "count", "ab RMSE", "grey", "PSNR", "grey", "SSIM", "grey"),
    *("CF", "truth", "ratio", "|ΔCF|", "ΔCF of means", "uneven"),
)
_KERNEL_HEAD = ("kernel distance x1000", "result", "grey", "truth", "closed", "closed, paired")
_CLIP_HEAD = ("clips", "frames", "shots", "ab RMSE", "grey", "PSNR", "SSIM", "CF", "truth", "|ΔCF|")
_HINT_HEAD = ("points", "bilinear", "gain", "plain", "gain", "still", "gain", "error")
_REFERENCE_HEAD = (
    "shots",
    "frames",
    "PSNR",
    "automatic",
    "score",
    "CDC",
    "standing",
    "automatic",
    "grey",
    "truth",
)
_DISTANCE_HEAD = ("distance", "PSNR", "automatic")
_STEADY_HEAD = ("CDC x1000", "result", "steadied", "grey", "truth", "excess left", "CF steadied", "CF kept")


def as_table(report: EvaluationReport) -> str:
    """Aligned text for a terminal; kernel distances and CDC times 1000, `-` for what there is not."""
    parts = []
    if report.groups:
        parts.append(_aligned([_GROUP_HEAD, *map(_group_row, report.groups)]))
    if any(group.kernel is not None for group in report.groups):
        parts.append(_aligned([_KERNEL_HEAD, *map(_kernel_row, report.groups)]))
    if report.clips:
        clips = [(clip.path.name, clip) for clip in report.clips]
        clips += [(f"mean of {mean.group}", mean) for mean in report.clip_means()]
        parts.append(_aligned([_CLIP_HEAD, *(_clip_row(*clip) for clip in clips)]))
        parts.append(_aligned([_STEADY_HEAD, *(_steady_row(*clip) for clip in clips)]))
    parts.append(_conventions(report.network, CONVENTIONS))
    return "\n\n".join(parts) + "\n"


def as_hint_table(report: HintReport) -> str:
    """The curve as aligned text for a terminal: PSNR and gains in dB, errors in ab units."""
    head = f"{report.protocol}, {report.photo_count} photos, {report.side_px}x{report.side_px}: PSNR in dB"
    rows = [
        (
            *(str(one.points), _text(one.bilinear), _gain(gain["bilinear"]), _text(one.plain)),
            *(_gain(gain["plain"]), _text(one.still), _gain(gain["still"]), _text(one.error)),
        )
        for one, gain in zip(report.curve, report.gains(), strict=True)
    ]
    table = f"{head}\n{_aligned([_HINT_HEAD, *rows])}"
    return f"{table}\n\n{_conventions(report.network, report.conventions)}\n"


def as_reference_table(report: ReferenceReport) -> str:
    """Shots and distances as aligned text for a terminal: PSNR in dB, CDC times 1000, `-` for what there is not."""
    rows = [
        (f"{shot.path.name}, shot {shot.shot}", str(shot.frame_count), *_reference_cells(shot))
        for shot in report.shots
    ]
    mean = ("mean", str(sum(shot.frame_count for shot in report.shots)), *_reference_cells(report.mean()))
    near = [(_distance(one), _text(one.psnr), _text(one.psnr_automatic)) for one in report.distances()]
    parts = [
        f"stills: {report.reference}",
        _aligned([_REFERENCE_HEAD, *rows, mean]),
        _aligned([_DISTANCE_HEAD, *near]),
        f"correlation of score and PSNR: {_text(report.correlation())}; shots left out: {report.skipped}",
        _conventions(report.network, REFERENCE_CONVENTIONS),
    ]
    return "\n\n".join(parts) + "\n"


def _reference_cells(shot: ReferenceMeans) -> tuple[str, ...]:
    distances = (shot.cdc, shot.cdc_standing, shot.cdc_automatic, shot.cdc_grey, shot.cdc_truth)
    return (
        *(_text(shot.psnr), _text(shot.psnr_automatic), _text(shot.score)),
        *(_text(distance, times=1000) for distance in distances),
    )


def _distance(one: DistanceFigures) -> str:
    return f"more than {DISTANCES[-1]}" if one.frames_to is None else f"up to {one.frames_to}"


def _group_row(group: GroupFigures) -> tuple[str, ...]:
    return (
        *(group.group, str(group.photo_count), _text(group.ab_rmse), _text(group.ab_rmse_grey)),
        *(_text(group.psnr), _text(group.psnr_grey), _fine(group.ssim), _fine(group.ssim_grey)),
        *(_text(group.colorfulness), _text(group.colorfulness_truth), _percent(group.colorfulness_ratio)),
        *(_text(group.delta_cf), _text(group.delta_cf_of_means), _text(group.unevenness)),
    )


def _kernel_row(group: GroupFigures) -> tuple[str, ...]:
    kernel = group.kernel
    if kernel is None:
        return (group.group, *("-" for _ in _KERNEL_HEAD[1:]))
    distances = (kernel.result, kernel.grey, kernel.truth)
    shares = (kernel.closed_share, kernel.closed_share_paired)
    return (group.group, *(_text(one, times=1000) for one in distances), *map(_percent, shares))


def _clip_row(name: str, clip: ClipFigures) -> tuple[str, ...]:
    return (
        *(name, str(clip.frame_count), str(clip.shot_count)),
        *(_text(clip.ab_rmse), _text(clip.ab_rmse_grey), _text(clip.psnr), _fine(clip.ssim)),
        *(_text(clip.colorfulness), _text(clip.colorfulness_truth), _text(clip.delta_cf)),
    )


def _steady_row(name: str, clip: ClipFigures) -> tuple[str, ...]:
    distances = (clip.cdc, clip.cdc_steadied, clip.cdc_grey, clip.cdc_truth)
    return (
        *(name, *(_text(distance, times=1000) for distance in distances)),
        *(_percent(clip.excess_left), _text(clip.colorfulness_steadied), _percent(clip.colorfulness_kept)),
    )


def _conventions(network: Mapping[str, object], conventions: Mapping[str, str]) -> str:
    texts = dict(conventions)
    if network:
        texts = {"network": ", ".join(f"{key} {value}" for key, value in network.items())} | texts
    lines = [
        textwrap.fill(f"{name}: {text}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
        for name, text in texts.items()
    ]
    return "\n".join(["How these figures are taken:", *lines])


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


def _gain(value: float) -> str:
    return f"{value:+.2f}"


def _fine(value: float) -> str:
    return f"{value:.4f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
