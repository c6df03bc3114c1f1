"""A folder of chroma proxies by name, with a limit: what was used longest ago goes first.

An entry is one file, published by rename: a line of JSON that proves it, then the proxy. Any number of processes on
any hosts may share the folder; an entry that is taken away under a reader is one that was not found. The cache only
saves work: where it cannot be used, that is told once, and the work is done.
"""

import contextlib
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from jobs.workdir.locks import try_lock
from pipeline.atomic_files import publish, remove_partials
from pipeline.errors import OutputError

_log = logging.getLogger(__name__)
_KIND = "kinochrome proxy 1"
_HEAD = f'"kind": "{_KIND}"'.encode()
_ENTRY = re.compile(r"[0-9a-f]{64}\.proxy")
_LONGEST_LINE = 4096
_KEPT_SHARE = 0.9
"""Of the limit: what is left when room was made, so that not every new entry has to make some."""
_LOOK_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class CachedProxy:
    """What is known of an entry."""

    kind: str = _KIND
    key: str
    luma: str
    """XXH3-128 over the digests of the lumas that were looked at, in order."""
    frames: int
    bytes: int
    sha256: str
    """Of the proxy, which follows."""


_CACHED = TypeAdapter(CachedProxy)


class ProxyCache:
    """One such folder."""

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        """The folder is made when the first entry is kept."""
        self._folder, self._limit = folder, limit_bytes
        self._bytes, self._looked = 0, -_LOOK_AGAIN_SECONDS
        self._told = False

    def find(self, key: str) -> tuple[CachedProxy, bytes] | None:
        """The entry `key` and its proxy; None where there is none. One that is damaged is taken away."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                fits = os.fstat(file.fileno()).st_size <= self._limit
                line, data = (file.readline(_LONGEST_LINE), file.read()) if fits else (b"", b"")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._tell(f"cannot read {path}: {error.strerror}")
            return None
        entry = _checked(key, line, data)
        if entry is None:
            _log.warning("%s: damaged, and made again", path)
            self.forget(key)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return entry, data

    def keep(self, key: str, data: bytes, *, luma: str, frames: int) -> None:
        """Adds an entry, or replaces it, and makes room; one that is larger than the limit is not kept."""
        told = CachedProxy(
            key=key, luma=luma, frames=frames, bytes=len(data), sha256=sha256(data).hexdigest()
        )
        whole = json.dumps(asdict(told)).encode() + b"\n" + data
        if len(whole) > self._limit or self._told:
            return
        path = self._path(key)
        try:
            for folder in (self._folder, path.parent):
                folder.mkdir(exist_ok=True)
            with publish(path) as partial:
                partial.write_bytes(whole)
            self._bytes += len(whole)
            if self._bytes > self._limit or time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS:
                self._make_room()
        except (OutputError, OSError) as error:
            self._tell(str(error))

    def forget(self, key: str) -> None:
        """Takes an entry away."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.proxy"

    def _make_room(self) -> None:
        """Counts what is there, and removes the oldest entries where it is too much; one process at a time."""
        lock = try_lock(self._folder / "lock")
        if lock is None:
            return
        with lock:
            found = sorted(self._entries())
            total = sum(size for _, size, _ in found)
            if total > self._limit:
                for _, size, path in found:
                    if total <= self._limit * _KEPT_SHARE:
                        break
                    with contextlib.suppress(FileNotFoundError):
                        path.unlink()
                    total -= size
            self._bytes, self._looked = total, time.monotonic()

    def _entries(self) -> Iterator[tuple[int, int, Path]]:
        """When each entry was used last, its size and path; what dead processes left is removed on the way."""
        for folder in self._folder.iterdir():
            if not re.fullmatch("[0-9a-f]{2}", folder.name) or folder.is_symlink() or not folder.is_dir():
                continue
            remove_partials(folder)
            with os.scandir(folder) as entries:
                for entry in entries:
                    if _ENTRY.fullmatch(entry.name) and _is_ours(entry.path):
                        with contextlib.suppress(FileNotFoundError):
                            known = entry.stat()
                            yield known.st_mtime_ns, known.st_size, Path(entry.path)

    def _tell(self, what: str) -> None:
        if not self._told:
            _log.warning("the cache %s cannot be used, everything is predicted: %s", self._folder, what)
        self._told = True


def _is_ours(path: str) -> bool:
    """Whether a file, and no link to one, says by its beginning that it is an entry."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return _HEAD in file.read(len(_HEAD) + 64)
    except OSError:
        return False


def _checked(key: str, line: bytes, data: bytes) -> CachedProxy | None:
    """What an entry says of itself, if that is true."""
    try:
        entry = _CACHED.validate_json(line, strict=True)
    except ValidationError:
        return None
    wanted = (_KIND, key, len(data), sha256(data).hexdigest())
    return entry if (entry.kind, entry.key, entry.bytes, entry.sha256) == wanted else None
