"""One film, or one batch of stills, read into a set: pictures stored, then the record that says so.

These functions run in processes of their own and depend on nothing but their arguments.
"""

import base64
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2

from jobs.dataset.records import (
    DroppedPicture,
    Failure,
    KeptPicture,
    SourceFile,
    UnitRecord,
    describe,
    hashed,
    read_record,
    record_path,
    remove_pictures,
    settings_fingerprint,
    write_record,
)
from pipeline.atomic_files import publish
from pipeline.color.picture_file import encode_picture
from pipeline.dataset.quality import shrink
from pipeline.dataset.select_frames import RULES, Judged, judge_film, judge_still
from pipeline.dataset.settings import DatasetSettings
from pipeline.errors import OutputError, SourceError
from pipeline.partial_files import remove_partials
from pipeline.progress import CountProgress
from pipeline.source.probe import probe

FRAMES = "frames"

_SHOWN_PER_RULE = 3
_SHOWN_PX = 192
_SHOWN_QUALITY = 85


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What is read at a time, and into which set."""

    paths: tuple[Path, ...]
    """One film, or the stills of a batch, all of one folder."""
    film: SourceFile | None
    """The film with its hash; None for stills."""
    out: Path
    records: Path
    settings: DatasetSettings

    @property
    def kind(self) -> str:
        """`film` or `stills`."""
        return "stills" if self.film is None else "film"


def hash_film(path: Path, tick: CountProgress) -> SourceFile | Failure:
    """A film with its sha256, or why it cannot be read."""
    try:
        return hashed(path)
    except SourceError as error:
        return Failure(path=str(path), why=str(error))


def read_unit(unit: Unit, tick: CountProgress) -> UnitRecord | Failure:
    """Reads a unit, stores what is kept of it, publishes its record and returns it.

    What was stored for the same files before is removed first. A film that cannot be decoded leaves nothing
    and becomes a Failure; a still that cannot is noted in the record. Raises OutputError.
    """
    cv2.setNumThreads(1)
    path = record_path(unit.records, unit.kind, unit.paths)
    before = read_record(path)
    if before is not None:
        path.unlink(missing_ok=True)
        remove_pictures(unit.out, before.kept)
    if unit.film is None:
        record = _read_stills(unit, tick)
    else:
        try:
            record = _read_film(unit, unit.film, tick)
        except SourceError as error:
            return Failure(path=str(unit.paths[0]), why=str(error))
    write_record(path, record)
    return record


def safe_name(name: str) -> str:
    """A name of at most 60 characters that any file system and any table takes."""
    return re.sub(r"[^\w.-]+", "_", name)[:60].strip("._") or "film"


class _Book:
    """Collects verdicts; stores what is kept."""

    def __init__(self, unit: Unit, folder: str) -> None:
        self._unit = unit
        self._folder = f"{FRAMES}/{folder}"
        self.kept: list[KeptPicture] = []
        self.dropped: list[DroppedPicture] = []
        self.by_rule: Counter[str] = Counter()
        self._shown: set[tuple[str, int, int]] = set()
        remove_partials(unit.out / self._folder)

    def take(self, judged: Judged, *, name: str, source: int = 0) -> None:
        if judged.rule is None:
            self._store(judged, f"{self._folder}/{name}{self._unit.settings.frames.suffix}", source)
            return
        self.by_rule[judged.rule] += 1
        place = (judged.rule, source, judged.shot)
        if (
            place not in self._shown
            and sum(rule == judged.rule for rule, *_ in self._shown) < _SHOWN_PER_RULE
        ):
            self._shown.add(place)
            self.dropped.append(
                DroppedPicture(
                    source=source,
                    pts=judged.pts,
                    shot=judged.shot,
                    rule=judged.rule,
                    why=judged.told,
                    jpeg=_small_jpeg(judged),
                )
            )

    def discard(self) -> None:
        remove_pictures(self._unit.out, self.kept)

    def counts(self) -> dict[str, int]:
        return {rule: self.by_rule[rule] for rule in RULES}

    def _store(self, judged: Judged, file: str, source: int) -> None:
        path = self._unit.out / file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {path.parent}: {error.strerror}") from error
        with publish(path) as partial:
            partial.write_bytes(judged.encoded)
        self.kept.append(
            KeptPicture(
                source=source,
                file=file,
                size_bytes=len(judged.encoded),
                pts=judged.pts,
                shot=judged.shot,
                width=judged.width,
                height=judged.height,
                dhash=f"{judged.dhash:016x}",
                tiny=base64.b64encode(judged.tiny).decode("ascii"),
                scores=judged.scores.rounded(),
                why=judged.told,
            )
        )


def _read_film(unit: Unit, source: SourceFile, tick: CountProgress) -> UnitRecord:
    path = unit.paths[0]
    film = probe(path)
    book = _Book(unit, f"{safe_name(path.stem)}-{source.sha256[:8]}")
    frames, shots = 0, set()
    try:
        for judged in judge_film(film, settings=unit.settings, progress=tick):
            book.take(judged, name=str(judged.pts))
            frames += 1
            shots.add(judged.shot)
        if describe(path) != source.model_copy(update={"sha256": ""}):
            raise SourceError(f"{path}: changed while it was read; start again once it is complete")
    except BaseException:
        book.discard()
        raise
    return UnitRecord(
        kind="film",
        fingerprint=settings_fingerprint(unit.settings),
        sources=(source,),
        time_base=str(film.time_base),
        pictures=frames,
        shots=len(shots),
        dropped_by_rule=book.counts(),
        kept=tuple(book.kept),
        dropped=tuple(book.dropped),
    )


def _read_stills(unit: Unit, tick: CountProgress) -> UnitRecord:
    book = _Book(unit, safe_name(unit.paths[0].parent.name))
    sources: list[SourceFile] = []
    failures: list[Failure] = []
    for index, path in enumerate(unit.paths):
        try:
            source = hashed(path)
            judged = judge_still(path, settings=unit.settings)
        except SourceError as error:
            failures.append(Failure(path=str(path), why=str(error)))
            sources.append(_seen(path))
        else:
            sources.append(source)
            book.take(judged, name=f"{safe_name(path.stem)}-{source.sha256[:8]}", source=index)
        tick(index + 1, len(unit.paths))
    return UnitRecord(
        kind="stills",
        fingerprint=settings_fingerprint(unit.settings),
        sources=tuple(sources),
        time_base="1",
        pictures=len(sources) - len(failures),
        shots=len(sources) - len(failures),
        dropped_by_rule=book.counts(),
        kept=tuple(book.kept),
        dropped=tuple(book.dropped),
        failures=tuple(failures),
    )


def _seen(path: Path) -> SourceFile:
    """A still that cannot be used, so that it is not tried again before it changes."""
    try:
        return describe(path)
    except SourceError:
        return SourceFile(path="", size_bytes=0, mtime_ns=0)


def _small_jpeg(judged: Judged) -> str:
    small = shrink(judged.small, longest_px=_SHOWN_PX)
    return base64.b64encode(encode_picture(small, ".jpg", quality=_SHOWN_QUALITY)).decode("ascii")
