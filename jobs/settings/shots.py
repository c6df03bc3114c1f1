"""Ranges of whole numbers as queues and farms write them: `3-7,12`, `0-99:2`. Both ends are included.

A range names shots, from 0. It may reach past the film's last shot, for farms give upper bounds: then it says so,
and names the shots that there are.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.errors import SettingsError

_PART = re.compile(
    r"(?P<first>[0-9]{1,18})(?:\s*-\s*(?P<last>[0-9]{1,18})(?:\s*:\s*(?P<step>[0-9]{1,18}))?)?"
)
_EXAMPLE = "write it as 3-7,12 or 0-99:2"


@dataclass(frozen=True)
class Ranges:
    """Which numbers are meant; made by `parse_ranges`."""

    parts: tuple[range, ...]

    def pick(self, count: int) -> tuple[int, ...]:
        """The numbers below `count`, each once, rising. Costs no more than what it returns."""
        found: set[int] = set()
        for part in self.parts:
            found.update(range(part.start, min(part.stop, count), part.step))
        return tuple(sorted(found))

    def reaches_past(self, count: int) -> bool:
        """Whether a number is `count` or more."""
        return any(part[-1] >= count for part in self.parts)


def parse_ranges(text: str) -> Ranges:
    """The numbers that `a`, `a-b`, `a-b:step` and lists of them, set apart by commas, name; spaces do not count.

    Raises SettingsError, one line that quotes the faulty part.
    """
    return Ranges(tuple(_parse_part(part.strip(), text) for part in text.split(",")))


def format_ranges(numbers: Iterable[int]) -> str:
    """Numbers as the shortest list of `a-b` that `parse_ranges` reads back: 3, 4, 5, 9 gives `3-5,9`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _parse_part(part: str, text: str) -> range:
    match = _PART.fullmatch(part)
    if match is None:
        found = repr(part) if part else "nothing" if not text.strip() else f"an empty part in {text!r}"
        raise SettingsError(f"range: found {found}; {_EXAMPLE}")
    first, last, step = int(match["first"]), int(match["last"] or match["first"]), int(match["step"] or 1)
    if last < first:
        raise SettingsError(f"range: {part!r} runs backwards; {last}-{first} would work")
    if step < 1:
        raise SettingsError(f"range: {part!r} has a step of 0; 1 or more would work")
    return range(first, last + 1, step)
