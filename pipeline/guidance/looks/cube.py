"""Colour tables in .cube files (Adobe, "Cube LUT Specification", version 1.0, 2013): read, and looked up.

A table has a value for every channel (1D) or for every colour of a grid (3D, red changes fastest). Lookup in a grid
is tetrahedral, which keeps greys as grey as the table has them.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np

from pipeline.color.colorimetry import Floats
from pipeline.errors import SettingsError
from pipeline.regular_file import refuse_special_file

_MOST_BYTES = 64 << 20
"""Of a file; a grid of 129 takes some 58 MB."""
_LONGEST_LINE = 1000
"""Characters; the specification allows 250."""
_MOST_VALUE = 1e6
"""What is larger is no colour, and a domain of it would leave the precision of the arithmetic."""
_SIZES = {"LUT_1D_SIZE": (2, 65536), "LUT_3D_SIZE": (2, 256)}
_DOMAIN = {"DOMAIN_MIN": (0.0, 0.0, 0.0), "DOMAIN_MAX": (1.0, 1.0, 1.0)}
_NO_NUMBERS = frozenset({"nan", "inf", "infinity"})
"""Values, though wrong ones, and not keywords."""
_LONGEST_SHOWN = 40

_BLOCK_LINES = 4096

Header = dict[str, tuple[float, ...]]
"""What follows each keyword."""
Line = tuple[int, str]
"""A line's number, from 1, and its text."""


@dataclass(frozen=True, eq=False)
class CubeLut:
    """A table from RGB to RGB."""

    table: Floats
    """(n, 3) for 1D; (n, n, n, 3) for 3D, by blue, green and red."""
    domain: Floats
    """(2, 3): the least and the greatest R, G and B that the table is for."""

    def apply(self, rgb: Floats) -> Floats:
        """The values (..., 3) for RGB (..., 3), interpolated; what lies outside the domain counts as its edge."""
        least, most = self.domain
        place = ((rgb - least) / (most - least)).clip(0, 1) * np.float32(len(self.table) - 1)
        if self.table.ndim == 2:
            steps = np.arange(len(self.table))
            channels = [np.interp(place[..., c], steps, self.table[:, c]) for c in range(3)]
            return np.stack(channels, axis=-1).astype(np.float32)
        return self._in_grid(place.reshape(-1, 3)).reshape(rgb.shape)

    def _in_grid(self, place: Floats) -> Floats:
        """For places (N, 3) in the grid: from the lower corner of a cell to the upper, the axis of most share first."""
        size = len(self.table)
        cell = np.minimum(place.astype(np.intp), size - 2)
        share = place - cell
        strides = np.array([1, size, size * size])
        order = np.argsort(-share, axis=1, kind="stable")
        sorted_share = np.take_along_axis(share, order, axis=1)
        flat = self.table.reshape(-1, 3)
        index = cell @ strides
        result: Floats = flat[index] * (1 - sorted_share[:, :1])
        for step in range(3):
            index += strides[order[:, step]]
            following = sorted_share[:, step + 1] if step < 2 else np.float32(0)
            result += flat[index] * (sorted_share[:, step] - following)[:, None]
        return result


def read_cube(path: Path) -> CubeLut:
    """The table in a file. Raises SettingsError, one line that names file and line, for whatever is wrong with it."""
    lines = _lines(path)
    header, first = _read_header(lines, path)
    kind, row_count = _size(header, path)
    domain = _domain(header, path)
    parts: list[Floats] = []
    found = 0
    lines = chain(first, lines)
    while block := list(islice(lines, _BLOCK_LINES)):
        if found + len(block) > row_count:
            number, _ = block[row_count - found]
            raise SettingsError(
                f"look {path}, line {number}: one line of values too many; {kind} makes it {row_count:,}"
            )
        parts.append(_read_rows(block, path))
        found += len(block)
    if found != row_count:
        raise SettingsError(
            f"look {path}: ends after {found:,} lines of values; {kind} makes it {row_count:,}"
        )
    table: Floats = np.concatenate(parts)
    if "LUT_3D_SIZE" in header:
        size = int(header["LUT_3D_SIZE"][0])
        table = table.reshape(size, size, size, 3)
    return CubeLut(table=table, domain=domain)


