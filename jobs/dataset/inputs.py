"""What `kinochrome dataset` reads: films and stills, found in files and folders, with their origins."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.photos import PHOTO_SUFFIXES
from pipeline.errors import SettingsError, SourceError
from pipeline.messages import first_few
from pipeline.target import FILM_SUFFIXES

_MANIFEST = "manifest.csv"


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """A film or a still and where it comes from."""

    path: Path
    """Absolute."""
    origin: str
    """From a `manifest.csv`; else a still's folder, and nothing for a film, which is its own origin."""
    licence: str = ""
    """From the same manifest, if it has one."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything that a dataset is made from, in the order of names."""

    films: tuple[InputFile, ...]
    stills: tuple[InputFile, ...]


def find_inputs(paths: Sequence[Path], *, out: Path) -> Inputs:
    """Every film and still that the paths name or hold, each once; `out` and hidden folders are left out.

    A file named by itself is a film unless its suffix is a still's; in folders only known suffixes count.
    `manifest.csv` in a folder that is named, or one or two above it, tells origins and licences (columns `path` and
    `origin`, perhaps `licence`). Raises SourceError for a path that is not there and where nothing is found,
    SettingsError for a manifest that cannot be read.
    """
    films: dict[str, InputFile] = {}
    stills: dict[str, InputFile] = {}
    for given in paths:
        root = given.absolute()
        if not root.exists():
            raise SourceError(f"{given}: no such file or folder")
        folder = root if root.is_dir() else root.parent
        known = _read_manifests(folder)
        for path in _walk(root, out) if root.is_dir() else (root,):
            is_still = path.suffix.lower() in PHOTO_SUFFIXES
            origin, licence = known.get(_resolved(path), ("", ""))
            if is_still and not origin:
                origin = _folder_name(path, folder)
            found = stills if is_still else films
            found.setdefault(_resolved(path), InputFile(path=path, origin=origin, licence=licence))
    if not films and not stills:
        named = first_few(paths, characters=400)
        raise SourceError(
            f"{named}: no film (e.g. .mp4, .mkv, .mov) and no still (.jpg, .png, .webp, .tif) in it"
        )
    return Inputs(films=_by_name(films.values()), stills=_by_name(stills.values()))


def _walk(root: Path, out: Path) -> Iterator[Path]:
    """Every film and still below a folder."""
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(
            name for name in inner if not name.startswith(".") and Path(folder, name).absolute() != out
        )
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix.lower() in FILM_SUFFIXES | PHOTO_SUFFIXES and path.is_file():
                yield path


def _read_manifests(folder: Path) -> dict[str, tuple[str, str]]:
    """Origin and licence of every file that the manifests in a folder and the two above it list."""
    known: dict[str, tuple[str, str]] = {}
    for manifest in (above / _MANIFEST for above in (*reversed(folder.parents[:2]), folder)):
        if not manifest.is_file():
            continue
        try:
            with manifest.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    if row.get("path") and row.get("origin"):
                        path = manifest.parent / row["path"]
                        known[_resolved(path)] = (row["origin"], row.get("licence") or "")
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SettingsError(f"{manifest}: cannot be read as a table in UTF-8 ({error})") from error
    return known


def _folder_name(path: Path, root: Path) -> str:
    """The folder of a still below the folder that was named, and that one's own name."""
    return Path(root.name, path.parent.relative_to(root)).as_posix()


def _by_name(files: Iterable[InputFile]) -> tuple[InputFile, ...]:
    return tuple(sorted(files, key=lambda file: (file.path.name, file.path)))


def _resolved(path: Path) -> str:
    return os.path.realpath(path)
