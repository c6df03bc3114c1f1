"""A folder of photos and clips as a training set, split by origin so that no scene leaks.

`manifest.csv` in the folder or beside it (columns `path` and `origin`, others ignored) says where each file comes
from; more such lists are read where they are named. The part of `origin` before ` : ` is what a file shares with its
relatives. Without a manifest a file's origin is its folder. A column `split` (train, val or test, as `kinochrome
dataset` writes it) says what each file is for where the caller does not.
"""

import csv
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from glob import escape
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from pipeline.dataset.photos import PHOTO_SUFFIXES
from pipeline.dataset.samples import Picture, decode_rgb
from pipeline.errors import SettingsError, SourceError
from pipeline.messages import first_few
from pipeline.source.open_media import open_media
from pipeline.target import FILM_SUFFIXES

_MANIFEST = "manifest.csv"
_LONGEST_SIDE = 512  # of a clip's frames
_PRIOR_PICTURES = 4096
_SHOTS_TO_SPLIT = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainingFile:
    """A photo or clip and where it comes from."""

    path: Path
    origin: str
    split: str = ""
    """`train`, `val` or `test` where the manifest says so."""
    shot: tuple[str, int] = ("", 0)
    """Film and number of the shot where the manifest says so."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """The files of a training set by what they are for."""

    train: tuple[TrainingFile, ...]
    validation: tuple[TrainingFile, ...]
    test: tuple[TrainingFile, ...]


def split_by_origin(
    folder: Path,
    *,
    validation: Sequence[str],
    test: Sequence[str],
    held_out: Sequence[Path] = (),
    manifests: Sequence[str] = (),
) -> Split:
    """Files of a folder in the order of their paths; `validation` and `test` are patterns of origins.

    Each list of `held_out` (CSV, column `path`, relative to the folder or to the one it lies in) names single files
    for tests, whatever their origin: they are neither trained on nor validated on. `manifests` are files in the folder
    that list more pictures than its manifest.csv does.

    Without any patterns the manifest's column `split` counts, if it has one; where it has no `val`, as a set of one
    film has none, every tenth shot is validated on, or of few shots all that is trained on. Else, without patterns for
    validation, every tenth origin is held back for it, at least one. Raises SettingsError when a pattern fits no
    file, a split is none, or nothing is left to train on.
    """
    files = _list_files(folder, manifests)
    listed = {path for one in held_out for path in _listed(one, folder, files)}
    single = tuple(file for file in files if file.path in listed)
    files = [file for file in files if file.path not in listed]
    split = _split_by_patterns(folder, files, validation=validation, test=test)
    return replace(split, test=tuple(sorted((*split.test, *single), key=lambda file: file.path)))


def _split_by_patterns(
    folder: Path, files: Sequence[TrainingFile], *, validation: Sequence[str], test: Sequence[str]
) -> Split:
    if not validation and not test and any(file.split for file in files):
        return _split_by_column(folder, files)
    if not validation:
        rest = sorted({file.origin for file in files if not _fits(file, test)})
        validation = [escape(origin) for origin in rest[9::10] or rest[-1:]]
    parts: dict[str, list[TrainingFile]] = {"train": [], "validation": [], "test": []}
    for file in files:
        kind = "test" if _fits(file, test) else "validation" if _fits(file, validation) else "train"
        parts[kind].append(file)
    idle = [p for p in (*validation, *test) if not any(_fits(file, [p]) for file in files)]
    if idle:
        raise SettingsError(f"training set {folder}: no file has an origin like {first_few(map(repr, idle))}")
    for kind in ("train", "validation"):
        if not parts[kind]:
            raise SettingsError(f"training set {folder}: no photo or clip is left for {kind}")
    return Split(**{kind: tuple(found) for kind, found in parts.items()})


def _listed(held_out: Path, folder: Path, files: Sequence[TrainingFile]) -> list[Path]:
    """The files that a list names; one that is not in the set is an error, for another may be it by another name."""
    try:
        with held_out.open(newline="", encoding="utf-8") as file:
            names = [row["path"] for row in csv.DictReader(file)]
    except (OSError, UnicodeError, csv.Error, KeyError) as error:
        raise SettingsError(f"held_out {held_out}: not a CSV file with a column path ({error})") from error
    known = {file.path for file in files}
    found = [next((p for p in (folder / n, folder.parent / n) if p in known), None) for n in names]
    missing = [name for name, path in zip(names, found, strict=True) if path is None]
    if missing or not names:
        told = (
            f"{len(missing)} of its {len(names)} files are not in {folder}" if names else "it names no file"
        )
        first = f", the first is {missing[0]}" if missing else ""
        raise SettingsError(f"held_out {held_out}: {told}{first}; a list of files of that folder works")
    return [path for path in found if path is not None]


def base_files(folder: Path) -> tuple[TrainingFile, ...]:
    """Files of a folder of general pictures, in the order of their paths: all that a manifest does not hold out.

    Nothing is validated on them. Raises SettingsError where there are none.
    """
    files = tuple(file for file in _list_files(folder) if file.split in ("", "train"))
    if not files:
        raise SettingsError(f"training set {folder}: no file has the split train in {_MANIFEST}")
    return files


def _split_by_column(folder: Path, files: Sequence[TrainingFile]) -> Split:
    """The split that the manifest names."""
    parts: dict[str, list[TrainingFile]] = {"train": [], "val": [], "test": []}
    for file in files:
        if file.split not in parts:
            raise SettingsError(
                f"training set {folder}: {file.path.name} has the split {file.split!r} in {_MANIFEST}; "
                "train, val or test would work"
            )
        parts[file.split].append(file)
    if not parts["train"]:
        raise SettingsError(f"training set {folder}: no file has the split train in {_MANIFEST}")
    if not parts["val"]:
        parts["train"], parts["val"] = _hold_back_shots(parts["train"])
    return Split(train=tuple(parts["train"]), validation=tuple(parts["val"]), test=tuple(parts["test"]))


def _hold_back_shots(files: list[TrainingFile]) -> tuple[list[TrainingFile], list[TrainingFile]]:
    """To train on and to validate on, of one film or two: every tenth shot is held back, of few shots none."""
    shots = sorted({file.shot for file in files})
    held = set(shots[len(shots) % 10 // 2 :: 10]) if len(shots) >= _SHOTS_TO_SPLIT else set()
    if not held:
        message = "%d shots are too few to hold one back: this validates on what it learns from"
        _log.warning(message, len(shots))
        return files, files
    return [f for f in files if f.shot not in held], [f for f in files if f.shot in held]


def read_pictures(files: Sequence[TrainingFile], *, frames_per_clip: int) -> list[Picture]:
    """Every photo's path, and evenly spaced frames of every clip as JPEG, in the order of the files."""
    pictures: list[Picture] = []
    for file in files:
        if file.path.suffix.lower() in FILM_SUFFIXES:
            pictures += _clip_frames(file.path, frames_per_clip)
        else:
            pictures.append(file.path)
    return pictures


