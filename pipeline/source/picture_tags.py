"""What changes from picture to picture of a film, and is said only once of a finished one.

Broadcasts go from 4:3 to 16:9 and back, cameras change the format of their pictures, editors join what does not
belong together. What most pictures say holds for the film; the rest is on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pipeline.media import FilmInfo

TAG_NAMES = ("sample aspect", "range", "matrix", "primaries", "transfer", "pixel format", "orientation")
"""What pictures say of themselves."""
_TOLD_CHANGES = 3


@dataclass(frozen=True, kw_only=True)
class TagChange:
    """A picture that says something else than the one before."""

    name: str
    """What changes: `sample aspect`, `range`, `matrix`, `primaries`, `transfer`, `pixel format` or `orientation`."""
    frame: int
    pts: int
    after: str


@dataclass(frozen=True, kw_only=True)
class PictureTags:
    """What the pictures of a film say, where they do not all say the same, and what is left out of them."""

    first: Mapping[str, str]
    """Of each name that changes: what the first picture says."""
    most: Mapping[str, str]
    """Of each name that changes: what most pictures say."""
    changes: tuple[TagChange, ...]
    """By frame; the first 200."""
    left_out: tuple[str, ...] = ()
    """What the pictures carry beside their samples, in words."""

    def lines(self, time_base: Fraction) -> tuple[str, ...]:
        """A line for each name that changes."""
        return tuple(self._line(name, time_base) for name in TAG_NAMES if name in self.first)

    def _line(self, name: str, time_base: Fraction) -> str:
        found = [change for change in self.changes if change.name == name]
        told = [
            f"{change.after} from frame {change.frame} on ({float(change.pts * time_base):.3f} s)"
            for change in found[:_TOLD_CHANGES]
        ]
        more = len(found) - len(told)
        told += [f"and {more} more changes"] if more else []
        held = "the luma is kept, the chroma made anew in one format"
        if name != "pixel format":
            held = f"the whole film is marked {self.most[name]}"
        return f"the {name} changes, {self.first[name]}, {', '.join(told)}: {held}"


def as_tagged(film: FilmInfo, tags: PictureTags | None) -> FilmInfo:
    """The film as most of its pictures describe themselves; None: they all say the same, or nobody looked.

    An aspect that the container gives, and the first picture does not, holds as it is.
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
    return replace(film, color=replace(film.color, **changed)) if changed else film


def _fraction(aspect: str) -> Fraction:
    wide, _, high = aspect.partition(":")
    return Fraction(int(wide), int(high))
