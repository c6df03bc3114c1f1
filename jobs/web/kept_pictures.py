"""Small pictures that are asked for again and again: strips in the project's folder, takes in memory."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from jobs.projects.project import Project
from jobs.web.pictures import Pictures
from pipeline.atomic_files import publish

_MOST_TAKES = 16
"""Shots whose takes are kept, of about 1 MB each."""
_PARTS = ("grey", "colour")


@dataclass(frozen=True, kw_only=True)
class StripPictures:
    """The JPEGs of a shot; `color` is None where its colour is not rendered."""

    grey: bytes
    color: bytes | None


class KeptStrips:
    """Strips as files: `strips/000012-….grey.jpg`, one of colour beside it. They go when the preview changes."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    def find(self, project: Project, shot: int, *, source: dict[str, Any]) -> StripPictures:
        """The strip of a shot, from its files or made now. Raises as `Pictures.ask`."""
        paths = {
            part: project.folder / "strips" / f"{shot:06d}-{_stamp(project)}.{part}.jpg" for part in _PARTS
        }
        try:
            return StripPictures(grey=paths["grey"].read_bytes(), color=paths["colour"].read_bytes())
        except OSError:
            pass
        grey, color, _ = self._pictures.ask("strip", source=source, shot=shot)
        if color is not None:
            for old in (project.folder / "strips").glob(f"{shot:06d}-*.jpg"):
                old.unlink(missing_ok=True)
            for part, data in (("grey", grey), ("colour", color)):
                with publish(paths[part]) as partial:
                    partial.write_bytes(data)
        return StripPictures(grey=grey, color=color)


class KeptTakes:
    """The takes of the last shots."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: tuple[Hashable, ...], *, source: dict[str, Any], shot: int) -> Any:
        """The takes of a shot; `key` ends with their count and their seed. Raises as `Pictures.ask`."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        *_, count, seed = key
        made = self._pictures.ask("takes", source=source, shot=shot, count=count, seed=seed)
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
