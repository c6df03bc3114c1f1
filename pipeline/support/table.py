"""The table of source kinds: what happens to each (kept, converted, refused), and why.

Messages take from it what would work instead of a refused kind, the tests make a film for every row, and the README
shows the table. A row promises what `archival` does, unless it names another preset or container.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pipeline.support.kind import Kind
from pipeline.support.pictures import FIELDS, PICTURES, TIMES
from pipeline.support.streams import FILES, STREAMS

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (*PICTURES, *FIELDS, *TIMES, *STREAMS, *FILES)}
)
"""The table, by name, in the order in which it is shown."""


def cure(name: str) -> str:
    """What would work instead of a source of that kind, for the line with which it is refused."""
    return KINDS[name].cure


def markdown() -> str:
    """The table as the page of sources shows it."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| source | kept | converted | refused | why |"
    yield "| --- | --- | --- | --- | --- |"
    for kind in KINDS.values():
        yield f"| {' | '.join((kind.title, *kind.cells))} |".replace("|  |", "| |").replace("|  |", "| |")