def _read_header(lines: Iterator[Line], path: Path) -> tuple[Header, list[Line]]:
    """The keywords, and the first line of values, if there is one."""
    header: Header = {}
    for number, line in lines:
        place, words = f"look {path}, line {number}", line.split()
        if not _is_keyword(words):
            _three(words, place)
            return header, [(number, line)]
        _read_keyword(words, header, place)
    return header, []


def _read_rows(block: list[Line], path: Path) -> Floats:
    """(N, 3) of lines of values; one that is wrong is looked for only where there must be one."""
    with suppress(ValueError):
        rows = np.loadtxt([line for _, line in block], comments=None, ndmin=2)
        if rows.shape == (len(block), 3) and (np.abs(rows) <= _MOST_VALUE).all():
            return rows.astype(np.float32)
    return np.array([_row(line.split(), f"look {path}, line {number}") for number, line in block], np.float32)


def _row(words: list[str], place: str) -> tuple[float, ...]:
    if _is_keyword(words):
        raise SettingsError(f"{place}: {_shown(' '.join(words))} must come before the values")
    return _three(words, place)


def _lines(path: Path) -> Iterator[Line]:
    """Each line with its number, without comments and empty lines; none is longer than a reader must take, by far."""
    refuse_special_file(path, SettingsError)
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise SettingsError(
                f"look {path}: has {size / 1e6:,.0f} MB, {_MOST_BYTES / 1e6:.0f} MB at most are read; "
                "a grid of 65 would work"
            )
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE + 1):
                number += 1
                if len(line) > _LONGEST_LINE or "\0" in line:
                    raise SettingsError(
                        f"look {path}, line {number}: is no text of numbers; a .cube file of the Cube LUT "
                        "specification 1.0 works"
                    )
                if not line.isspace() and not line.lstrip().startswith("#"):
                    yield number, line
    except OSError as error:
        raise SettingsError(f"look {path}: cannot be read: {error.strerror or error}") from error


def _read_keyword(words: list[str], header: Header, place: str) -> None:
    name = words[0]
    if name != "TITLE" and name in header:
        raise SettingsError(f"{place}: {name} comes a second time")
    if name == "TITLE":
        header[name] = ()
    elif name in _DOMAIN:
        header[name] = _three(words[1:], place)
    elif name in _SIZES:
        least, most = _SIZES[name]
        size = " ".join(words[1:])
        if not size.isdecimal() or len(size) > 9 or not least <= int(size) <= most:
            raise SettingsError(
                f"{place}: {name} {_shown(size)}: a whole number from {least} to {most} works"
            )
        header[name] = (int(size),)
    else:
        raise SettingsError(
            f"{place}: {_shown(name)} is no keyword of the Cube LUT specification 1.0; "
            f"TITLE, {', '.join([*_SIZES, *_DOMAIN])} are"
        )


def _size(header: Header, path: Path) -> tuple[str, int]:
    """The keyword with its number, and how many lines of values it announces."""
    named = [name for name in _SIZES if name in header]
    if len(named) != 1:
        found = "a 1D and a 3D table" if named else "no LUT_1D_SIZE and no LUT_3D_SIZE"
        raise SettingsError(f"look {path}: has {found} in front of its values; one of the two works")
    size = int(header[named[0]][0])
    return f"{named[0]} {size}", size**3 if named[0] == "LUT_3D_SIZE" else size


def _domain(header: Header, path: Path) -> Floats:
    least, most = (header.get(name, usual) for name, usual in _DOMAIN.items())
    if not all(low < high for low, high in zip(least, most, strict=True)):
        raise SettingsError(f"look {path}: DOMAIN_MIN {least} is not below DOMAIN_MAX {most} in each channel")
    return np.array([least, most], np.float32)


def _is_keyword(words: list[str]) -> bool:
    return words[0][0].isalpha() and words[0].lower() not in _NO_NUMBERS


def _three(words: list[str], place: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(word) for word in words)
    except ValueError:
        numbers = ()
    if len(numbers) != 3 or not all(abs(number) <= _MOST_VALUE for number in numbers):
        raise SettingsError(f"{place}: three finite numbers must stand here, not {_shown(' '.join(words))}")
    return numbers


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
