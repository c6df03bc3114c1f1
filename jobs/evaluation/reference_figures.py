"""Figures of shots whose stills are given in colour, as values and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import fmean

import numpy as np

DISTANCES = (1, 10, 25, 50, 100)
"""Frames: figures are told for up to the first, above that up to the second, and so on, then for what is farther."""
REFERENCE_CONVENTIONS = {
    "psnr": "sRGB of 8 bits, dB, peak 255, 50 at most, of steadied frames with 256 px on the short side, against the "
    "clip's own pictures; mean over the frames of a shot that were not given, then over shots",
    "distance": "frames to the nearest still of the shot; with a foreign still, to the shot's first frame",
    "automatic": "the same shot without stills",
    "score": "how surely a shot's frames were found in its stills, 0 to 1, as the report of a film tells it",
    "standing": "CDC of the same colours when every frame has their mean: what the luma alone causes in them",
    "CDC": "of Liu et al. 2021 over distances 1, 2 and 4, of all frames of a shot; in the table x1000",
}
"""By the name of the column."""


@dataclass(frozen=True, kw_only=True)
class FrameError:
    """One frame that was not given."""

    distance: int
    """To the nearest still, in frames."""
    psnr: float
    """dB."""
    psnr_automatic: float


@dataclass(frozen=True, kw_only=True)
class DistanceFigures:
    """The frames of one shot, or of all shots, at some distances; PSNR in dB."""

    frames_to: int | None
    """The largest of these distances; None for what is farther than the last of `DISTANCES`."""
    psnr: float
    psnr_automatic: float


@dataclass(frozen=True, kw_only=True)
class ReferenceMeans:
    """Over the frames of a shot, or over shots; PSNR in dB, CDC unscaled."""

    score: float
    psnr: float
    psnr_automatic: float
    cdc: float
    cdc_standing: float
    """Of the same colours where none of them changes: the CDC that the clip's luma causes in these colours."""
    cdc_automatic: float
    cdc_grey: float
    cdc_truth: float
    """Of the clip in its own colours."""


@dataclass(frozen=True, kw_only=True)
class ShotReferences(ReferenceMeans):
    """One shot with its stills."""

    path: Path
    shot: int
    """Number in its clip."""
    frame_count: int
    distances: tuple[DistanceFigures, ...]
    """Those that the shot has."""


@dataclass(frozen=True, kw_only=True)
class ReferenceReport:
    """What `kinochrome evaluate --reference` found."""

    reference: str
    shots: tuple[ShotReferences, ...]
    """One or more."""
    skipped: int
    """Shots that are too short, or whose stills have no colour."""
    network: Mapping[str, object]
    """As in `EvaluationReport`."""

    def distances(self) -> tuple[DistanceFigures, ...]:
        """Means over the shots that have frames at a distance."""
        return by_distance([one for shot in self.shots for one in shot.distances])

    def mean(self) -> ReferenceMeans:
        """Over the shots, each with the same weight."""
        names = [field.name for field in fields(ReferenceMeans)]
        return ReferenceMeans(**{name: fmean(getattr(shot, name) for shot in self.shots) for name in names})

    def correlation(self) -> float | None:
        """Of score and PSNR over shots; None where one of them is the same in all."""
        pairs = np.array([(shot.score, shot.psnr) for shot in self.shots])
        return float(np.corrcoef(pairs.T)[0, 1]) if pairs.std(axis=0).all() else None

    def as_json(self) -> dict[str, object]:
        """Everything, in types that JSON has; paths as text."""
        return {
            "reference": self.reference,
            "shots": [asdict(shot) | {"path": str(shot.path)} for shot in self.shots],
            "skipped": self.skipped,
            "mean": asdict(self.mean()),
            "distances": [asdict(one) for one in self.distances()],
            "correlation": self.correlation(),
            "conventions": dict(REFERENCE_CONVENTIONS),
            "network": dict(self.network),
        }


def frames_to(distance: int) -> int | None:
    """The first of `DISTANCES` that is as large; None where all are smaller."""
    return next((most for most in DISTANCES if distance <= most), None)


def by_distance(found: Sequence[DistanceFigures]) -> tuple[DistanceFigures, ...]:
    """The means of the figures of the same distances, from near to far."""
    groups = ((most, [one for one in found if one.frames_to == most]) for most in (*DISTANCES, None))
    return tuple(
        DistanceFigures(
            frames_to=most,
            psnr=fmean(one.psnr for one in group),
            psnr_automatic=fmean(one.psnr_automatic for one in group),
        )
        for most, group in groups
        if group
    )


def as_distances(errors: Iterable[FrameError]) -> tuple[DistanceFigures, ...]:
    """The figures of a shot from those of its frames."""
    return by_distance(
        [
            DistanceFigures(
                frames_to=frames_to(one.distance), psnr=one.psnr, psnr_automatic=one.psnr_automatic
            )
            for one in errors
        ]
    )
