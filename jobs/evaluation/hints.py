"""How near colours come to the true ones when the true colours of some points are given: a curve over their number.

A photo is stretched to the protocol's square, which the network sees as it is. Colours are predicted and guided as a
film's are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np

from jobs.evaluation.figures import mean_of_known
from jobs.evaluation.hint_protocols import HintProtocol
from jobs.evaluation.pictures import Floats, capped_psnr
from models.networks.lab import Rgb, put_together
from pipeline.colorize.predict import Predictor
from pipeline.dataset.photos import read_photo
from pipeline.guidance.hints.points import hints_from_points
from pipeline.media import Plane
from pipeline.progress import StageProgress
from pipeline.stills.chroma import luma_of_rgb, rgb_of_luma, shrink_luma, spread_ab

HINT_CONVENTIONS = {
    "psnr": "sRGB of 8 bits, dB, peak 255, over pixels and channels of a photo, its mean square error at least 1e-5 of "
    "the peak's square; then the mean over photos",
    "bilinear": "ab enlarged bilinearly under the true L, as the protocol has it; default vividness and filter where "
    "no colour is given",
    "plain": "the same with the colours that the network predicts before vividness and filter",
    "still": "the default colours, enlarged as those of stills are, under the true luma",
    "gain": "over the same without points",
    "error": "distance in ab between what was given for a point and what its cell got, mean over all points",
    "points": "of one photo the same ones each time; those of a number are among those of the next",
}
"""By the name of the column."""

_MOST_LINES = 1024


@dataclass(frozen=True, kw_only=True)
class HintFigures:
    """All photos with some number of points; PSNR in dB."""

    points: int
    bilinear: float
    plain: float
    still: float
    error: float | None
    """In ab units; None without points."""


@dataclass(frozen=True, kw_only=True)
class HintReport:
    """What `kinochrome evaluate --hints` found."""

    protocol: str
    side_px: int
    """Of the square pictures that the network saw."""
    photo_count: int
    curve: tuple[HintFigures, ...]
    """By the number of points, from 0."""
    conventions: Mapping[str, str]
    network: Mapping[str, object]
    """As in `EvaluationReport`."""

    def gains(self) -> tuple[dict[str, float], ...]:
        """For each number of points what it gains over none, in dB, by the name of the column."""
        first = self.curve[0]
        return tuple(
            {name: getattr(one, name) - getattr(first, name) for name in ("bilinear", "plain", "still")}
            for one in self.curve
        )

    def as_json(self) -> dict[str, object]:
        """Everything, in types that JSON has."""
        rows = zip(self.curve, self.gains(), strict=True)
        return {
            "protocol": self.protocol,
            "side_px": self.side_px,
            "photos": self.photo_count,
            "curve": [asdict(figures) | {"gain": gain} for figures, gain in rows],
            "conventions": dict(self.conventions),
            "network": dict(self.network),
        }


def measure_hints(
    photos: Sequence[Path],
    *,
    protocol: HintProtocol,
    predictor: Predictor,
    progress: StageProgress,
) -> HintReport:
    """The curve over these photos, one or more. Raises SourceError as `read_photo`, or WeightsError."""
    curves = []
    for number, path in enumerate(photos):
        curves.append(_measure(path, number, protocol=protocol, predictor=predictor))
        progress("photos", number + 1, len(photos))
    return HintReport(
        protocol=protocol.name,
        side_px=protocol.side_px,
        photo_count=len(photos),
        curve=tuple(_mean(same_count) for same_count in zip(*curves, strict=True)),
        conventions={"protocol": _protocol_line(protocol)} | HINT_CONVENTIONS,
        network=predictor.identity() | {"short_side": protocol.side_px},
    )


def _measure(path: Path, number: int, *, protocol: HintProtocol, predictor: Predictor) -> list[HintFigures]:
    """The figures of one photo by the number of points."""
    rgb = _square(read_photo(path, max_lines=_MOST_LINES), protocol.side_px)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab).astype(np.float32)
    lightness = np.ascontiguousarray(lab[..., 0])
    sight = predictor.see(lightness)
    luma = luma_of_rgb(rgb)
    small = shrink_luma(luma, size=sight.shape)
    places, colors = protocol.draw(number, lab)
    curve = []
    for count in protocol.counts:
        hints = hints_from_points(sight, small, places[:count], colors[:count], bins=predictor.bins)
        ab = hints.over(sight.ab)
        curve.append(
            HintFigures(
                points=count,
                bilinear=capped_psnr(put_together(lightness, ab), rgb),
                plain=capped_psnr(put_together(lightness, hints.over(sight.plain)), rgb),
                still=capped_psnr(_as_still(luma, ab), rgb),
                error=_error(ab, places[:count], colors[:count]) if count else None,
            )
        )
    return curve


def _square(rgb: Rgb, side_px: int) -> Rgb:
    method = cv2.INTER_AREA if min(rgb.shape[:2]) >= side_px else cv2.INTER_LINEAR
    return cv2.resize(rgb, (side_px, side_px), interpolation=method).astype(np.uint8)


def _as_still(luma: Plane, ab: Floats) -> Rgb:
    chroma = spread_ab(luma, ab, matrix="bt709")
    return rgb_of_luma(luma, *chroma.rows(luma, 0)).astype(np.uint8)


def _error(ab: Floats, places: Floats, colors: Floats) -> float:
    rows, columns = (places * ab.shape[1:]).astype(np.intp).T
    return float(np.linalg.norm(ab[:, rows, columns].T - colors, axis=1).mean())


def _mean(figures: Sequence[HintFigures]) -> HintFigures:
    return HintFigures(
        points=figures[0].points,
        bilinear=fmean(one.bilinear for one in figures),
        plain=fmean(one.plain for one in figures),
        still=fmean(one.still for one in figures),
        error=mean_of_known(one.error for one in figures),
    )


def _protocol_line(protocol: HintProtocol) -> str:
    side = protocol.side_px
    return f"photos stretched to {side}x{side}, which the network sees; {protocol.method}; their mean ab is given"
