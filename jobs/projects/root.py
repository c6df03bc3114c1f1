"""The one folder that the page may see, and where things lie in it. No path leads out of it, by links neither.

kinochrome/queue/          the render queue, see `jobs.queue.folder`
kinochrome/projects/ID/    see `jobs.projects.project`
kinochrome/films/          what was uploaded
kinochrome/uploads/        what is being uploaded
kinochrome/finished/       what was rendered for projects that were taken away
kinochrome/cache/          predicted colours of all films
Everything else in the folder is the user's, and only read.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from jobs.projects.errors import ForbiddenError, MissingError
from pipeline.errors import SettingsError
from pipeline.messages import is_unicode
from pipeline.target import kind_by_name

HOME = "kinochrome"
_MOST_LISTED = 2000
_LONGEST_PATH = 4000
_HERE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Opens what has this very name in a folder: no link, and a pipe is not waited for."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A file of a folder that may become a project."""

    name: str
    path: str
    """Relative to the root, with `/`."""
    kind: Literal["film", "still"]
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What is found in a folder."""

    path: str
    folders: tuple[str, ...]
    files: tuple[Listed, ...]
    truncated: bool


class Root:
    """The root folder; made ready on creation."""

    def __init__(self, path: Path) -> None:
        """Raises SettingsError where there is no such folder, or it cannot be written."""
        if not path.is_dir():
            raise SettingsError(f"no such folder: {path}; make it first")
        self.path = path.resolve()
        self.home = self.path / HOME
        try:
            self.home.mkdir(exist_ok=True)
            if self.home.is_symlink():
                raise SettingsError(f"{self.home} is a link; a folder of that name works")
            for name in ("projects", "films", "uploads", "finished"):
                (self.home / name).mkdir(exist_ok=True)
        except OSError as error:
            raise SettingsError(f"cannot use {self.home}: {error.strerror}; it must be a folder") from error

    @property
    def queue(self) -> Path:
        """The folder of the render queue."""
        return self.home / "queue"

    @property
    def projects(self) -> Path:
        """The folder of the projects."""
        return self.home / "projects"

    @property
    def films(self) -> Path:
        """Where uploaded films go."""
        return self.home / "films"

    @property
    def uploads(self) -> Path:
        """Where uploads are while they last."""
        return self.home / "uploads"

    def find(self, relative: str) -> Path:
        """The file or folder of a path that came from outside, links followed.

        Raises ForbiddenError where it leads out of the root or into Kinochrome's own files, MissingError where nothing
        is.
        """
        if "\0" in relative or len(relative) > _LONGEST_PATH or not is_unicode(relative):
            raise ForbiddenError("this is no path of a file; choose one of the list")
        parts = [part for part in relative.split("/") if part]
        if relative.startswith("/") or any(part in (".", "..") or part.startswith(".") for part in parts):
            raise ForbiddenError(f"{relative!r} is not in the folder {self.path.name}")
        try:
            real = self.path.joinpath(*parts).resolve(strict=True)
        except FileNotFoundError:
            raise MissingError(f"there is no {relative} in {self.path.name}") from None
        except (OSError, RuntimeError) as error:
            raise ForbiddenError(f"{relative!r} cannot be opened") from error
        if not real.is_relative_to(self.path) or self._is_own(real):
            raise ForbiddenError(f"{relative!r} is not in the folder {self.path.name}")
        return real

    def open(self, path: Path) -> BinaryIO:
        """The file at a whole path, open for reading. A link may lead elsewhere under the root.

        One that leads out, or is put there while this looks, is not followed: ForbiddenError. Raises MissingError where
        there is no file.
        """
        try:
            real = path.resolve(strict=True)
            if not real.is_relative_to(self.path):
                raise ForbiddenError(f"{path.name} is a link that leads out of the folder {self.path.name}")
            *folders, name = real.relative_to(self.path).parts or (".",)
            handle = os.open(self.path, _HERE)
            for part in (*folders, name):
                folder = handle
                try:
                    handle = os.open(part, _HERE, dir_fd=folder)
                finally:
                    os.close(folder)
        except (FileNotFoundError, NotADirectoryError):
            raise MissingError("there is no such file now") from None
        except (OSError, RuntimeError) as error:
            raise ForbiddenError(f"{path.name} cannot be opened") from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise MissingError("there is no such file now")
        return os.fdopen(handle, "rb")

    def named(self, line: str) -> str:
        """A line of a message, in which paths under the root are as the page names them."""
        return line.replace(f"{self.path}{os.sep}", "")

    def relative(self, path: Path) -> str:
        """A path under the root as the page names it."""
        return path.relative_to(self.path).as_posix()

    def list(self, relative: str) -> Listing:
        """The folders, films and stills in a folder, by name. Raises as `find`, MissingError for a file."""
        folder = self.find(relative)
        folders, files, count = [], [], 0
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or not is_unicode(entry.name) or not self._is_inside(entry):
                        continue
                    count += 1
                    if count > _MOST_LISTED:
                        break
                    path = self.relative(folder / entry.name)
                    if entry.is_dir():
                        folders.append(path)
                    elif entry.is_file() and (kind := kind_by_name(Path(entry.path))):
                        files.append(
                            Listed(name=entry.name, path=path, kind=kind, bytes=entry.stat().st_size)
                        )
        except NotADirectoryError:
            raise MissingError(f"{relative} is no folder") from None
        except OSError as error:
            raise ForbiddenError(
                f"{relative or self.path.name}: {(error.strerror or 'cannot be read').lower()}"
            ) from error
        return Listing(
            path=self.relative(folder) if folder != self.path else "",
            folders=tuple(sorted(folders)),
            files=tuple(sorted(files, key=lambda file: file.name)),
            truncated=count > _MOST_LISTED,
        )

    def _is_own(self, real: Path) -> bool:
        """Whether a path is of Kinochrome's own files, of which only the uploaded films are shown."""
        return real.is_relative_to(self.home) and not real.is_relative_to(self.films)

    def _is_inside(self, entry: "os.DirEntry[str]") -> bool:
        try:
            real = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):
            return False
        return real.is_relative_to(self.path) and not self._is_own(real)
