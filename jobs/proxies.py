"""Chroma proxies that somebody kept or graded: which file belongs to which segment."""

from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.media import Segment
from pipeline.shortlist import first_few


def find_graded(folder: Path, segment: Segment) -> Path:
    """The proxy of a segment in a work folder (`segments/000012/proxy.*`) or a plain one (`000012.*`).

    Raises SettingsError when there is none, or more than one.
    """
    name = f"{segment.index:06d}"
    places = (folder / "segments" / name, folder / name)
    found = [path for place in places if place.is_dir() for path in sorted(place.glob("proxy.*"))]
    found += sorted(path for path in folder.glob(f"{name}.*") if path.is_file())
    found = [path for path in found if path.suffix != ".partial"]
    if len(found) == 1:
        return found[0]
    wanted = f"one file {folder}/segments/{name}/proxy.* or {folder}/{name}.*"
    raise SettingsError(
        f"--from-proxy {folder}: segment {segment.index} (frames {segment.start} to {segment.end - 1}) needs "
        f"{wanted}; found {first_few(path.name for path in found) or 'none'}"
    )
