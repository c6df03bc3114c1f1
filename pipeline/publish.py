"""Files and folders that are whole or absent: written under another name, made durable, renamed.

A partial is called `NAME.<host>.<pid>.partial`, beside its target so that the rename stays within one file
system, and so that two machines which meet at one target never write into one file. A run that was
killed leaves its partials behind; `remove_partials` takes those away and nobody else's.
"""

import contextlib
import errno
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import xxhash

from pipeline.errors import OutputError, SettingsError
from pipeline.regularfile import refuse_special_file

_PARTIAL = re.compile(r"(?P<name>.+)\.(?P<host>[A-Za-z0-9-]+)\.(?P<pid>[0-9]+)\.partial", re.DOTALL)
_LONGEST_NAME_BYTES = 255
_FOREIGN_STALE_SECONDS = 3600.0

_DISK_FAULTS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EFBIG: "the file system or a limit allows no file this large",
}
"""Only writing can end so: always the fault of the output."""
_PATH_FAULTS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "no such folder",
    errno.ENOTDIR: "part of its path is not a folder",
    errno.EISDIR: "there is a folder of that name",
    errno.ENOTEMPTY: "there is a folder of that name with something in it",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "input/output error",
}
"""Reading can end so too: the fault of the output only where the error names the output."""


@contextlib.contextmanager
def publish(path: Path) -> Iterator[Path]:
    """Yields the path to write to; when the block ends well, that file is on disk as `path`, else nothing is.

    The yielded file does not exist yet; its name ends in `.partial`, so a writer that goes by the suffix must
    be told its format. A file that was at `path` stays until the new one takes its place. On any exception,
    KeyboardInterrupt included, the partial is removed. Raises OutputError where the disk is full or
    read-only, the folder is missing or closed to us, or the block wrote nothing.
    """
    partial = partial_path(path)
    try:
        with told_clearly(path, partial):
            partial.open("wb").close()
            partial.unlink()
            yield partial
            if not partial.exists():
                raise OutputError(f"cannot write {path}: nothing was written to {partial.name}")
            make_durable(partial)
            partial.replace(path)
            _fsync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def publish_folder(path: Path) -> Iterator[Path]:
    """The same for a folder and all files in it, as `publish`: yields an empty folder that becomes `path`.

    `path` must not exist, or be an empty folder.
    """
    partial = partial_path(path)
    try:
        with told_clearly(path, partial):
            partial.mkdir()
            yield partial
            for folder, _, names in os.walk(partial):
                for name in names:
                    make_durable(Path(folder, name))
                _fsync_folder(Path(folder))
            partial.replace(path)
            _fsync_folder(path.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def write_json(path: Path, value: object, *, compact: bool = False) -> None:
    """Publishes `value` as JSON in UTF-8 with sorted keys and a newline at the end: same value, same bytes.

    Indented unless `compact`. Raises OutputError as `publish` does; ValueError for NaN and infinity.
    """
    text = _dumps(value, compact=compact, ascii_only=False)
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a file name whose bytes are not UTF-8 comes as lone surrogates
        data = _dumps(value, compact=compact, ascii_only=True).encode()
    with publish(path) as partial:
        partial.write_bytes(data)


def read_json(path: Path) -> object:
    """The value in a JSON file.

    Raises FileNotFoundError where there is none, SettingsError where it is not JSON.
    """
    refuse_special_file(path, SettingsError)
    try:
        value: object = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise SettingsError(f"cannot read {path}: not JSON: {error}") from error
    return value


def remove_partials(folder: Path, *, name: str | None = None) -> list[Path]:
    """Removes the partials that dead runs left in `folder` (not in folders below it) and returns their paths.

    With `name` only those of that file, which is the way to clean up in a folder that holds the user's files.
    A partial of this host is stale once its process is gone, one of another host after an hour without a
    write.
    """
    removed = []
    wanted = None if name is None else _shortened(name)
    for found in sorted(folder.glob("*.partial")):
        match = _PARTIAL.fullmatch(found.name)
        if match is None or (wanted is not None and match["name"] != wanted):
            continue
        with contextlib.suppress(FileNotFoundError):  # its writer has just finished
            if _is_stale(found, host=match["host"], pid=int(match["pid"])):
                if found.is_dir():
                    shutil.rmtree(found, ignore_errors=True)
                else:
                    found.unlink()
                removed.append(found)
    return removed


def partial_path(path: Path) -> Path:
    """Where this process writes what is to become `path`."""
    return path.with_name(f"{_shortened(path.name)}.{_host()}.{os.getpid()}.partial")


def make_durable(path: Path) -> None:
    """Returns when the bytes of a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(path: Path) -> int:
    """Bytes that are free for us on the disk that holds, or would hold, `path`."""
    folder = path.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


@contextlib.contextmanager
def told_clearly(path: Path, partial: Path | None = None) -> Iterator[None]:
    """Turns an OSError that writing `path`, or its partial, caused into an OutputError of one line; all others pass."""
    try:
        yield
    except OSError as error:
        names_output = error.filename is not None and os.fspath(error.filename) in {
            str(partial or path),
            str(path),
        }
        faults = _DISK_FAULTS | (_PATH_FAULTS if names_output else {})
        if isinstance(error, OutputError) or error.errno not in faults:
            raise
        where = path if names_output or error.filename is None else f"{error.filename} (for {path})"
        free = f"{free_bytes(path) / 1e6:,.1f} MB free on that disk"
        raise OutputError(f"cannot write {where}: {faults[error.errno]}; {free}") from error


def _is_stale(partial: Path, *, host: str, pid: int) -> bool:
    if host != _host():
        return time.time() - partial.stat().st_mtime > _FOREIGN_STALE_SECONDS
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # alive, and somebody else's
        return False
    return _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process of Linux is dead, and nobody has asked yet how it ended; in containers often nobody does."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return told.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:48] or "localhost"


def _shortened(name: str) -> str:
    """`name`, or its beginning and its hash where a partial of it would be too long for file systems."""
    room = _LONGEST_NAME_BYTES - len(f".{_host()}.4194304.partial")
    data = os.fsencode(name)
    if len(data) <= room:
        return name
    digest = xxhash.xxh3_64_hexdigest(data)
    return f"{data[: room - len(digest) - 1].decode(errors='ignore')}-{digest}"


def _dumps(value: object, *, compact: bool, ascii_only: bool) -> str:
    text = json.dumps(
        value,
        sort_keys=True,
        ensure_ascii=ascii_only,
        allow_nan=False,
        indent=None if compact else 2,
        separators=(",", ":") if compact else None,
    )
    return text + "\n"


def _fsync_folder(folder: Path) -> None:
    try:
        make_durable(folder)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some network file systems sync no folders
            raise
