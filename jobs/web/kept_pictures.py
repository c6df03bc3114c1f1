"""Small pictures that are asked for again and again: strips in the project's folder, takes in memory."""

import contextlib
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.projects.errors import ProjectError
from jobs.projects.project import Project
from jobs.projects.root import Root
from pipeline.atomic_files import publish

_MOST_TAKES = 16
"""Shots whose takes are kept, of about 1 MB each."""
_PARTS = ("grey", "colour")

Ask = Callable[..., Any]
"""`Server.ask`: it takes a project, a question and its arguments."""


@dataclass(frozen=True, kw_only=True)
class StripPictures:
    """The JPEGs of a shot; `color` is None where its colour is not rendered."""

    grey: bytes
    color: bytes | None


class KeptStrips:
    """Strips as files: `strips/000012-….grey.jpg`, one of colour beside it. They go when the preview changes."""

    def __init__(self, ask: Ask, root: Root) -> None:
        self._ask, self._root = ask, root

    def find(self, project: Project, shot: int, *, source: dict[str, Any]) -> StripPictures:
        """The strip of a shot, from its files or made now. Raises as `Server.ask`."""
        paths = {
            part: project.folder / "strips" / f"{shot:06d}-{_stamp(project)}.{part}.jpg" for part in _PARTS
        }
        with contextlib.suppress(OSError, ProjectError):
            return StripPictures(grey=self._read(paths["grey"]), color=self._read(paths["colour"]))
        grey, color, _ = self._ask(project, "strip", source=source, shot=shot)
        if color is not None:
            for old in (project.folder / "strips").glob(f"{shot:06d}-*.jpg"):
                old.unlink(missing_ok=True)
            for part, data in (("grey", grey), ("colour", color)):
                with publish(paths[part]) as partial:
                    partial.write_bytes(data)
        return StripPictures(grey=grey, color=color)

    def _read(self, path: Path) -> bytes:
        with self._root.open(path) as file:
            return file.read()


class KeptTakes:
    """The takes of the last shots."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, project: Project, shot: int, *, source: dict[str, Any], count: int, seed: int) -> Any:
        """The takes of a shot, as `LivePictures.takes` makes them. Raises as `Server.ask`."""
        key = project.id, source["plan"], shot, count, seed
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._ask(project, "takes", source=source, shot=shot, count=count, seed=seed)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _MOST_TAKES:
                self._kept.popitem(last=False)
        return made


def _stamp(project: Project) -> str:
    """Changes with the preview film, whose colours the strips show."""
    try:
        seen = project.preview.stat()
        text = json.dumps([seen.st_mtime_ns, seen.st_size])
    except OSError:
        text = "none"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
