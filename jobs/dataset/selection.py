"""From the records of all films and stills to one set: no duplicates among them, each with its split.

A function of the records and the settings alone, taken in the order of names: it does not matter who read
which film when, or in how many processes.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jobs.dataset.inputs import InputFile
from jobs.dataset.records import KeptPicture, SourceFile, UnitRecord
from pipeline.dataset.dedup import HASH_THUMB_PX, DedupSettings, HashIndex, Thumb, is_same_picture
from pipeline.dataset.splits import FEWEST_TO_SPLIT, HeldOutSettings, SplitName, assign_splits


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A record with the files that it is of."""

    files: tuple[InputFile, ...]
    record: UnitRecord

    @property
    def is_film(self) -> bool:
        """Or stills."""
        return self.record.kind == "film"


class Picture(NamedTuple):
    """A stored picture with all that the set says of it."""

    kept: KeptPicture
    source: SourceFile
    time_base: str
    film: str
    """File name of the film or still."""
    origin: str
    licence: str
    split: SplitName
    is_still: bool


class Selection(NamedTuple):
    """What the set holds and what it would have held twice."""

    pictures: tuple[Picture, ...]
    duplicates: tuple[tuple[Picture, Picture], ...]
    """A picture that is left out, and the one that is kept instead."""


def select(entries: Sequence[Entry], *, dedup: DedupSettings, held_out: HeldOutSettings) -> Selection:
    """The set that the records make, in their order; of duplicates the first is kept.

    Only origins with pictures in the set count for the split.
    """
    index = HashIndex(distance=dedup.hash_distance)
    chosen: list[tuple[Entry, KeptPicture]] = []
    thumbs: list[Thumb] = []
    twice: list[tuple[Entry, KeptPicture, int]] = []
    for entry in entries:
        for kept in entry.record.kept:
            code, thumb = int(kept.dhash, 16), _thumb(kept)
            same = (n for n in index.find(code) if is_same_picture(thumb, thumbs[n], dedup))
            first = next(same, None)
            if first is not None:
                twice.append((entry, kept, first))
                continue
            index.add(code)
            chosen.append((entry, kept))
            thumbs.append(thumb)
    splits = _splits(chosen, held_out)
    pictures = tuple(_picture(entry, kept, splits) for entry, kept in chosen)
    duplicates = tuple((_picture(entry, kept, splits), pictures[first]) for entry, kept, first in twice)
    return Selection(pictures, duplicates)


def _thumb(kept: KeptPicture) -> Thumb:
    samples = np.frombuffer(base64.b64decode(kept.tiny), np.uint8)
    return samples.reshape(HASH_THUMB_PX, HASH_THUMB_PX, 3)


def _picture(entry: Entry, kept: KeptPicture, splits: dict[str, SplitName]) -> Picture:
    source, file = entry.record.sources[kept.source], entry.files[kept.source]
    own = source.sha256
    group = own if entry.is_film and own in splits else _origin(entry, file)
    return Picture(
        kept=kept,
        source=source,
        time_base=entry.record.time_base,
        film=Path(source.path).name,
        origin=file.origin or Path(kept.file).parent.name,
        licence=file.licence,
        split=splits.get(group, "train"),  # all of an origin may be duplicates
        is_still=not entry.is_film,
    )


def _splits(chosen: Sequence[tuple[Entry, KeptPicture]], settings: HeldOutSettings) -> dict[str, SplitName]:
    """A split for each origin, or each film where the films have fewer than three origins.

    Films and stills are each split so that either alone has all three; a film's split wins where they share
    an origin.
    """
    stills = {_origin(entry, entry.files[kept.source]) for entry, kept in chosen if not entry.is_film}
    films = [entry for entry, _ in chosen if entry.is_film]
    origins = {_origin(entry, entry.files[0]) for entry in films}
    if len(origins) < FEWEST_TO_SPLIT:
        origins = {entry.record.sources[0].sha256 for entry in films}
    return assign_splits(stills, settings=settings) | assign_splits(origins, settings=settings)


def _origin(entry: Entry, file: InputFile) -> str:
    """What a file shares with its relatives, as `pipeline.dataset.training_set` takes it.

    A film that says nothing of its origin has its own: its hash, for a name can change.
    """
    return file.origin.split(" : ")[0] or entry.record.sources[0].sha256
