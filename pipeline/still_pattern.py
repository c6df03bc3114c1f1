"""A film as numbered stills: `frames/%06d.dpx` is a pattern, and what it names must be there once, without a gap.

Only the name of the file holds the number; a `%` in the name of a folder is just a character.
"""

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.errors import SettingsError, SourceError

KINDS = {".dpx": "dpx", ".exr": "exr", ".png": "png", ".tif": "tiff", ".tiff": "tiff"}
"""FFmpeg's names of the codecs of stills that make a film, by suffix."""

_CONVERSION = re.compile(r"%[-+#0-9]*[A-Za-z]")
_NUMBER = re.compile(r"%(?:0([0-9]{1,2}))?d")
_MOST_NUMBER = 2**31 - 1
_MOST_DIGITS = 18
_TOLD_NUMBERS = 5
_BROADCAST = {
    "23.976": 24,
    "23.98": 24,
    "29.97": 30,
    "47.95": 48,
    "47.952": 48,
    "59.94": 60,
    "95.904": 96,
    "119.88": 120,
}
"""Rates that are written short for so many times 1000/1001."""
_MOST_RATE = 1000


def shares_metadata(kind: str, other: str) -> bool:
    """Whether stills of two kinds, by FFmpeg's names, have places for the same metadata."""
    return kind == other or {kind, other} == {"png", "tiff"}


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Where numbered stills are, and how their names are spelled."""

    folder: Path
    prefix: str
    width: int
    """Digits to which a number is filled up with zeros."""
    suffix: str

    @property
    def kind(self) -> str:
        """FFmpeg's name of the codec of the stills."""
        return KINDS[self.suffix.lower()]

    def path(self, number: int) -> Path:
        """The still of a number."""
        return self.folder / f"{self.prefix}{number:0{self.width}d}{self.suffix}"

    @property
    def for_ffmpeg(self) -> str:
        """The pattern as FFmpeg's `image2` reads it, absolute."""
        before = f"{self.folder.absolute()}/{self.prefix}".replace("%", "%%")
        return f"{before}%0{self.width}d{self.suffix}"


@dataclass(frozen=True, kw_only=True)
class StillSequence:
    """What a film of numbered stills is beside its pattern: frame n is still `first` + n."""

    first: int
    count: int
    rate: Fraction
    """Frames per second, as it was given: stills have no times."""
    sound: Path | None = None
    """The file that the film's other streams come from."""
    sound_streams: tuple[int, ...] = ()
    """The index in `sound` of each of the film's streams but the first, which is the picture."""


def is_pattern_name(path: Path) -> bool:
    """Whether a name asks for numbered stills, well or badly; `pipeline.target` looks whether a file is there."""
    return path.suffix.lower() in KINDS and _CONVERSION.search(path.name.replace("%%", "")) is not None


def looks_numbered(path: Path) -> bool:
    """Whether a name that is no pattern, for its suffix is no still's, was most likely meant to be one."""
    is_still = path.suffix.lower() in KINDS
    return not is_still and re.search(r"%0[0-9]+d|%d(\.[^.]*)?$", path.name) is not None


def parse_pattern(path: Path) -> Pattern:
    """The pattern in a path. Raises SettingsError unless its name holds one %d or %0Nd and nothing else after a %."""
    parts = re.split("(%%|%[-+#0-9]*.?)", path.name)
    found = [part for part in parts[1::2] if part != "%%"]
    match = _NUMBER.fullmatch(found[0]) if len(found) == 1 else None
    if match is None:
        what = f"{', '.join(found)} in it" if found else "no number in it"
        told = f"found {what}; one number, as in frames/%06d.dpx, would work"
        raise SettingsError(f"{path}: a pattern of numbered stills needs %d or %0Nd once in its name; {told}")
    place = parts.index(found[0])
    prefix, suffix = ("".join(half).replace("%%", "%") for half in (parts[:place], parts[place + 1 :]))
    if suffix.lower() not in KINDS:
        raise SettingsError(
            f"{path}: a number must stand right before the suffix, which must be one of {', '.join(KINDS)}"
        )
    return Pattern(folder=path.parent, prefix=prefix, width=int(match[1] or 1), suffix=suffix)


