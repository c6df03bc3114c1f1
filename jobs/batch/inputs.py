"""Finds the films and stills that a command is about, and where each goes; what is neither is listed too."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from jobs.progress.reporters import one_line
from jobs.settings.output_paths import is_bag
from pipeline.errors import OutputError, SettingsError, SourceError
from pipeline.messages import first_few
from pipeline.target import STILL_FORMATS, kind_by_name, target_of

_FEWEST_NUMBERED = 24


@dataclass(frozen=True, kw_only=True)
class Work:
    """A film or a still, and what it becomes."""

    source: Path
    output: Path
    kind: Literal["film", "still"]
    bytes: int
    """Size of the source."""

    @property
    def is_film(self) -> bool:
        """Whether it is a film."""
        return self.kind == "film"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is to do, and what was left alone."""

    works: tuple[Work, ...]
    """Stills first, then films, each by path."""
    others: tuple[Path, ...]
    """Files that are neither film nor still by their names."""
    hints: tuple[str, ...] = ()
    """What the user may not have meant."""


def find_works(sources: Sequence[Path], output: Path, *, suffix: str, made: Collection[Path] = ()) -> Found:
    """Everything in `sources`, files or folders with all below them, and where in the folder `output` it goes.

    A folder's tree is kept. Films get `suffix`, stills keep theirs. Hidden files, what lies in `output`, bags, and the
    files of `made` (outputs of earlier runs) are no inputs. Raises SourceError where a source is missing or holds
    neither film nor still, OutputError for an output that is a source, SettingsError for two of one output.
    """
    works, others = list[Work](), list[Path]()
    for source in sources:
        found = list(_in_folder(source, output, made)) if source.is_dir() else [source]
        if not source.is_dir() and not source.exists():
            raise SourceError(f"cannot read {source}: {_missing(source)}")
        root = source if source.is_dir() else source.parent
        before = len(works)
        for path in found:
            kind = _kind(path, is_named=path == source)
            if kind is None:
                others.append(path)
                continue
            home = output / path.relative_to(root).parent
            name = f"{path.stem}{suffix}" if kind == "film" else _still_name(path)
            works.append(Work(source=path, output=home / name, kind=kind, bytes=path.stat().st_size))
        if len(works) == before:
            raise SourceError(f"cannot read {source}: no film and no still in it{_named(others)}")
    works = _named_apart(works)
    works.sort(key=lambda work: (work.is_film, work.source))
    _refuse_clashes(works)
    return Found(works=tuple(works), others=tuple(others), hints=tuple(_hints(works)))


def others_line(others: Sequence[Path]) -> str:
    """How many files there are of each suffix, or their names where they are few."""
    if len(others) <= 3:
        return one_line(first_few(path.name for path in others))
    kinds = Counter(path.suffix.lower() or "no suffix" for path in others)
    counted = first_few(f"{count} {suffix}" for suffix, count in kinds.most_common())
    return one_line(f"{len(others):,} files ({counted})")


def _in_folder(folder: Path, output: Path, made: Collection[Path]) -> Iterator[Path]:
    """The files in a folder and below it, without what is hidden or made by us."""
    kept_out, own = output.resolve(), {path.resolve() for path in made}
    for at, folders, names in os.walk(folder):
        here = Path(at)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != kept_out and not is_bag(here / name)
        )
        for name in sorted(names):
            path = here / name
            is_record = (
                name.endswith((".report.json", ".report.html")) and output.resolve() == folder.resolve()
            )
            if not name.startswith(".") and path.resolve() not in own and not is_record:
                yield path


def _kind(path: Path, *, is_named: bool) -> Literal["film", "still"] | None:
    """A film or a still by its name; a file that the user named is a film whatever its suffix."""
    if not path.is_file():
        return None
    return kind_by_name(path) or ("film" if is_named else None)


def _still_name(path: Path) -> str:
    """A still keeps its name; one of a format that is not written becomes a PNG."""
    return path.name if path.suffix.lower() in STILL_FORMATS else f"{path.stem}.png"


def _named_apart(works: Sequence[Work]) -> list[Work]:
    """Where a folder has other stills of that stem, `a.webp` becomes `a.webp.png`, not `a.png`."""
    stems = Counter(work.output.with_suffix("") for work in works if not work.is_film)
    return [
        replace(work, output=work.output.with_name(f"{work.source.name}.png"))
        if not work.is_film
        and work.source.suffix.lower() not in STILL_FORMATS
        and stems[work.output.with_suffix("")] > 1
        else work
        for work in works
    ]


def _missing(source: Path) -> str:
    if target_of(source).is_numbered:
        return "numbered stills are one film; they go in a command of their own"
    return "no such file or folder"


def _named(others: Iterable[Path]) -> str:
    names = first_few(path.name for path in others)
    return f" (it holds {names})" if names else ""


def _refuse_clashes(works: Sequence[Work]) -> None:
    """Raises where an output is a source, or that of two sources; every such pair is named."""
    sources = {work.source.resolve() for work in works}
    taken: dict[Path, Path] = {}
    faults = []
    for work in works:
        if work.output.resolve() in sources:
            raise OutputError(f"cannot write {work.output}: it is a source; another output folder would work")
        other = taken.setdefault(work.output, work.source)
        if other != work.source:
            faults.append(
                f"{other} and {work.source} would both become {work.output}; colour them into two folders"
            )
    if faults:
        raise SettingsError.of_many(faults)


def _hints(works: Sequence[Work]) -> Iterator[str]:
    """Folders of stills that look like a film."""
    runs: dict[tuple[Path, str, str, int], set[int]] = {}
    for work in works:
        match = None if work.is_film else re.fullmatch(r"(.*?)([0-9]{3,})", work.source.stem)
        if match is not None:
            key = (work.source.parent, match[1], work.source.suffix, len(match[2]))
            runs.setdefault(key, set()).add(int(match[2]))
    for (folder, prefix, suffix, digits), numbers in runs.items():
        if len(numbers) >= _FEWEST_NUMBERED and max(numbers) - min(numbers) + 1 == len(numbers):
            pattern = folder / f"{prefix}%0{digits}d{suffix}"
            yield (
                f"{folder}: {len(numbers)} numbered stills are coloured one by one; "
                f"if they are a film, `kinochrome colorize {pattern} --rate 24 -o …` makes it one"
            )
