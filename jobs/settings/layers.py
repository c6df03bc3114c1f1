"""Settings in layers: preset below, job file above it, command line on top, each value with its origin.

A layer is a nested mapping of plain values. Where two layers give the same key the upper one wins; mappings
are merged key by key. Errors name the place where a value was written.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import SettingsError

Loc = tuple[str | int, ...]
"""The way to a value: keys of mappings and indices of lists."""
Values = dict[str, object]
_MOST_LINES = 100
"""Faults that are told of one job."""


@dataclass(frozen=True)
class Origin:
    """Where a value was written."""

    name: str = ""
    """The file, or the option of the command line; empty where there is nothing to tell."""
    line: int = 0
    """Line of the file, from 1; 0 outside files."""

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, ready to be sorted and shown."""

    origin: Origin
    key: str
    """Dotted key, empty where the whole file is meant."""
    text: str
    """What was found and what would work."""

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.origin), self.key, self.text) if part)


@dataclass(frozen=True)
class Layer:
    """The values of one source of settings."""

    values: Values
    origins: Mapping[Loc, Origin] = field(default_factory=dict)
    """Origin of every key and list item; `()` is the layer as a whole."""
    folder: Path = field(default_factory=Path)
    """What relative paths in this layer are relative to."""

    def origin(self, loc: Loc) -> Origin:
        """Where the deepest part of `loc` that was written stands."""
        for length in range(len(loc), -1, -1):
            if loc[:length] in self.origins:
                return self.origins[loc[:length]]
        return Origin()


@dataclass(frozen=True)
class Lines:
    """Where every value of some settings was written; two of them always count as equal."""

    origins: Mapping[Loc, Origin] = field(default_factory=dict, compare=False)


def option_layer(values: Mapping[str, object], *, name: str = "") -> Layer:
    """A layer of values that the command line gives, keyed by dotted keys; paths are relative to the caller.

    Raises SettingsError where a key is both a value and a section.
    """
    nested: Values = {}
    for key, value in values.items():
        *sections, last = key.split(".")
        here = nested
        for section in sections:
            inner = here.setdefault(section, {})
            if not isinstance(inner, dict):
                raise SettingsError(
                    str(Fault(Origin(name), key, f"{section} is a value here, not a section"))
                )
            here = inner
        here[last] = value
    return Layer(nested, {(): Origin(name)}, Path.cwd())


def merge(layers: Sequence[Layer]) -> Layer:
    """One layer in which later layers win; its folder and whole-file origin are those of the last file.

    Mappings are merged key by key; anything else replaces what was below.
    """
    values: Values = {}
    origins: dict[Loc, Origin] = {}
    for layer in layers:
        _merge_into(values, layer.values, layer=layer, origins=origins, loc=())
    whole = next((layer for layer in reversed(layers) if layer.origin(()).line), Layer({}))
    return Layer(values, {(): whole.origin(()), **origins}, whole.folder)


def refuse(faults: Iterable[Fault], *, order: Sequence[str] = ()) -> None:
    """Raises one SettingsError with a line per fault, if any, sorted by file (in `order`) and line; of more than 100
    the first, and how many there are beside these."""

    def place(fault: Fault) -> tuple[int, int]:
        name = fault.origin.name
        return (order.index(name) if name in order else len(order), fault.origin.line)

    lines = list(dict.fromkeys(str(fault) for fault in sorted(faults, key=place)))
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"and {len(lines) - _MOST_LINES:,} more faults"]
    if lines:
        raise SettingsError.of_many(lines)


def _merge_into(
    below: Values, above: Mapping[str, object], *, layer: Layer, origins: dict[Loc, Origin], loc: Loc
) -> None:
    for key, value in above.items():
        here = (*loc, key)
        under = below.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            origins[here] = layer.origin(here)
            _merge_into(under, value, layer=layer, origins=origins, loc=here)
        else:
            for old in _inside(under, here):
                origins.pop(old, None)
            below[key] = copy.deepcopy(value)
            origins[here] = layer.origin(here)
            origins.update((loc, layer.origins[loc]) for loc in _inside(value, here) if loc in layer.origins)


def _inside(value: object, loc: Loc) -> Iterator[Loc]:
    """The way to a value and to everything in it."""
    yield loc
    inner: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, part in inner:
        yield from _inside(part, (*loc, key))
