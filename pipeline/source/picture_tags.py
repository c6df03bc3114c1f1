"""Tags that change from picture to picture of a source, while the finished film can have only one value of each.

Broadcasts go from 4:3 to 16:9 and back, cameras change the pixel format, editors join unlike material. The film gets
the value that most pictures have; the changes are listed in the report.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pipeline.media import FilmInfo, Orientation

TAG_NAMES = ("sample aspect", "range", "matrix", "primaries", "transfer", "pixel format", "orientation")
"""The tags of a picture that are compared."""
_LISTED_CHANGES = 3


@dataclass(frozen=True, kw_only=True)
class TagChange:
    """A picture that has another value of a tag than the picture before it."""

    name: str
    """The tag: one of `TAG_NAMES`."""
    frame: int
    """Number of the picture, from 0."""
    pts: int
    after: str
    """The value from this picture on, in words or FFmpeg's name."""


@dataclass(frozen=True, kw_only=True)
class PictureTags:
    """The tags that change within a film, and the metadata of its pictures that is not carried over."""

    first: Mapping[str, str]
    """The value in the first picture, of each tag that changes."""
    most: Mapping[str, str]
    """The value that most pictures have, of each tag that changes."""
    changes: tuple[TagChange, ...]
    """In the order of the frames; the first 200."""
    left_out: tuple[str, ...] = ()
    """Side data of pictures that the finished film does not have, e.g. closed captions; a phrase each."""

    def lines(self, time_base: Fraction) -> tuple[str, ...]:
        """One line for the report for each tag that changes."""
        return tuple(self._line(name, time_base) for name in TAG_NAMES if name in self.first)

    def _line(self, name: str, time_base: Fraction) -> str:
        found = [change for change in self.changes if change.name == name]
        listed = [
            f"{change.after} from frame {change.frame} on ({float(change.pts * time_base):.3f} s)"
            for change in found[:_LISTED_CHANGES]
        ]
        more = len(found) - len(listed)
        listed += [f"and {more} more changes"] if more else []
        result = "the luma is kept, the chroma made anew in one format"
        if name != "pixel format":
            result = f"the whole film is marked {self.most[name]}"
        return f"the {name} changes, {self.first[name]}, {', '.join(listed)}: {result}"


def as_tagged(film: FilmInfo, tags: PictureTags | None) -> FilmInfo:
    """The film with the tags that most of its pictures have; `tags` is None where all pictures have the same.

    A tag that the film has from its container, not from its first picture, stays as it is.
    """
    if tags is None:
        return film
    aspect = tags.most.get("sample aspect")
    if aspect is not None and _fraction(tags.first["sample aspect"]) == film.sample_aspect:
        film = replace(film, sample_aspect=_fraction(aspect))
    changed: dict[str, Any] = {
        name: tags.most[name]
        for name in ("range", "matrix", "primaries", "transfer")
        if name in tags.most and tags.first[name] == getattr(film.color, name)
    }
    turn = tags.most.get("orientation")
    if turn is not None and tags.first["orientation"] == told_orientation(film.orientation):
        film = replace(film, orientation=_orientation(turn))
    return replace(film, color=replace(film.color, **changed)) if changed else film


def told_orientation(orientation: Orientation) -> str:
    """In words; `upright` where the picture is shown as it is stored."""
    return str(orientation) or "upright"


def _orientation(words: str) -> Orientation:
    """That which `told_orientation` tells."""
    found = re.search(r"turned by (\S+) degrees", words)
    return Orientation(degrees=float(found[1]) if found else 0.0, is_mirrored="mirrored" in words)


def _fraction(aspect: str) -> Fraction:
    """`4:3` as a number."""
    wide, _, high = aspect.partition(":")
    return Fraction(int(wide), int(high))