def bin_prior(
    pictures: Sequence[Picture], bins: npt.NDArray[np.float32], *, scale: float = 1
) -> npt.NDArray[np.float64]:
    """Share of each ab bin (Q,) over small copies of at most 4,096 of the pictures, their ab times `scale`; sums to 1.

    Zhang et al. 2016, section 2.2, without their smoothing: rebalancing mixes in the uniform distribution.
    """
    reach = 128
    counts = np.zeros((2 * reach, 2 * reach))
    for picture in pictures[:: -(-len(pictures) // _PRIOR_PICTURES)]:
        small = cv2.resize(decode_rgb(picture), (32, 32), interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
        cell = np.clip(np.round(lab[..., 1:]).astype(int), -reach, reach - 1) + reach
        np.add.at(counts, (cell[..., 0], cell[..., 1]), 1)
    found = np.argwhere(counts)
    nearest = np.square(scale * (found - reach)[:, None] - bins[None]).sum(axis=-1).argmin(axis=1)
    share = np.bincount(nearest, weights=counts[tuple(found.T)], minlength=len(bins))
    return np.asarray(share / share.sum(), np.float64)


def _list_files(folder: Path, more: Sequence[str] = ()) -> list[TrainingFile]:
    main = next((p for p in (folder / _MANIFEST, folder.parent / _MANIFEST) if p.is_file()), None)
    manifests = [*([main] if main else []), *(folder / name for name in more)]
    if missing := [path for path in manifests if not path.is_file()]:
        raise SettingsError(f"manifests: no such file: {missing[0]}; names of files in {folder} work")
    suffixes = (*PHOTO_SUFFIXES, *FILM_SUFFIXES)
    listed: list[TrainingFile] = []
    for manifest in manifests:
        with manifest.open(newline="", encoding="utf-8") as file:
            rows = [_listed_file(row, manifest.parent) for row in csv.DictReader(file)]
        listed += [file for file in rows if folder in file.path.parents]
    if not manifests:
        listed = [
            TrainingFile(path=path, origin=str(path.parent.relative_to(folder))) for path in folder.rglob("*")
        ]
    found = [file for file in listed if file.path.suffix.lower() in suffixes and file.path.is_file()]
    files = sorted(found, key=lambda file: file.path)
    if not files:
        raise SettingsError(
            f"training set {folder}: no photo ({', '.join(sorted(PHOTO_SUFFIXES))}) or clip found in it"
        )
    return files


def _listed_file(row: Mapping[str, str], folder: Path) -> TrainingFile:
    """A row of a manifest."""
    shot = row.get("shot") or ""
    return TrainingFile(
        path=folder / row["path"],
        origin=row["origin"].split(" : ")[0],
        split=row.get("split") or "",
        shot=(row.get("film_sha256") or "", int(shot) if shot.isdecimal() else 0),
    )


def _fits(file: TrainingFile, patterns: Sequence[str]) -> bool:
    return any(fnmatch(file.origin, pattern) for pattern in patterns)


def read_run(path: Path, *, count: int) -> list[Picture]:
    """`count` consecutive frames from the middle of a clip as JPEG; fewer where it has no more."""
    total = _count_frames(path)
    first = max(0, (total - count) // 2)
    return _read_frames(path, set(range(first, first + count)))


def _clip_frames(path: Path, count: int) -> list[Picture]:
    """`count` frames at even distances."""
    total = _count_frames(path)
    return _read_frames(
        path, {round((place + 0.5) * total / count - 0.5) for place in range(min(count, total))}
    )


def _count_frames(path: Path) -> int:
    return sum(1 for _ in _rgb_frames(path, numbers=None))


def _read_frames(path: Path, numbers: set[int]) -> list[Picture]:
    """JPEG, quality 95."""
    frames: list[Picture] = []
    for bgr in _rgb_frames(path, numbers=numbers):
        scale = min(1.0, _LONGEST_SIDE / max(bgr.shape[:2]))
        small = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        frames.append(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())
    return frames


def _rgb_frames(path: Path, *, numbers: set[int] | None) -> Iterator[npt.NDArray[np.uint8]]:
    try:
        with open_media(path) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if numbers is None:
                    yield np.empty((0, 0, 3), np.uint8)
                elif number in numbers:
                    yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    except (av.error.FFmpegError, IndexError) as error:
        raise SourceError(f"training clip {path}: cannot be decoded ({error})") from error
