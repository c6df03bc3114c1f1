"""The types of value that an option of an encoder may have. None of them can be a path.

Each type checks a text and describes what is wrong with it. A text that passes holds no quote, backslash or blank,
which FFmpeg would treat as syntax.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_RATE = re.compile(r"([0-9]{1,18})([kM]?)", re.ASCII)
_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000}
_MOST_NAMES = 12
"""Names that a message lists where none is similar."""
_MOST_FAULTS = 20
"""Faults of one list of parameters that a message lists."""


class OptionValue(Protocol):
    """What an option may be set to."""

    def fault(self, text: str) -> str | None:
        """What was found and what would work, as one line; None where `text` is valid."""


@dataclass(frozen=True)
class Whole:
    """A whole number in a range, both ends included, or one of some names for numbers."""

    low: int
    high: int
    names: tuple[str, ...] = ()

    def fault(self, text: str) -> str | None:
        """See `OptionValue`."""
        if text in self.names or (_WHOLE.fullmatch(text) and self.low <= int(text) <= self.high):
            return None
        return value_fault(text, ", ".join((f"a whole number from {self.low} to {self.high}", *self.names)))


@dataclass(frozen=True)
class Decimal:
    """A number in a range, both ends included."""

    low: float
    high: float

    def fault(self, text: str) -> str | None:
        """See `OptionValue`."""
        if _DECIMAL.fullmatch(text) and self.low <= float(text) <= self.high:
            return None
        return value_fault(text, f"a number from {self.low:g} to {self.high:g}")


@dataclass(frozen=True)
class Rate:
    """A number of bits, or of bits per second: 5000000, 5000k or 5M."""

    high: int = 10_000_000_000

    def fault(self, text: str) -> str | None:
        """See `OptionValue`."""
        match = _RATE.fullmatch(text)
        if match and int(match[1]) * _FACTORS[match[2]] <= self.high:
            return None
        return value_fault(text, f"bits from 0 to {self.high}, as 5000000, 5000k or 5M,")


class Choice:
    """One of some names."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def fault(self, text: str) -> str | None:
        """See `OptionValue`."""
        if text in self._names:
            return None
        return value_fault(text, ", ".join(self._names)) + nearest_name(text, self._names)


class Several:
    """One or more of some names, with commas between them."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def fault(self, text: str) -> str | None:
        """See `OptionValue`."""
        if all(name in self._names for name in text.split(",")):
            return None
        return value_fault(text, f"any of {', '.join(self._names)}, with commas between them,")


@dataclass(frozen=True)
class Numbers:
    """Up to `most` numbers of one range, both ends included, with commas or colons between them."""

    most: int
    low: float
    high: float

    def fault(self, text: str) -> str | None:
        """See `OptionValue`."""
        parts = re.split("[,:]", text, maxsplit=self.most)
        if len(parts) <= self.most and not any(map(Decimal(self.low, self.high).fault, parts)):
            return None
        return value_fault(text, f"up to {self.most} numbers from {self.low:g} to {self.high:g}, as 0,0,")


@dataclass(frozen=True)
class Pattern:
    """A text of one form, which must be too narrow for the name of a file."""

    form: str
    """A regular expression that the whole text must match."""
    example: str

    def fault(self, text: str) -> str | None:
        """See `OptionValue`."""
        return (
            None
            if re.fullmatch(self.form, text, re.ASCII)
            else value_fault(text, f"the form of {self.example}")
        )


@dataclass(frozen=True)
class Parameters:
    """`name=value` pairs with colons between them, which an encoder takes in one option."""

    known: Mapping[str, OptionValue]
    bare: bool = False
    """Whether a name alone means `name=1`."""

    def fault(self, text: str) -> str | None:
        """See `OptionValue`."""
        faults = (fault for part in text.split(":") if (fault := self._fault(part)) is not None)
        return "; ".join(islice(faults, _MOST_FAULTS)) or None

    def _fault(self, part: str) -> str | None:
        name, equals, value = part.partition("=")
        if not equals and not self.bare:
            return value_fault(part, "name=value, with colons between such pairs,")
        spelt = name.replace("_", "-")
        kind = self.known.get(spelt)
        if kind is None and spelt.startswith("no-") and self.known.get(spelt[3:]) is SWITCH:
            kind = SWITCH
        message = name_fault(name, self.known) if kind is None else kind.fault(value if equals else "1")
        return None if message is None else f"{name[:60]}: {message}"


SWITCH = Choice("0", "1", "false", "true", "no", "yes", "auto")
"""On or off."""


def value_fault(text: str, works: str) -> str:
    """The message for a value that is not valid; `works` says which values are."""
    return f"found {text[:60]!r}; {works} would work"


def name_fault(name: str, known: Iterable[str]) -> str:
    """The message for an option that may not be set, with the nearest or the first of the `known` ones."""
    first = list(islice(known, _MOST_NAMES + 1))
    listed = ", ".join([*first[:_MOST_NAMES], "…"] if len(first) > _MOST_NAMES else first)
    return f"not on the list of what may be set{nearest_name(name, known) or f'; {listed} would work'}"


def nearest_name(text: str, known: Iterable[str]) -> str:
    """`; did you mean '…'?` with the known name most like `text`; empty where none is similar."""
    names = difflib.get_close_matches(text[:100].lower(), list(known), 1, cutoff=0.6)
    return f"; did you mean {names[0]!r}?" if names else ""
