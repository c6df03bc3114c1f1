"""What is known of one film, or of one batch of stills, once it has been read: a JSON file, published last.

A record counts where its sources still have their size and time and its settings are those of the run. Else,
and where a picture that the set needs from it is gone, the film is read again.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TypeGuard

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.atomic_files import read_json, write_json
from pipeline.dataset.settings import DatasetSettings
from pipeline.errors import SettingsError, SourceError

_FORMAT = 1
"""To be raised when the same film with the same settings would give other pictures."""
_HASHED_AT_ONCE_BYTES = 1 << 20


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceFile(_Record):
    """A file that was read."""

    path: str
    size_bytes: int
    mtime_ns: int
    sha256: str = ""


class KeptPicture(_Record):
    """A picture that was stored."""

    source: int
    """Index of its source."""
    file: str
    """Below the set's folder, with slashes."""
    size_bytes: int
    pts: int
    shot: int
    width: int
    height: int
    dhash: str
    """16 hexadecimal digits."""
    tiny: str
    """Its thumb of 8x8 samples, in base64."""
    scores: dict[str, float]
    why: str


class DroppedPicture(_Record):
    """One of the pictures that were left out, to be shown."""

    source: int
    pts: int
    shot: int
    rule: str
    why: str
    jpeg: str
    """A small JPEG in base64."""


class Failure(_Record):
    """A file that could not be used."""

    path: str
    why: str


class UnitRecord(_Record):
    """One film, or one batch of stills."""

    kind: Literal["film", "stills"]
    fingerprint: str
    sources: tuple[SourceFile, ...]
    time_base: str
    pictures: int
    """Decoded frames, or stills that could be read."""
    shots: int
    dropped_by_rule: dict[str, int]
    kept: tuple[KeptPicture, ...]
    dropped: tuple[DroppedPicture, ...]
    """A few for each rule."""
    failures: tuple[Failure, ...] = ()


def record_path(folder: Path, kind: str, paths: Sequence[Path]) -> Path:
    """Where the record of these files lies: the same for every content of theirs."""
    key = "\n".join([kind, *map(os.fspath, paths)])
    digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
    return folder / f"{digest[:24]}.json"


def settings_fingerprint(settings: DatasetSettings) -> str:
    """Same for the same pictures: what only matters between films is left out."""
    values: dict[str, Any] = asdict(settings)
    values["dedup"] = {name: value for name, value in values["dedup"].items() if not name.startswith("hash_")}
    text = json.dumps([_FORMAT, values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def describe(path: Path) -> SourceFile:
    """Name, size and time of a file, without its hash. Raises SourceError where it cannot be seen."""
    try:
        found = path.stat()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    shown = os.fsencode(path).decode(errors="backslashreplace")
    return SourceFile(path=shown, size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)


def hashed(path: Path) -> SourceFile:
    """The same with its hash. Raises SourceError where it cannot be read or changes meanwhile."""
    before = describe(path)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_HASHED_AT_ONCE_BYTES):
                digest.update(block)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    if describe(path) != before:
        raise SourceError(f"{path}: changed while it was read; start again once it is complete")
    return before.model_copy(update={"sha256": digest.hexdigest()})


def write_record(path: Path, record: UnitRecord) -> None:
    """Publishes a record. Raises OutputError."""
    write_json(path, record.model_dump(mode="json"), compact=True)


def read_record(path: Path) -> UnitRecord | None:
    """The record in a file; None where there is none that this version can use."""
    try:
        return UnitRecord.model_validate(read_json(path))
    except (OSError, SettingsError, ValidationError):
        return None


def counts(record: UnitRecord | None, *, paths: Sequence[Path], fingerprint: str) -> TypeGuard[UnitRecord]:
    """Whether a record is of these files as they are now, and of these settings."""
    if record is None or record.fingerprint != fingerprint:
        return False
    seen = [source.model_copy(update={"sha256": ""}) for source in record.sources]
    try:
        return seen == [describe(path) for path in paths]
    except SourceError:
        return False


def is_there(out: Path, picture: KeptPicture) -> bool:
    """Whether a stored picture is still there, whole."""
    try:
        return (out / picture.file).stat().st_size == picture.size_bytes
    except OSError:
        return False


def remove_pictures(out: Path, pictures: Iterable[KeptPicture]) -> None:
    """Removes stored pictures as far as they are there, and folders that it leaves empty; none through links."""
    home = out.resolve()
    files = [out / picture.file for picture in pictures]
    files = [file for file in files if file.parent.resolve() == home / file.parent.relative_to(out)]
    for file in files:
        file.unlink(missing_ok=True)
    folders = {file.parent for file in files}
    for folder in (*folders, *{folder.parent for folder in folders}):
        with contextlib.suppress(OSError):
            folder.rmdir()
