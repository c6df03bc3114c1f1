"""A finished film, its record and its page as a BagIt bag (RFC 8493): the folder `OUT.bag`, whole or absent.

The files in a bag are hard links of those beside it where the disk has them, so that a bag takes no room; else
copies.
"""

import errno
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.progress.reporters import Progress
from jobs.records.film_record import FilmRecord, read_record
from jobs.records.verify import Verdict, verify_film
from jobs.settings.output_paths import (
    AGENT,
    DECLARATION,
    INFO,
    bag_in_the_way,
    bag_path,
    is_bag,
    page_path,
    record_path,
    shots_page_path,
)
from jobs.version import VERSION
from jobs.workdir.segment_records import file_sha256
from pipeline.atomic_files import clear_os_errors, publish_folder
from pipeline.errors import OutputError, SettingsError
from pipeline.partial_files import partial_path, remove_partials
from pipeline.progress import StageProgress
from pipeline.regular_file import refuse_special_file
from pipeline.still_pattern import stills_in
from pipeline.target import target_of

if TYPE_CHECKING:
    from jobs.settings.job import Job

_MANIFEST, _TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EACCES}
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(.+)")


def make_bag(output: Path, *, overwrite: bool = False) -> Path:
    """Publishes the bag of a finished film that is on record; returns its folder.

    Raises OutputError where it cannot be written or another folder is in the way, SettingsError without a record.
    """
    record, bag = read_record(record_path(output)), bag_path(output)
    aside = bag.with_name(f"{bag.name}.old")
    for path in (bag, aside):
        remove_partials(bag.parent, name=path.name)
    old = bag_in_the_way(output, overwrite=overwrite)
    if old is not None:
        raise OutputError(old)
    payload = _payload(output)
    if bag.exists():
        with clear_os_errors(bag):
            shutil.rmtree(bag.rename(partial_path(aside)))
    with publish_folder(bag) as partial:
        data = partial / "data"
        data.mkdir()
        lines = []
        for path, name in payload.items():
            (data / name).parent.mkdir(exist_ok=True)
            linked = _put(path, data / name)
            digest = record.output.content.sha256 if linked and path == output else file_sha256(data / name)
            lines.append(f"{digest}  data/{_encoded(str(name))}")
        _write(partial / DECLARATION, ["BagIt-Version: 1.0", "Tag-File-Character-Encoding: UTF-8"])
        _write(partial / _MANIFEST, lines)
        _write(partial / INFO, _info(record, list(payload)))
        tags = (DECLARATION, INFO, _MANIFEST)
        _write(partial / _TAG_MANIFEST, [f"{file_sha256(partial / name)}  {name}" for name in tags])
    return bag


def verify_output(path: Path, *, progress: StageProgress | None = None) -> Verdict:
    """Compares a finished film, or the one in a bag, with its record. Raises as `verify_film` and `verify_bag`."""
    return (verify_bag if is_bag(path) else verify_film)(path, progress=progress)


def verify_bag(path: Path, *, progress: StageProgress | None = None) -> Verdict:
    """Compares a bag with its manifests, and the film in it with its record.

    Raises SettingsError where its manifests cannot be read or it holds no film on record.
    """
    records = sorted((path / "data").glob("*.report.json"))
    if len(records) != 1:
        raise SettingsError(
            f"{path}: a bag with {len(records)} reports in it; one with a single film would work"
        )
    verdict = verify_film(
        records[0].with_name(records[0].name.removesuffix(".report.json")), progress=progress
    )
    faults = [*verdict.faults]
    for name in (_TAG_MANIFEST, _MANIFEST):
        faults += _manifest_faults(path, path / name, verdict)
    return Verdict(
        film=verdict.film,
        faults=tuple(faults),
        streams=verdict.streams,
        frames=verdict.frames,
        size_bytes=verdict.size_bytes,
    )


def put_into_bag(job: "Job", progress: Progress, *, finished_before: bool) -> Path:
    """Makes the bag of a finished film; one that an earlier run of the job made is left as it is."""
    bag = bag_path(job.output)
    if not (finished_before and is_bag(bag)):
        make_bag(job.output, overwrite=job.overwrite)
        progress.note(f"{bag}: bagged")
    return bag


def _payload(output: Path) -> dict[Path, Path]:
    """The files of a finished film and where they go in the bag; numbered stills into a folder of their own."""
    page = page_path(output)
    parts = (output, record_path(output), page, shots_page_path(page))
    found = {path: Path(path.name) for path in parts if path.is_file()}
    target = target_of(output)
    if target.is_numbered:
        pattern = target.pattern
        stills = (pattern.path(number) for number in stills_in(output))
        found |= {still: Path(target.home.name, still.name) for still in stills}
    return found


def _manifest_faults(bag: Path, manifest: Path, verdict: Verdict) -> Iterator[str]:
    refuse_special_file(manifest, SettingsError)
    try:
        lines = manifest.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {manifest}: {getattr(error, 'strerror', None) or error}") from error
    named = set()
    for line in filter(None, lines):
        match = _LINE.fullmatch(line)
        path = bag / _decoded(match[2]) if match else bag
        if match is None or not path.resolve().is_relative_to(bag.resolve()):
            yield f"{manifest}: a line that is none of a manifest: {line[:80]!r}"
            continue
        named.add(path)
        if not path.is_file():
            yield f"{path}: is missing from the bag"
        elif path != verdict.film and file_sha256(path) != match[1].lower():
            yield f"{path}: changed since it was put into the bag"
        elif path == verdict.film and not verdict.faults and _film_digest(verdict.film) != match[1].lower():
            yield f"{manifest}: names another film than {verdict.film.name}"
    if manifest.name == _MANIFEST:
        found = {path for path in (bag / "data").rglob("*") if path.is_file()}
        yield from (f"{path}: was not put into the bag" for path in sorted(found - named))


def _film_digest(path: Path) -> str:
    """The hash of a film that equals its record."""
    return read_record(record_path(path)).output.content.sha256


def _put(source: Path, target: Path) -> bool:
    """Links a file into the bag, or copies it; whether it is a link."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)
        return False
    return True


def _info(record: FilmRecord, payload: Sequence[Path]) -> list[str]:
    size = sum(path.stat().st_size for path in payload)
    values = {
        AGENT: f"Kinochrome {VERSION}",
        "Bagging-Date": datetime.now(UTC).date().isoformat(),
        "Payload-Oxum": f"{size}.{len(payload)}",
        "Contact-Name": record.machine.operator,
        "External-Description": f"{record.output.name}. {record.notice}",
        "External-Identifier": f"sha256:{record.output.content.sha256}",
        "Internal-Sender-Description": f"Coloured from {record.source.name}, sha256:{record.source.content.sha256}",
    }
    return [f"{name}: {_one_line(value)}" for name, value in values.items()]


def _one_line(value: str) -> str:
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in value
    )


def _encoded(name: str) -> str:
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _decoded(name: str) -> str:
    return name.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
