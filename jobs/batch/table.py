"""What became of a batch, as a table for people: a line for each film and for whatever failed, stills by folder."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from jobs.batch.inputs import others_line
from jobs.batch.results import BatchResult, WorkResult, without_name
from jobs.progress.rates import clock
from jobs.progress.reporters import one_line

_LONGEST_NAME = 44


def as_table(result: BatchResult, *, index: Path | None = None) -> str:
    """Lines of state, name and what there is to say, then the counts; `index` is the page of all reports."""
    rows = [*_stills(result), *_films(result)]
    width = max((len(row[1]) for row in rows), default=0)
    lines = [f"{state:<8} {name:<{width}}  {what}".rstrip() for state, name, what in rows]
    if lines:
        lines.append("")
    lines.append(count_line(result))
    if result.others:
        lines.append(f"left alone, neither film nor still: {others_line(result.others)}")
    if index is not None:
        lines.append(f"all reports: {index}")
    return "\n".join(lines) + "\n"


def count_line(result: BatchResult) -> str:
    """`12 films: 10 done, 1 done before, 1 failed; 65 stills: 65 done`."""
    parts = []
    for what, is_film in (("still", False), ("film", True)):
        some = [one for one in result.results if one.is_film == is_film]
        states = Counter(map(_state, some))
        counts = ", ".join(
            f"{count} {state}" for state in ("done", "kept", "failed") if (count := states[state])
        )
        counts = counts.replace("kept", "done before")
        if some:
            parts.append(f"{len(some):,} {what}{'s' if len(some) > 1 else ''}: {counts}")
    return "; ".join(reversed(parts))


def _films(result: BatchResult) -> Iterator[tuple[str, str, str]]:
    for one in result.results:
        if one.is_film:
            yield _state(one), _name(one, result.output), _what(one)


def _stills(result: BatchResult) -> Iterator[tuple[str, str, str]]:
    """A line for each folder and state; one for each still that failed."""
    groups: Counter[tuple[str, Path]] = Counter()
    for one in result.results:
        if not one.is_film and one.error is None:
            groups[_state(one), one.output.parent] += 1
    for (state, folder), count in groups.items():
        where = os.path.relpath(folder, result.output)
        name = f"{count:,} still{'s' if count > 1 else ''}"
        yield (
            state,
            _short(name if where == "." else f"{where}/: {name}"),
            "done before" if state == "kept" else "",
        )
    for one in result.results:
        if not one.is_film and one.error is not None:
            yield "failed", _name(one, result.output), one_line(without_name(one.error, one.source))


def _state(one: WorkResult) -> str:
    return "failed" if one.error is not None else "kept" if one.done_before else "done"


def _name(one: WorkResult, output: Path) -> str:
    return _short(one_line(one.source.name if one.error else os.path.relpath(one.output, output)))


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:20]}…{name[-(_LONGEST_NAME - 21) :]}"


def _what(one: WorkResult) -> str:
    if one.error is not None:
        return one_line(without_name(one.error, one.source))
    frames, seconds = one.details.get("frames"), one.details.get("seconds")
    parts = ["done before"] if one.done_before else []
    if isinstance(frames, int):
        parts.append(f"{frames:,} frames")
    if isinstance(seconds, int | float) and not one.done_before:
        parts.append(clock(seconds))
    lost = one.details.get("lost")
    return ", ".join([*parts, *([f"{len(lost)} streams left out"] if lost else [])])
