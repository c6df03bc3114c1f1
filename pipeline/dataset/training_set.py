"""Lists a folder of photos and clips as a training set, split by origin so that no scene is in two parts.

The manifest, `manifest.csv` in the folder or beside it, gives the `path` and `origin` of each file; further manifests
are read where they are named. Files with the same text before ` : ` in `origin` come from the same scene or film.
Without a manifest the origin of a file is its folder. A column `split` (train, val or test, as `kinochrome dataset`
writes it) counts where the caller gives no patterns.
"""

import csv
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from glob import escape
from pathlib import Path

from pipeline.dataset.photos import PHOTO_SUFFIXES
from pipeline.errors import SettingsError
from pipeline.messages import first_few
from pipeline.target import FILM_SUFFIXES

_MANIFEST = "manifest.csv"
_SHOTS_TO_SPLIT = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainingFile:
    """A photo or clip of a training set."""

    path: Path
    origin: str
    """The scene or film that it comes from."""
    split: str = ""
    """`train`, `val` or `test`; empty where the manifest has no such column."""
    shot: tuple[str, int] = ("", 0)
    """SHA-256 of the film and number of the shot; ('', 0) where the manifest has no such columns."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """The files of a training set by their purpose."""

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
    """Splits the files of a folder, in the order of their paths; `validation` and `test` are patterns of origins.

    `held_out` are lists (CSV, column `path`, relative to the folder or to its parent) of single files for testing,
    whatever their origin. `manifests` are names of further manifests in the folder.

    Without any patterns the column `split` of the manifest counts, if there is one. If it has no `val`, as in a set of
    one film, every tenth shot is for validation; if there are fewer than five shots, the training files are. Without
    patterns for validation and without the column, every tenth origin is for validation, at least one.

    Raises SettingsError where a pattern fits no file, a value of `split` or a list is not valid, or no file is left for
    training or validation.
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
    """The files that a list names. Raises SettingsError for one that is not in the set: it may be misspelled."""
    try:
        with held_out.open(newline="", encoding="utf-8") as file:
            names = [row["path"] for row in csv.DictReader(file)]
    except (OSError, UnicodeError, csv.Error, KeyError) as error:
        raise SettingsError(f"held_out {held_out}: not a CSV file with a column path ({error})") from error
    known = {file.path for file in files}
    found = [next((p for p in (folder / n, folder.parent / n) if p in known), None) for n in names]
    missing = [name for name, path in zip(names, found, strict=True) if path is None]
    if missing or not names:
        fault = (
            f"{len(missing)} of its {len(names)} files are not in {folder}" if names else "it names no file"
        )
        first = f", the first is {missing[0]}" if missing else ""
        raise SettingsError(f"held_out {held_out}: {fault}{first}; a list of files of that folder works")
    return [path for path in found if path is not None]


def base_files(folder: Path) -> tuple[TrainingFile, ...]:
    """The files of a folder of general pictures to train on, in the order of their paths; none is for validation.

    Files whose `split` is not `train` are left out. Raises SettingsError where no file is left.
    """
    files = tuple(file for file in _list_files(folder) if file.split in ("", "train"))
    if not files:
        raise SettingsError(f"training set {folder}: no file has the split train in {_MANIFEST}")
    return files


def _split_by_column(folder: Path, files: Sequence[TrainingFile]) -> Split:
    """Splits by the column `split` of the manifest."""
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
    """(training files, validation files): every tenth shot is held back; of fewer than five shots both are all."""
    shots = sorted({file.shot for file in files})
    held = set(shots[len(shots) % 10 // 2 :: 10]) if len(shots) >= _SHOTS_TO_SPLIT else set()
    if not held:
        message = "%d shots are too few to hold one back: this validates on what it learns from"
        _log.warning(message, len(shots))
        return files, files
    return [f for f in files if f.shot not in held], [f for f in files if f.shot in held]


def _list_files(folder: Path, more: Sequence[str] = ()) -> list[TrainingFile]:
    """The photos and clips of a folder, in the order of their paths; `more` are further manifests."""
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
    """The file in a row of a manifest that lies in `folder`."""
    shot = row.get("shot") or ""
    return TrainingFile(
        path=folder / row["path"],
        origin=row["origin"].split(" : ")[0],
        split=row.get("split") or "",
        shot=(row.get("film_sha256") or "", int(shot) if shot.isdecimal() else 0),
    )


def _fits(file: TrainingFile, patterns: Sequence[str]) -> bool:
    """Whether the origin matches a pattern, as in a shell."""
    return any(fnmatch(file.origin, pattern) for pattern in patterns)
