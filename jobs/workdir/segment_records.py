"""The commit records of segments, which say what was made of which inputs, so that finished work can be checked.

`done.json` in a segment's folder holds one record for its colour (the proxy) and one for its picture (the
coded video). A record is written after its file is published; a file without a record does not count.
"""

import contextlib
import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from pipeline.atomic_files import clear_os_errors, read_json, write_json
from pipeline.errors import SettingsError

Product = Literal["color", "video"]
Inputs = dict[str, str]
"""Everything that a product depends on, by name; each value as JSON."""
RECORD_NAME = "done.json"
_ATTEMPTS_NAME = "attempts"
_DECIDES = "color.source"
"""An input that decides which other inputs there are; if it changed, only it is named."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one product of a segment is and how it came about."""

    file: str
    """File name inside the segment's folder."""
    fingerprint: str
    """Of everything on which the file's bytes depend; see `fingerprint`."""
    bytes: int
    sha256: str
    frames: int
    first_pts: int
    last_pts: int
    seconds: float
    """Wall time."""
    attempts: int
    """Starts of this segment up to and with the one that finished."""
    host: str
    device: str = ""
    """Of the network, e.g. `cpu bf16`; empty if none was used."""
    inputs: Inputs
    """What the fingerprint was made of, to say later what has changed."""
    keys: dict[str, str] = field(default_factory=dict)
    """Inputs that the job file sets for this shot alone, each with its key."""
    is_from_cache: bool = False
    """Whether it was found in the cache by its content."""
    fit: float | None = None
    """How surely the frames were found in the shot's reference stills, 0 to 1; None without stills."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of looking for a product."""

    record: Record | None = None
    """Of the product, if it is good."""
    state: Literal["done", "missing", "changed", "damaged"]
    why: str = ""
    """What is wrong with it, or which inputs changed: `color.saturation was 1.0, is 0.8`."""


_RECORD = TypeAdapter(Record)
_AS_TEXT = json.JSONEncoder(sort_keys=True, default=str).encode
_AS_COMPACT_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode


def as_inputs(values: Mapping[str, Any], *, within: str = "") -> Inputs:
    """Values as inputs; mappings inside become dotted names."""
    found: Inputs = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= as_inputs(value, within=f"{within}{name}.")
        else:
            found[f"{within}{name}"] = _AS_TEXT(value)
    return found


def fingerprint(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of a canonical JSON of everything that a product depends on."""
    return sha256(_AS_COMPACT_TEXT(inputs).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def find_product(
    folder: Path,
    product: Product,
    *,
    records: Mapping[str, Record],
    expected: Inputs,
    hashed: bool = True,
    keys: Mapping[str, str] = MappingProxyType({}),
) -> Finding:
    """Looks for a finished product that was made of the expected inputs and has not changed since.

    `records` are those of the folder, see `read_records`; `keys` name the keys of the job file that set
    inputs for this shot alone. The file is hashed, because decoders do not notice a flipped byte; without `hashed` only
    its size is compared.
    """
    record = records.get(product)
    if record is None:
        return Finding(state="missing", why="not made yet" if not _has_records(folder) else "no record of it")
    if record.fingerprint != fingerprint(expected):
        return Finding(state="changed", why=_changes(record, expected, keys))
    path = folder / record.file
    if not path.is_file():
        return Finding(state="missing", why=f"{record.file} is gone")
    if path.stat().st_size != record.bytes:
        why = f"{record.file} has {path.stat().st_size} bytes, it had {record.bytes}"
        return Finding(state="damaged", why=why)
    if hashed and file_sha256(path) != record.sha256:
        return Finding(state="damaged", why=f"{record.file}: its bytes are not those that were written")
    return Finding(state="done", record=record)


def count_attempt(folder: Path) -> int:
    """Records a start of work on a segment; returns the number of starts, this one included. Raises OutputError."""
    path = folder / _ATTEMPTS_NAME
    with clear_os_errors(path), path.open("ab") as file:
        file.write(b".")
        return file.tell()


def commit(
    folder: Path,
    product: Product,
    *,
    path: Path,
    inputs: Inputs,
    pts: list[int],
    seconds: float,
    attempts: int,
    device: str = "",
    keys: Mapping[str, str] = MappingProxyType({}),
    is_from_cache: bool = False,
    fit: float | None = None,
) -> Record:
    """Write the record of a product whose file has been published; returns it.

    The other product's record is read again: a host that does not see our locks may have written it meanwhile.
    """
    record = Record(
        file=path.name,
        fingerprint=fingerprint(inputs),
        bytes=path.stat().st_size,
        sha256=file_sha256(path),
        frames=len(pts),
        first_pts=pts[0],
        last_pts=pts[-1],
        seconds=round(seconds, 3),
        attempts=attempts,
        host=socket.gethostname(),
        device=device,
        inputs=inputs,
        keys=dict(keys),
        is_from_cache=is_from_cache,
        fit=None if fit is None else round(fit, 4),
    )
    records = read_records(folder) | {product: record}
    write_json(folder / RECORD_NAME, {name: asdict(kept) for name, kept in records.items()})
    return record


def read_records(folder: Path) -> dict[str, Record]:
    """The records in a segment's folder; none where the file is missing or not one of ours."""
    try:
        values = read_json(folder / RECORD_NAME)
    except (OSError, SettingsError):
        return {}
    found = {}
    for name, value in values.items() if isinstance(values, dict) else ():
        with contextlib.suppress(ValidationError):
            record = _RECORD.validate_json(json.dumps(value), strict=True)
            if Path(record.file).name == record.file:
                found[name] = record
    return found


def count_attempts(folder: Path) -> int:
    """How many times work on a segment has started."""
    try:
        return (folder / _ATTEMPTS_NAME).stat().st_size
    except FileNotFoundError:
        return 0


def _has_records(folder: Path) -> bool:
    return (folder / RECORD_NAME).exists()


def _changes(record: Record, now: Inputs, keys: Mapping[str, str]) -> str:
    before = record.inputs
    changed = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if _DECIDES in changed:
        changed = [_DECIDES]
    reasons = [
        _named(name, f"was {_short(before.get(name))}, is {_short(now.get(name))}", record.keys, keys)
        for name in changed
    ]
    return "; ".join(reasons) or "its record is not its own"


def _named(name: str, change: str, before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """A change under the key of the job file that asks for it, or used to."""
    if name in now:
        is_alike = now[name].rpartition(".")[2] == name.rpartition(".")[2]
        return f"{now[name]} {change}" if is_alike else f"{now[name]}: {name} {change}"
    return f"{name} {change}, without {before[name]}" if name in before else f"{name} {change}"


def _short(text: str | None) -> str:
    """A value for people; hashes by their beginning."""
    text = "absent" if text is None else text.strip('"')
    return f"{text[:12]}…" if len(text) >= 32 and " " not in text else text
