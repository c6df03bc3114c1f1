"""Identifies the file that a plan was made for, and checks that it has not changed since."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import xxhash

from pipeline.errors import SourceError
from pipeline.progress import StageProgress
from pipeline.regular_file import refuse_special_file
from pipeline.still_pattern import find_numbers, parse_pattern
from pipeline.target import target_of

_BLOCK_BYTES = 8 << 20
_TIME_MASK = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Source:
    """The identity of a film file: size and hash of its content, and its time, which saves hashing it again."""

    name: str
    """File name without its folder, for people; bytes that are not Unicode appear as `\\xff`."""
    size_bytes: int
    mtime_ns: int
    """Not part of the identity: a copy is the same film. Of numbered stills, a hash of all names, sizes and times."""
    xxh3_128: str
    """XXH3-128 of all bytes, 32 hexadecimal digits; of numbered stills, of their names and their hashes."""


def source_fingerprint(path: Path, *, progress: StageProgress | None = None) -> Source:
    """Reads the whole file, or all stills of a pattern, and hashes it; reports the stage `fingerprint` in bytes.

    Raises SourceError where a file cannot be read or changes meanwhile.
    """
    if target_of(path).is_numbered:
        return _stills_fingerprint(path, progress)
    refuse_special_file(path)
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


def check_source(path: Path, source: Source, *, progress: StageProgress | None = None) -> None:
    """Raises SourceError where `path` no longer holds the film that `source` describes, or is gone.

    The content is hashed only where the size is the same and the time is not.
    """
    if target_of(path).is_numbered:
        _check_stills(path, source, progress)
        return
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


def unread_source(path: Path) -> Source:
    """A Source without a hash, which `check_source` accepts while size and time stay the same. Raises SourceError."""
    stamp, total = file_stamp(path)
    return Source(name="unread", size_bytes=total, mtime_ns=stamp, xxh3_128="0" * 32)


def file_stamp(path: Path) -> tuple[int, int]:
    """(time of change in nanoseconds, size in bytes) of a file.

    Of numbered stills, (a hash of all names, sizes and times, the sum of all sizes). Raises SourceError where a file
    is not there or its folder cannot be read.
    """
    if target_of(path).is_numbered:
        return _stills_stamp(path)
    ((_, (size, time)),) = _stats([path])
    return time, size


def _stills_stamp(path: Path) -> tuple[int, int]:
    """`file_stamp` of numbered stills."""
    pattern, digest, total = parse_pattern(path), xxhash.xxh3_64(), 0
    for name, found in _stats(pattern.path(number) for number in find_numbers(path)):
        digest.update(f"{name}\0{found[0]}\0{found[1]}\0".encode(errors="surrogateescape"))
        total += found[0]
    return digest.intdigest() & _TIME_MASK, total


def _stills_fingerprint(path: Path, progress: StageProgress | None) -> Source:
    """`source_fingerprint` of numbered stills."""
    before, total = _stills_stamp(path)
    digest, done = xxhash.xxh3_128(), 0
    pattern = parse_pattern(path)
    for number in find_numbers(path):
        data = _read(pattern.path(number))
        done += len(data)
        digest.update(
            f"{pattern.path(number).name}\0{xxhash.xxh3_128_hexdigest(data)}\0".encode(
                errors="surrogateescape"
            )
        )
        if progress is not None:
            progress("fingerprint", done, max(total, done))
    if _stills_stamp(path) != (before, done):
        raise SourceError(
            f"{path}: its stills changed while they were read; start again once they are complete"
        )
    return Source(name=path.name, size_bytes=done, mtime_ns=before, xxh3_128=digest.hexdigest())


def _check_stills(path: Path, source: Source, progress: StageProgress | None) -> None:
    """`check_source` of numbered stills."""
    stamp, total = _stills_stamp(path)
    if (stamp, total) == (source.mtime_ns, source.size_bytes):
        return
    if total != source.size_bytes or _stills_fingerprint(path, progress).xxh3_128 != source.xxh3_128:
        raise SourceError(f"{path}: its stills changed since they were planned; plan the film again")


def _stats(paths: Iterable[Path]) -> Iterator[tuple[str, tuple[int, int]]]:
    """(name, (size in bytes, time of change in nanoseconds)) of each file."""
    for path in paths:
        try:
            found = path.stat()
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error.strerror}") from error
        yield path.name, (found.st_size, found.st_mtime_ns)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
