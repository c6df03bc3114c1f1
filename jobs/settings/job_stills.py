"""Numbered stills in a job: what the file system shows to be wrong with them before anything is opened."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import KinochromeError, SettingsError, SourceError
from pipeline.still_pattern import KINDS, find_numbers, looks_numbered, parse_rate
from pipeline.target import RAW_SUFFIXES, Target, foreign_files, target_of

_TOLD_NAMES = 3


def rate_text(value: object) -> object:
    """A rate as it is kept: an exact fraction in its shortest form. Raises SettingsError for a number that is none."""
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return str(parse_rate(str(value)))
    return value


def is_numbered(path: object) -> bool:
    """Whether an input or output, as it stands in a layer, is a pattern of numbered stills."""
    return isinstance(path, str) and target_of(Path(path)).is_numbered


def input_faults(path: Path) -> Iterator[str]:
    """What is wrong with the pattern `path`: its spelling, numbers that are missing or there twice."""
    try:
        find_numbers(path)
    except KinochromeError as error:
        yield str(error)


def name_faults(path: Path) -> Iterator[str]:
    """What is wrong with a name that looks like a pattern, but has the suffix of none."""
    if looks_numbered(path):
        yield f"found {path}: numbered stills can be {', '.join(KINDS)}"


def key_faults(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Keys of numbered stills where there are none, or the other way round; key and text."""
    source, output = values.get("input"), values.get("output")
    if is_numbered(source):
        if values.get("rate") is None:
            yield (
                "rate",
                "found none, and numbered stills have no times; 24 (or 16, 18, 23.976, 25) would work",
            )
    else:
        is_raw = isinstance(source, str) and Path(source).suffix.lower() in RAW_SUFFIXES
        for key in ("sound",) if is_raw else ("rate", "sound"):
            if values.get(key) is not None:
                yield key, f"is for numbered stills, as in input: frames/%06d.dpx; found {source}"
    if values.get("start_number") is not None and not is_numbered(output):
        yield "start_number", f"is for numbered stills, as in output: out/%06d.tif; found {output}"


def output_faults(output: Target, *, source: Target | None, overwrite: bool, is_own: bool) -> Iterator[str]:
    """What keeps numbered stills from being written; `is_own` where this job wrote those that are there."""
    if source is not None and source.is_of_stills:
        yield f"found {output}: numbered stills are made of a film; {source} is a still or a folder of stills"
        return
    try:
        home = output.pattern.folder
        if source is not None and source.is_numbered and is_same_file(source.pattern.folder, home):
            yield f"found the folder of the input itself, {home}; another folder would work"
        elif home.is_symlink():
            yield f"found {home}, which is a link, and the folder is replaced as a whole; the folder itself would work"
        elif home.exists() and not home.is_dir():
            yield f"found {home}, which is not a folder"
        elif home.is_dir() and any(home.iterdir()):
            yield from _taken(output, home, overwrite=overwrite or is_own)
    except (SettingsError, SourceError) as error:
        yield str(error)
    except OSError as error:
        yield f"cannot read {output.home}: {error.strerror}"


def _taken(output: Target, home: Path, *, overwrite: bool) -> Iterator[str]:
    foreign = foreign_files(output)
    if foreign:
        more = len(foreign) - _TOLD_NAMES
        names = ", ".join(foreign[:_TOLD_NAMES]) + (f" and {more} more" if more > 0 else "")
        yield f"{home} holds other files ({names}); numbered stills need a folder of their own: a new one would work"
    elif not overwrite:
        yield f"{home} holds stills already; another folder, or --overwrite (overwrite: true) would work"


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file or folder, by links too; False where one of them is missing."""
    try:
        return one.samefile(other)
    except OSError:
        return False
