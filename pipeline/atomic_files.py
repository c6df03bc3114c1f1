"""Files and folders that are whole or absent: written under another name, made durable, renamed.

The other name is that of a partial, see `pipeline.partial_files`. Whatever goes wrong while a partial is taken
away again, the error that was first is the one that is raised.
"""

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import OutputError, SettingsError
from pipeline.partial_files import partial_path
from pipeline.regular_file import refuse_special_file

_DISK_FAULTS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EFBIG: "the file system or a limit allows no file this large",
    errno.EIO: "input/output error",
    errno.ENXIO: "the disk is gone",
    errno.ENODEV: "the disk is gone",
    errno.ESTALE: "the share was mounted anew",
    errno.EMFILE: "too many files are open; a higher limit (ulimit -n) would work",
    errno.ENFILE: "too many files are open on this machine",
}
"""The disk or the machine is at fault, whichever file was in use; to read a source can end so too."""
_PATH_FAULTS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "no such folder",
    errno.ENOTDIR: "part of its path is not a folder",
    errno.EISDIR: "there is a folder of that name",
    errno.ENOTEMPTY: "there is a folder of that name with something in it",
    errno.ENAMETOOLONG: "the name is too long",
}
"""The fault of the output only where the error names the output."""


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
        with clear_os_errors(path, partial):
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
    is_made = False
    try:
        with clear_os_errors(path, partial):
            partial.mkdir()
            is_made = True
            yield partial
            for folder, _, names in os.walk(partial):
                for name in names:
                    make_durable(Path(folder, name))
                _fsync_folder(Path(folder))
            partial.replace(path)
            _fsync_folder(path.parent)
    except BaseException:
        if is_made:
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


def make_durable(path: Path) -> None:
    """Returns when the bytes of a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        raise
    os.close(descriptor)


def free_bytes(path: Path) -> int:
    """Bytes that are free for us on the disk that holds, or would hold, `path`."""
    folder = path.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


@contextlib.contextmanager
def clear_os_errors(path: Path, partial: Path | None = None) -> Iterator[None]:
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
        raise OutputError(f"cannot write {where}: {faults[error.errno]}{_free(path)}") from error


def disk_fault(error: OSError) -> str | None:
    """One line for an error that the disk or the machine is to blame for, whatever was done; None for any other."""
    if error.errno not in _DISK_FAULTS:
        return None
    where = "" if error.filename is None else f"cannot use {os.fsdecode(error.filename)}: "
    return f"{where}{_DISK_FAULTS[error.errno]}; the same command goes on once that is cured"


def _free(path: Path) -> str:
    """What to add about the room on the disk; nothing where even that cannot be told."""
    with contextlib.suppress(OSError):
        return f"; {free_bytes(path) / 1e6:,.1f} MB free on that disk"
    return ""


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
