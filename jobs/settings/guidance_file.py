"""Guidance in a file of its own: `guidance: strokes.json` stands for what the file holds.

A YAML file is read as a job file is, with the line of every key. A JSON file, as programs write it, may be larger; its
faults name the way to the value instead of the line. Pictures and looks that guidance names are found here too.
"""

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.settings.layers import Fault, Layer, Loc, Origin, Values
from jobs.settings.shots import parse_ranges
from jobs.settings.yaml_file import read_yaml
from pipeline.errors import SettingsError
from pipeline.guidance.looks.look import parse_look
from pipeline.guidance.settings import Guidance
from pipeline.guidance.shot_guidance import PictureFile
from pipeline.regular_file import refuse_special_file

if TYPE_CHECKING:
    from jobs.settings.job import Job

MAX_JSON_BYTES = 16_000_000
_KEYS = tuple(field.name for field in fields(Guidance))
_LISTS = ("overlays", "references")
"""Of entries with the path of a picture, `file`."""


@dataclass(frozen=True)
class PathPlace:
    """Where a path may stand in a layer."""

    loc: Loc
    holder: Values
    """The mapping that holds the last key of `loc`."""


def guidance_paths(values: Values) -> Iterator[PathPlace]:
    """The paths of guidance in a job: the pictures, the look, and guidance that is a file itself."""
    for loc, holder in _homes(values):
        guidance = holder.get("guidance")
        if isinstance(guidance, str):
            yield PathPlace((*loc, "guidance"), holder)
        elif isinstance(guidance, dict):
            yield from _inner_paths(guidance, (*loc, "guidance"))


def with_guidance_files(layer: Layer) -> Layer:
    """The layer with the contents of guidance files in place of their names, which are absolute paths.

    Raises SettingsError as `read_yaml` does, with the file's name; of one that cannot be opened with its key as well.
    """
    values, origins = copy.deepcopy(layer.values), dict(layer.origins)
    for loc, holder in _homes(values):
        path = holder.get("guidance")
        if isinstance(path, str) and path:
            key = (*loc, "guidance")
            try:
                read = _read(Path(path))
            except SettingsError as error:
                if not isinstance(error.__cause__, OSError):
                    raise
                raise SettingsError(
                    str(Fault(layer.origin(key), ".".join(map(str, key)), str(error)))
                ) from error
            for place in _inner_paths(read.values, ()):
                text = place.holder[str(place.loc[-1])]
                place.holder[str(place.loc[-1])] = os.path.join(read.folder, str(text))  # noqa: PTH118
            holder["guidance"] = read.values
            origins.update({(*key, *inner): origin for inner, origin in read.origins.items()})
    return replace(layer, values=values, origins=origins)


def is_look_file(look: object) -> bool:
    """Whether the key `look` names a file, not a look that comes with Kinochrome."""
    return isinstance(look, str) and ("." in look or "/" in look)


def check_look(name: str) -> bool:
    """True for the file of a look that can be read; it is read once as long as it does not change."""
    return _readable_look(name, picture_file(name).sha256)


@lru_cache(maxsize=16)
def _readable_look(name: str, sha256: str) -> bool:
    parse_look(name, Path())
    return True


def picture_file(name: str) -> PictureFile:
    """The file of that path. Raises SettingsError, without the key, where it cannot be read."""
    path = Path(name)
    try:
        stat = path.stat()
        return PictureFile(path=path, sha256=_sha256(path, stat.st_mtime_ns, stat.st_size))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from error


@lru_cache(maxsize=256)
def _sha256(path: Path, modified_ns: int, size: int) -> str:
    """Of the file as it was at that time."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def guidance_sections(job: "Job", count: int) -> Iterator[tuple[Loc, Guidance, tuple[int, ...] | None]]:
    """Each guidance with the way to it and the shots that it is for, None for all of them."""
    if job.guidance is not None:
        yield ("guidance",), job.guidance, None
    for text, override in job.shots.items():
        if override.guidance is not None:
            yield ("shots", text, "guidance"), override.guidance, parse_ranges(text).pick(count)


def error_of_shot(
    error: SettingsError, job: "Job", *, shot: int, shot_count: int, where: str
) -> SettingsError:
    """The error that was found while a shot got its colours, with `where` that was.

    Of the names and letters in its `keys` it tells the file and line.
    """
    sections = [
        (loc, guidance)
        for loc, guidance, shots in guidance_sections(job, shot_count)
        if shots is None or shot in shots
    ]
    lines = []
    for (kind, name), text in error.keys.items():
        home = next(loc for loc, guidance in reversed(sections) if name in getattr(guidance, kind))
        loc = (*home, kind, name)
        lines.append(str(Fault(job.origin(loc), ".".join(map(str, loc)), f"{where}: {text}")))
    return SettingsError.of_many(lines or [f"{where}: {error}"])


def guidance_files(job: "Job") -> tuple[Path, ...]:
    """The pictures and looks that a job's guidance names."""
    files: list[Path] = []
    for guidance in (job.guidance, *(override.guidance for override in job.shots.values())):
        if guidance is not None:
            files += [Path(part.file) for part in guidance.overlays]
            files += [Path(part.file) for part in guidance.references]
            if guidance.look is not None and is_look_file(guidance.look):
                files.append(Path(guidance.look))
    return tuple(files)


def picture_faults(layer: Layer) -> Iterator[Fault]:
    """A fault for each file of guidance that is not there."""
    for place in guidance_paths(layer.values):
        value = place.holder[str(place.loc[-1])]
        if isinstance(value, str) and value and not Path(value).is_file():
            yield Fault(layer.origin(place.loc), ".".join(map(str, place.loc)), f"no such file: {value}")


def _homes(values: Values) -> Iterator[tuple[Loc, Values]]:
    """Where `guidance` may stand: in the job, and in its shots."""
    yield (), values
    shots = values.get("shots")
    for text, override in shots.items() if isinstance(shots, dict) else ():
        if isinstance(override, dict):
            yield ("shots", text), override


def _inner_paths(guidance: Values, loc: Loc) -> Iterator[PathPlace]:
    for name in _LISTS:
        entries = guidance.get(name)
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and isinstance(entry.get("file"), str) and entry["file"]:
                yield PathPlace((*loc, name, index, "file"), entry)
    if is_look_file(guidance.get("look")):
        yield PathPlace((*loc, "look"), guidance)


def _read(path: Path) -> Layer:
    if path.suffix.lower() != ".json":
        return read_yaml(path, keys=_KEYS)
    refuse_special_file(path, SettingsError)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_JSON_BYTES + 1)
        if len(data) > MAX_JSON_BYTES:
            raise SettingsError(
                f"{path}: larger than {MAX_JSON_BYTES // 1_000_000} MB; fewer marks would work"
            )
        values = json.loads(data, object_pairs_hook=partial(_once_each, path))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except SettingsError:
        raise
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise SettingsError(f"{path}:{line}: not readable as JSON") from error
    if not isinstance(values, dict) or not any(key in _KEYS for key in values):
        raise SettingsError(f"{path}: no guidance: keys such as {', '.join(_KEYS[:4])} would work")
    return Layer(values, {(): Origin(str(path))}, path.absolute().parent)


def _once_each(path: Path, pairs: list[tuple[str, object]]) -> Values:
    """The values of an object of a JSON file. Raises SettingsError for a key that stands there twice."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for number, name in enumerate(names) if name in names[:number])
        raise SettingsError(
            f"{path}: the key {twice[:60]!r} stands twice in one object; leave one of them out"
        )
    return values