def find_numbers(path: Path) -> range:
    """The numbers of the stills that a pattern names, each of which is there once and is a file.

    Raises SettingsError for a pattern that is none, SourceError, one line with the numbers, where there is no still, a
    number is missing, or two files have one number.
    """
    pattern = parse_pattern(path)
    spelled = sorted(_files(path, pattern))
    numbers = {number for number, _ in spelled}
    if not numbers:
        raise SourceError(f"{path}: no still has such a name; check folder, name and number of digits")
    _refuse_twice(path, pattern, spelled)
    first, last = min(numbers), max(numbers)
    if last > _MOST_NUMBER:
        raise SourceError(f"{path}: number {last} is too large; numbers up to {_MOST_NUMBER} would work")
    if len(numbers) != last - first + 1:
        raise SourceError(f"{path}: {_missing(numbers, first, last)}")
    for number in (first, last) if len(numbers) > 1 else (first,):
        if not pattern.path(number).is_file():
            raise SourceError(f"{pattern.path(number)}: is no file; a still is needed")
    return range(first, last + 1)


def stills_in(path: Path) -> list[int]:
    """The numbers of the files that are there under names of the pattern, in order, none or with whatever gaps.

    Raises as `parse_pattern`; SourceError where the folder cannot be read.
    """
    pattern = parse_pattern(path)
    return sorted(number for number, name in _files(path, pattern) if pattern.path(number).name == name)


def parse_rate(text: str) -> Fraction:
    """Frames per second out of `24`, `24000/1001`, `16.5` or a short form such as `23.976`, exactly.

    Raises SettingsError for anything else, and for rates that are not above 0 or are above 1000.
    """
    text = text.strip()
    told = f"rate {text!r}: frames per second, such as 16, 18, 24, 23.976 or 24000/1001, would work"
    if text in _BROADCAST:
        return Fraction(_BROADCAST[text] * 1000, 1001)
    if not re.fullmatch(r"[0-9]{1,7}(/[0-9]{1,7}|\.[0-9]{1,6})?", text):
        raise SettingsError(told)
    try:
        rate = Fraction(text)
    except ZeroDivisionError:
        raise SettingsError(told) from None
    if not 0 < rate <= _MOST_RATE:
        raise SettingsError(told)
    return rate


def _files(path: Path, pattern: Pattern) -> Iterator[tuple[int, str]]:
    """Number and name of every file that would be of the pattern with more or fewer zeros, or in other letters."""
    name = re.compile(f"{re.escape(pattern.prefix)}([0-9]{{1,{_MOST_DIGITS}}}){re.escape(pattern.suffix)}")
    wide = re.compile(name.pattern, re.IGNORECASE)
    try:
        for entry in pattern.folder.iterdir():
            match = wide.fullmatch(entry.name)
            if match is not None and entry.name.startswith(pattern.prefix):
                yield int(match[1]), entry.name
    except OSError as error:
        hint = "; only the name of the file may hold the number" if "%" in str(pattern.folder) else ""
        raise SourceError(
            f"{path}: cannot read the folder {pattern.folder}: {error.strerror}{hint}"
        ) from error


def _refuse_twice(path: Path, pattern: Pattern, spelled: list[tuple[int, str]]) -> None:
    """SourceError where a number stands in more than one name, or in one that the pattern does not give."""
    twice = [
        f"{one} and {other}" for (number, one), (same, other) in itertools.pairwise(spelled) if number == same
    ]
    if twice:
        raise SourceError(
            f"{path}: {len(twice)} numbers are there twice: {_some(twice)}; keep one still of each"
        )
    odd = [name for number, name in spelled if pattern.path(number).name != name]
    if odd:
        raise SourceError(
            f"{path}: {len(odd)} stills have numbers with more or fewer digits: {_some(odd)}; rename them alike"
        )


def _missing(numbers: Collection[int], first: int, last: int) -> str:
    """Which numbers are not there, as ranges; looks at those that are there only, however wide the gap."""
    there = sorted(numbers)
    gaps = [(one + 1, other - 1) for one, other in itertools.pairwise(there) if other != one + 1]
    ranges = [f"{start}" if start == end else f"{start}-{end}" for start, end in gaps]
    count = last - first + 1 - len(there)
    what = "still is" if count == 1 else "stills are"
    return f"{count} {what} missing between {first} and {last}: {_some(ranges)}; put them back, or renumber"


def _some(names: list[str]) -> str:
    more = len(names) - _TOLD_NUMBERS
    return ", ".join(names[:_TOLD_NUMBERS]) + (f" and {more} more" if more > 0 else "")
