"""Finds the chroma proxies that somebody kept or graded."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jobs.settings.output_paths import segment_folder
from pipeline.errors import SettingsError
from pipeline.media import Segment
from pipeline.messages import first_few


@dataclass(frozen=True)
class GradedProxies:
    """The proxies in a work folder (`segments/000012/proxy.*`) or a plain one (`000012.*`), which is listed once."""

    folder: Path

    def find(self, segment: Segment) -> Path:
        """The proxy of a segment. Raises SettingsError when there is none, or more than one."""
        own = segment_folder(self.folder, segment.index)
        name = own.name
        places = (own, self.folder / name)
        found = [path for place in places if place.is_dir() for path in sorted(place.glob("proxy.*"))]
        found += sorted(path for path in self._listed.get(name, ()) if path.is_file())
        found = [path for path in found if path.suffix != ".partial"]
        if len(found) == 1:
            return found[0]
        needed = f"one file {own}/proxy.* or {self.folder}/{name}.*"
        raise SettingsError(
            f"--from-proxy {self.folder}: segment {segment.index} (frames {segment.start} to {segment.end - 1}) needs "
            f"{needed}; found {first_few(path.name for path in found) or 'none'}"
        )

    @cached_property
    def _listed(self) -> Mapping[str, list[Path]]:
        """What lies in the folder itself, by its name up to the first dot."""
        found: dict[str, list[Path]] = {}
        for path in self.folder.glob("*.*"):
            found.setdefault(path.name.partition(".")[0], []).append(path)
        return found
