"""Which file a plan was made for, and whether it is still that file."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import xxhash

from pipeline.errors import SourceError

Progress = Callable[[str, int, int | None], None]
"""Told how far a stage is: (stage, done, total); None where the total is not known."""

_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a file was when it was read: size and hash for its content, its time to save hashing again."""

    name: str
    """File name without its folder, for people; bytes that are not Unicode appear as `\\xff`."""
    size_bytes: int
    mtime_ns: int
    """Not part of the identity: a copy is the same film."""
    xxh3_128: str
    """XXH3-128 of all bytes, 32 hexadecimal digits."""


def source_fingerprint(path: Path, *, progress: Progress | None = None) -> Source:
    """Reads the whole file and says what it is; reports stage `fingerprint` in bytes.

    Raises SourceError where it cannot be read or changes meanwhile.
    """
    digest = xxhash.xxh3_128()
    done = 0
    try:
        before = path.stat()
        block = bytearray(_BLOCK_BYTES)
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(block):
                digest.update(memoryview(block)[:count])
                done += count
                if progress is not None:
                    progress("fingerprint", done, before.st_size)
        after = path.stat()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or done != before.st_size:
        raise SourceError(f"{path} changed while it was read; start again once it is complete")
    return Source(
        name=os.fsencode(path.name).decode(errors="backslashreplace"),
        size_bytes=done,
        mtime_ns=before.st_mtime_ns,
        xxh3_128=digest.hexdigest(),
    )


def check_source(path: Path, source: Source, *, progress: Progress | None = None) -> None:
    """Passes where `path` still holds what `source` says; its content is hashed only where its time changed.

    Raises SourceError where the film changed or is gone.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise SourceError(f"cannot read {path}, for which the plan was made: {error.strerror}") from error
    if found.st_size != source.size_bytes:
        raise SourceError(
            f"{path} changed since it was planned: it has {found.st_size} bytes, it had {source.size_bytes}; "
            "plan it again"
        )
    if found.st_mtime_ns == source.mtime_ns:
        return
    if source_fingerprint(path, progress=progress).xxh3_128 != source.xxh3_128:
        raise SourceError(
            f"{path} changed since it was planned: its size is the same, its content is not; plan it again"
        )
