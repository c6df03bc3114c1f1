"""The paths of a film's record, page, bag and work folder, and whether something else is in the way there."""

import os
from pathlib import Path
from typing import Literal

from pipeline.atomic_files import read_json
from pipeline.errors import SettingsError
from pipeline.partial_files import partials_of
from pipeline.target import target_of

KIND: Literal["kinochrome report"] = "kinochrome report"
"""What a record says that it is."""
GENERATOR = "Kinochrome report"
"""The page's `generator`, by which it is known."""
DECLARATION = "bagit.txt"
"""The file that makes a folder a bag."""
INFO, AGENT = "bag-info.txt", "Bag-Software-Agent"
"""The file that says what made a bag, and the line of it that does, which is our first."""
OUTPUT_NAME = "output.json"
SEGMENTS_NAME = "segments"
STATE_NAME = ".kinochrome"
"""The folder in the output folder of a batch that holds what is known of it."""


def record_path(output: Path) -> Path:
    """Where the record of a film lies; that of numbered stills beside their folder."""
    return _beside(output, ".report.json")


def page_path(output: Path) -> Path:
    """Where the report page of a film lies."""
    return _beside(output, ".report.html")


def shots_page_path(page: Path) -> Path:
    """Where the page of the shots lies that are not on a report page."""
    return page.with_name(f"{page.stem}.shots{page.suffix}")


def bag_path(output: Path) -> Path:
    """The folder that is the bag of a film."""
    return _beside(output, ".bag")


def _beside(output: Path, suffix: str) -> Path:
    """The path beside an output that has its name and a suffix; `.` and `..` have the names of their folders."""
    home = target_of(output).home
    if home.name in ("", ".."):
        home = Path(os.path.abspath(home))  # noqa: PTH100  links stay
    return home.with_name(f"{home.name}{suffix}")


def report_in_the_way(output: Path) -> str | None:
    """What keeps the record or the page of `output` from being written, in one line; None where nothing does."""
    page = page_path(output)
    for path, is_ours in (
        (record_path(output), _is_record),
        (page, is_page),
        (shots_page_path(page), is_page),
    ):
        try:
            is_there = path.exists() or path.is_symlink()
        except OSError as error:  # a name too long, most of all
            return f"its report would be {path}: {error.strerror}; a shorter name would work"
        if is_there and not is_ours(path):
            return f"{path} is in the way, and no report of Kinochrome's; move it"
    return None


def remove_reports(output: Path) -> None:
    """Takes away the record and the page of an output that is replaced; leaves what is not ours."""
    page = page_path(output)
    for path, is_ours in (
        (page, is_page),
        (shots_page_path(page), is_page),
        (record_path(output), _is_record),
    ):
        if is_ours(path):
            path.unlink(missing_ok=True)


def remove_shots_page(page: Path) -> None:
    """Takes away the page of further shots of a report page that has none; leaves what is not ours."""
    if is_page(shots_page_path(page)):
        shots_page_path(page).unlink(missing_ok=True)


def bag_in_the_way(output: Path, *, overwrite: bool) -> str | None:
    """What keeps a bag from being made, in one line; None where nothing does."""
    bag = bag_path(output)
    if not bag.exists() and not bag.is_symlink():
        return None
    if bag.is_symlink() or not is_bag(bag):
        return f"{bag} is in the way, and no bag; move it"
    if overwrite and not _is_own_bag(bag):
        return f"{bag} is in the way, and no bag of Kinochrome's; move it"
    return None if overwrite else f"{bag} exists; move it, or --overwrite (overwrite: true) would work"


def is_bag(path: Path) -> bool:
    """Whether a folder is a bag."""
    return (path / DECLARATION).is_file()


def work_folder(output: Path, *, work: Path | None = None) -> Path:
    """Where the job that writes `output` works: `.NAME.kinochrome` beside it, or `NAME` inside `work`.

    Numbered stills go by the name of their folder.
    """
    output = target_of(output).home
    if work is not None:
        return work.absolute() / output.name
    return output.absolute().with_name(f".{output.name}.kinochrome")


def segment_folder(work: Path, index: int) -> Path:
    """Where a segment is worked on, in the work folder `work`; it need not exist yet."""
    return work / SEGMENTS_NAME / f"{index:06d}"


def finished_fingerprint(folder: Path, output: Path) -> str | None:
    """The fingerprint under which the job of this work folder published `output`; None if it is not its work.

    A run that is killed between publishing and tidying up leaves such an output, at the very end with nothing but a
    note beside the folder: the next run of the same job may take it as done. An output that anybody touched since is
    not recognised.
    """
    found = fingerprint_in(folder / OUTPUT_NAME, output)
    notes = (fingerprint_in(note, output) for note in partials_of(folder)) if found is None else ()
    return next((fingerprint for fingerprint in notes if fingerprint is not None), found)


def fingerprint_in(note: Path, output: Path) -> str | None:
    """The fingerprint in a note, where it is of the output as it is now."""
    try:
        record = read_json(note)
        seen = file_identity(output)
    except (OSError, SettingsError):
        return None
    if not isinstance(record, dict) or record.get("identity") != seen:
        return None
    fingerprint = record.get("fingerprint")
    return fingerprint if isinstance(fingerprint, str) else None


def file_identity(path: Path) -> list[int]:
    """What stays of a file when it is renamed, and changes when it is written: its inode, size and time."""
    found = target_of(path).home.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def _is_own_bag(bag: Path) -> bool:
    try:
        return (bag / INFO).read_bytes().startswith(f"{AGENT}: Kinochrome".encode())
    except OSError:
        return False


def _is_record(path: Path) -> bool:
    if not path.is_file():  # a pipe would never end
        return False
    try:
        values = read_json(path)
    except (OSError, SettingsError):
        return False
    return isinstance(values, dict) and values.get("kind") == KIND


def is_page(path: Path) -> bool:
    """Whether a file is a page of ours."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return GENERATOR.encode() in file.read(2000)
    except OSError:
        return False
