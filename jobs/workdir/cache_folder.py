"""A folder of cached chroma proxies with a size limit; the least recently used go first.

An entry is one file, published by rename: a line of JSON with its hash and facts, then the proxy. Any number of
processes on any hosts may share the folder; a reader takes an entry that is removed meanwhile as not found. Where the
cache cannot be used, one warning is logged and the work is done without it.
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
from pipeline.atomic_files import publish
from pipeline.errors import OutputError
from pipeline.partial_files import remove_partials

_log = logging.getLogger(__name__)
_KIND = "kinochrome proxy 1"
_HEAD = f'"kind": "{_KIND}"'.encode()
_ENTRY = re.compile(r"[0-9a-f]{64}\.proxy")
_LONGEST_LINE = 4096
_KEPT_SHARE = 0.9
"""The share of the limit that is left after removing entries, so that not every new entry has to remove some."""
_RECOUNT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class CachedProxy:
    """The first line of an entry."""

    kind: str = _KIND
    key: str
    luma: str
    """XXH3-128 over the digests of the lumas that the colour was made of, in order."""
    frames: int
    bytes: int
    sha256: str
    """Of the proxy, which follows the line."""


_CACHED = TypeAdapter(CachedProxy)


class ProxyCache:
    """The folder of cached proxies."""

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        """The folder is made when the first entry is kept."""
        self._folder, self._limit = folder, limit_bytes
        self._bytes, self._counted_at = 0, -_RECOUNT_SECONDS
        self._has_failed = False

    def find(self, key: str) -> tuple[CachedProxy, bytes] | None:
        """The entry `key` and its proxy; None where there is none. A damaged one is removed."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                fits = os.fstat(file.fileno()).st_size <= self._limit
                line, data = (file.readline(_LONGEST_LINE), file.read()) if fits else (b"", b"")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._give_up(f"cannot read {path}: {error.strerror}")
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
        """Adds or replaces an entry and makes room for it; one that is larger than the limit is not kept."""
        entry = CachedProxy(
            key=key, luma=luma, frames=frames, bytes=len(data), sha256=sha256(data).hexdigest()
        )
        whole = json.dumps(asdict(entry)).encode() + b"\n" + data
        if len(whole) > self._limit or self._has_failed:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with publish(path) as partial:
                partial.write_bytes(whole)
            self._bytes += len(whole)
            if self._bytes > self._limit or time.monotonic() - self._counted_at > _RECOUNT_SECONDS:
                self._make_room()
        except (OutputError, OSError) as error:
            self._give_up(str(error))

    def forget(self, key: str) -> None:
        """Removes an entry."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.proxy"

    def _make_room(self) -> None:
        """Adds up the sizes and removes the oldest entries above the limit; one process at a time."""
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
            self._bytes, self._counted_at = total, time.monotonic()

    def _entries(self) -> Iterator[tuple[int, int, Path]]:
        """Time of last use, size and path of each entry; removes partial files of dead processes on the way."""
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

    def _give_up(self, reason: str) -> None:
        if not self._has_failed:
            _log.warning("the cache %s cannot be used, everything is predicted: %s", self._folder, reason)
        self._has_failed = True


def _is_ours(path: str) -> bool:
    """Whether a path is a file, no link, that begins as an entry does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return _HEAD in file.read(len(_HEAD) + 64)
    except OSError:
        return False


def _checked(key: str, line: bytes, data: bytes) -> CachedProxy | None:
    """The first line of an entry; None where it does not match the key and the proxy."""
    try:
        entry = _CACHED.validate_json(line, strict=True)
    except ValidationError:
        return None
    expected = (_KIND, key, len(data), sha256(data).hexdigest())
    return entry if (entry.kind, entry.key, entry.bytes, entry.sha256) == expected else None
