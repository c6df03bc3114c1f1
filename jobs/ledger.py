"""The commit records of segments: what was made of what, so that finished work is known and never trusted blindly.

`done.json` in a segment's folder holds one record for its colour (the proxy) and one for its picture (the
coded video). A record is written after its file is published; a file without a record does not count.
"""

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jobs.version import VERSION
from pipeline.errors import SettingsError
from pipeline.publish import read_json, write_json

if TYPE_CHECKING:
    from jobs.jobfile import Job

Product = Literal["color", "video"]
RECORD_NAME = "done.json"
_ATTEMPTS_NAME = "attempts"


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one product of a segment is and how it came about."""

    file: str
    """File name inside the segment's folder."""
    fingerprint: str
    """Of everything that the file's bytes depend on; see `fingerprint`."""
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


def fingerprint(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of a canonical JSON of everything that a product depends on."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


def job_fingerprint(job: "Job") -> str:
    """Of what a finished output depends on, as far as the file system tells without reading the film."""
    values = job.model_dump(mode="json", exclude={"overwrite", "work", "keep_work"})
    read = [path for path in (job.input, job.weights_path) if path is not None]
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in read]
    return fingerprint({"version": VERSION, "job": values, "files": files})


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def find_record(folder: Path, product: Product, *, wanted: str) -> Record | None:
    """The record of a finished product with the wanted fingerprint whose file is still what was recorded.

    The file is hashed: decoders do not notice a flipped byte.
    """
    record = _records(folder).get(product)
    if record is None or record.fingerprint != wanted:
        return None
    path = folder / record.file
    if not path.is_file() or path.stat().st_size != record.bytes or file_sha256(path) != record.sha256:
        return None
    return record


def count_attempt(folder: Path) -> int:
    """Note that work on a segment starts; returns how many times it has, with this one."""
    with (folder / _ATTEMPTS_NAME).open("ab") as file:
        file.write(b".")
        return file.tell()


def commit(
    folder: Path,
    product: Product,
    *,
    path: Path,
    fingerprint: str,
    pts: list[int],
    seconds: float,
    attempts: int,
) -> Record:
    """Write the record of a product whose file has been published; returns it."""
    record = Record(
        file=path.name,
        fingerprint=fingerprint,
        bytes=path.stat().st_size,
        sha256=file_sha256(path),
        frames=len(pts),
        first_pts=pts[0],
        last_pts=pts[-1],
        seconds=round(seconds, 3),
        attempts=attempts,
        host=socket.gethostname(),
    )
    records = _records(folder) | {product: record}
    write_json(folder / RECORD_NAME, {name: asdict(kept) for name, kept in records.items()})
    return record


def _records(folder: Path) -> dict[str, Record]:
    """The records in a folder; none where the file is missing or not one of ours."""
    try:
        values = read_json(folder / RECORD_NAME)
    except (FileNotFoundError, SettingsError):
        return {}
    known = {field.name for field in fields(Record)}
    if not isinstance(values, dict):
        return {}
    return {
        name: Record(**value)
        for name, value in values.items()
        if isinstance(value, dict) and set(value) == known
    }
