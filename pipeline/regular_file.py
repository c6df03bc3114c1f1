"""Files that are opened for reading are regular ones: a pipe would be waited for without end, a device never ends."""

import stat
from pathlib import Path

from pipeline.errors import KinochromeError, SourceError

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


def refuse_special_file(path: Path, error: type[KinochromeError] = SourceError) -> None:
    """Raises `error`, one line, where `path` leads to a pipe, a socket or a device; nothing is opened.

    A regular file, a folder and what is not there pass: who opens them says what is wrong with them.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if kind := _KINDS.get(stat.S_IFMT(mode)):
        raise error(f"{path}: is {kind}, not a regular file; a copy of its content in a file would work")
