"""A project: one film or still under review, and the folder that holds all that is known of it.

project.json     what it is; never changed but for the preset
review.jsonl     every change that was ever made, one line a request: the truth
review.json      what these lines come to
jobs/            job files as they were submitted, and their guidance
references/      stills in colour
work/            work folders of the film and of its moving preview
preview/         the moving preview
out/             what was rendered
strips/          small pictures of the shots, made when they are asked for
"""

import contextlib
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from jobs.projects.errors import ConflictError, ForbiddenError, MissingError
from jobs.projects.root import Root
from pipeline.atomic_files import read_json, write_json
from pipeline.errors import SettingsError

Kind = Literal["film", "still"]
FORMAT = 1
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_SLUG = 40
_FOLDERS = ("jobs", "references", "work", "preview", "out", "strips")


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project as its file tells it."""

    id: str
    folder: Path
    title: str
    """The file's name."""
    source: str
    """Path of the film or still, relative to the root."""
    kind: Kind
    created: str
    """ISO 8601, UTC."""
    media: dict[str, Any]
    """What the headers say, as the page shows it."""
    preset: str = "archival"
    """What the film is rendered with where nothing else is asked for."""

    @property
    def log(self) -> Path:
        """The file of all changes."""
        return self.folder / "review.jsonl"

    @property
    def preview(self) -> Path:
        """The moving preview, which may not be there."""
        return self.folder / "preview" / "pair.mp4"

    @property
    def out(self) -> Path:
        """The folder of what was rendered."""
        return self.folder / "out"


class Projects:
    """The projects of a root. It holds nothing open: the disk is the truth."""

    def __init__(self, root: Root) -> None:
        self.root = root

    def all(self) -> list[Project]:
        """Every project, the newest first; what cannot be read is left out."""
        return sorted(self._read_all(), key=lambda project: (project.created, project.id), reverse=True)

    def get(self, id: str) -> Project:
        """The project of this id. Raises MissingError, and as `refuse_links`."""
        project = self._read(self.root.projects / id) if _ID.fullmatch(id) else None
        if project is None:
            raise MissingError("there is no such project; it may have been taken away")
        self.refuse_links(project)
        return project

    def refuse_links(self, project: Project) -> None:
        """Raises ForbiddenError where the film or still has become a link out of the root, or the folder has links."""
        with contextlib.suppress(MissingError):
            self.root.find(project.source)
        with os.scandir(project.folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    raise ForbiddenError(
                        f"{self.root.relative(project.folder / entry.name)} is a link; what it leads to in its "
                        "place would work"
                    )

    def of_source(self, source: str) -> Project | None:
        """The project of this film or still, if there is one."""
        return next((project for project in self.all() if project.source == source), None)

    def create(self, source: str, *, kind: Kind, media: dict[str, Any]) -> Project:
        """A new project for a file under the root. Raises OutputError."""
        title = source.rpartition("/")[2]
        id = f"{_slug(title)}-{secrets.token_hex(3)}"
        folder = self.root.projects / id
        project = Project(
            id=id,
            folder=folder,
            title=title,
            source=source,
            kind=kind,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            media=media,
        )
        folder.mkdir()
        for name in _FOLDERS:
            (folder / name).mkdir()
        self._write(project)
        return project

    def set_preset(self, project: Project, preset: str) -> Project:
        """The project with another preset. Raises OutputError."""
        changed = replace(project, preset=preset)
        self._write(changed)
        return changed

    def remove(self, project: Project) -> None:
        """Takes a project away; what was rendered for it goes to `finished/`, the film or still stays where it is.

        Raises ConflictError where its files are in use.
        """
        kept = self.root.home / "finished"
        try:
            if any(project.out.iterdir()):
                project.out.rename(kept / project.id)
            (project.folder / "project.json").unlink()
            shutil.rmtree(project.folder)
        except OSError as error:
            raise ConflictError(
                f"{project.title} cannot be taken away: {error.strerror}; try again"
            ) from error

    def _write(self, project: Project) -> None:
        values = {"format": FORMAT, **asdict(project)}
        del values["folder"], values["id"]
        write_json(project.folder / "project.json", values)

    def _read_all(self) -> Iterator[Project]:
        for folder in self.root.projects.iterdir():
            if _ID.fullmatch(folder.name) and (project := self._read(folder)):
                yield project

    def _read(self, folder: Path) -> Project | None:
        known = {field.name for field in fields(Project)} - {"id", "folder"}
        try:
            if folder.is_symlink():
                return None
            values = read_json(folder / "project.json")
            if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
                return None
            return Project(
                id=folder.name, folder=folder, **{key: values[key] for key in known if key in values}
            )
        except (OSError, SettingsError, TypeError):
            return None


def _slug(title: str) -> str:
    """What of a name is safe in a file name and an address; `film` where nothing is."""
    stem = title.rpartition(".")[0] or title
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_SLUG].strip("-") or "film"


def stored_place(project: Project, x: float, y: float) -> tuple[float, float]:
    """A place of the picture as it is shown, in shares of it, as one of the picture as the film stores it."""
    if project.media.get("mirrored"):
        x = 1 - x
    turned = {0: (x, y), 90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}
    return turned[project.media.get("rotation_degrees", 0)]
