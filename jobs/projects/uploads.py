"""Films that arrive in pieces: an upload that was cut off goes on where it stopped, after a restart too.

uploads/ID.json   name and size
uploads/ID.part   what has arrived
"""

import contextlib
import fcntl
import hashlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from jobs.projects.errors import ConflictError, MissingError
from jobs.projects.root import Root
from jobs.workdir.locks import take_lock
from pipeline.atomic_files import clear_os_errors, free_bytes, make_durable, read_json, write_json
from pipeline.errors import OutputError, SettingsError
from pipeline.target import kind_by_name

CHUNK_BYTES = 4 << 20
"""The most that is taken at a time."""
MOST_BYTES = 500_000_000_000
_MOST_UPLOADS = 100
_OLD_SECONDS = 14 * 86400
_ID = re.compile(r"[0-9a-f]{24}")
_LONGEST_NAME_BYTES = 180
_SPARE_BYTES = 200_000_000
"""Stay free for what is made of the film."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that is arriving."""

    id: str
    name: str
    size: int
    offset: int
    """Bytes that are here."""

    @property
    def is_complete(self) -> bool:
        """Whether all of it is here."""
        return self.offset == self.size


class WrongOffsetError(ConflictError):
    """A piece that does not begin where the last one ended."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(f"{upload.name}: {upload.offset:,} bytes are here; go on from there")
        self.offset = upload.offset


class Uploads:
    """The uploads of a root."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def begin(self, name: str, size: int) -> Upload:
        """A new upload, or the one of this name and size that was not finished.

        Raises SettingsError for a name or a size that does not do, OutputError where the disk has no room.
        """
        name = safe_name(name)
        if kind_by_name(Path(name)) is None:
            raise SettingsError(
                f"{name}: by its name no film or picture; .mp4, .mkv, .mov, .png, .jpg or .tif work"
            )
        if not 0 < size <= MOST_BYTES:
            raise SettingsError(f"{name}: found {size:,} bytes; 1 to {MOST_BYTES:,} would work")
        id = hashlib.sha256(f"{size} {name}".encode()).hexdigest()[:24]
        with contextlib.suppress(MissingError):
            return self.get(id)
        self._drop_old()
        free = free_bytes(self._root.uploads)
        if size + _SPARE_BYTES > free:
            raise OutputError(
                f"{name} has {size / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free on the disk"
            )
        if len(self.all()) >= _MOST_UPLOADS:
            raise ConflictError(f"{_MOST_UPLOADS} uploads are unfinished; finish one, or take one away")
        self._part(id).open("ab").close()
        write_json(self._note(id), {"name": name, "size": size})
        return self.get(id)

    def get(self, id: str) -> Upload:
        """An upload and how much of it is here. Raises MissingError."""
        try:
            if not _ID.fullmatch(id):
                raise FileNotFoundError
            values = read_json(self._note(id))
            assert isinstance(values, dict)
            return Upload(
                id=id, name=values["name"], size=values["size"], offset=self._part(id).stat().st_size
            )
        except (OSError, SettingsError, KeyError, AssertionError):
            raise MissingError("there is no such upload; begin it anew") from None

    def all(self) -> list[Upload]:
        """Every upload that is not a project yet."""
        found = []
        for note in sorted(self._root.uploads.glob("*.json")):
            with contextlib.suppress(MissingError):
                found.append(self.get(note.stem))
        return found

    def append(self, id: str, offset: int, data: bytes) -> Upload:
        """Adds a piece that begins at `offset`; it is on the disk when this returns.

        Raises MissingError, WrongOffsetError, SettingsError for more than the file has, OutputError where the disk is
        full.
        """
        upload = self.get(id)
        if offset + len(data) > upload.size:
            raise SettingsError(
                f"{upload.name}: found more than the {upload.size:,} bytes that were announced"
            )
        path = self._part(id)
        with clear_os_errors(path), path.open("r+b", buffering=0) as file:
            if not take_lock(file.fileno(), fcntl.LOCK_EX) or file.seek(0, os.SEEK_END) != offset:
                raise WrongOffsetError(self.get(id))
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    file.truncate(offset)
                raise
        return self.get(id)

    def finish(self, id: str) -> Path:
        """Moves a complete upload among the films, under a name that is free; returns where it is.

        Raises ConflictError for one that is not complete, OutputError.
        """
        upload = self.get(id)
        if not upload.is_complete:
            raise ConflictError(
                f"{upload.name}: {upload.offset:,} of {upload.size:,} bytes are here; send the rest first"
            )
        target = self._free_name(upload.name)
        with clear_os_errors(target):
            self._part(id).rename(target)
            make_durable(target.parent)
            self._note(id).unlink(missing_ok=True)
        return target

    def give_back(self, upload: Upload, path: Path) -> None:
        """Makes a film that `finish` moved an upload again, which may be finished later. Raises OutputError."""
        with clear_os_errors(path):
            path.rename(self._part(upload.id))
        write_json(self._note(upload.id), {"name": upload.name, "size": upload.size})

    def remove(self, id: str) -> None:
        """Takes an upload away. Raises MissingError."""
        self.get(id)
        for path in (self._note(id), self._part(id)):
            path.unlink(missing_ok=True)

    def _free_name(self, name: str) -> Path:
        """A name among the films that nothing has; made at once, so that no other upload takes it."""
        stem, suffix = Path(name).stem, Path(name).suffix
        for number in range(1, 10_000):
            path = self._root.films / (name if number == 1 else f"{stem} ({number}){suffix}")
            with contextlib.suppress(FileExistsError), clear_os_errors(path):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
                return path
        raise ConflictError(f"there are too many films of the name {name}")

    def _drop_old(self) -> None:
        for note in self._root.uploads.glob("*.json"):
            with contextlib.suppress(OSError, MissingError):
                if time.time() - self._part(note.stem).stat().st_mtime > _OLD_SECONDS:
                    self.remove(note.stem)

    def _note(self, id: str) -> Path:
        return self._root.uploads / f"{id}.json"

    def _part(self, id: str) -> Path:
        return self._root.uploads / f"{id}.part"


def safe_name(name: str) -> str:
    """A file name as it may lie in a folder: no folders, nothing that does not print, not too long, not hidden."""
    base = re.split(r"[/\\]", name)[-1]
    base = "".join(character if character.isprintable() else "_" for character in base).strip().lstrip(".")
    stem, suffix = Path(base).stem, Path(base).suffix
    while len((stem + suffix).encode(errors="replace")) > _LONGEST_NAME_BYTES:
        stem = stem[:-1]
    if not stem or len(suffix) > 10:
        raise SettingsError("this file has no name that could be used; give it another one")
    return stem + suffix
