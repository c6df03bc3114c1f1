"""Brings the records of all films and stills of a set up to date: what counts stays, the rest is read."""

import contextlib
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from jobs.dataset.inputs import InputFile, Inputs
from jobs.dataset.records import (
    Failure,
    SourceFile,
    UnitRecord,
    counts,
    is_there,
    read_record,
    record_path,
    settings_fingerprint,
)
from jobs.dataset.selection import Entry, Selection, select
from jobs.dataset.units import FRAMES, Unit, hash_film, read_unit
from jobs.progress.reporters import Progress
from jobs.settings.dataset import DatasetJob
from jobs.workers.parallel_map import in_processes
from pipeline.partial_files import remove_partials

_STILLS_AT_ONCE = 128


class Reader:
    """Reads a job's inputs; `read` may be called once."""

    def __init__(self, job: DatasetJob, *, records: Path, manifest: Path, progress: Progress) -> None:
        """`records` is the folder of the records; `manifest` is removed before anything changes."""
        self._job, self._records, self._manifest, self._progress = job, records, manifest, progress
        self._settings = job.config.picture_settings()
        self._fingerprint = settings_fingerprint(self._settings)
        self._failures: dict[str, Failure] = {}
        self._before_file, self._in_file, self._is_single = 0, 0, False
        self.has_read = False
        """Whether anything had to be read."""

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Films that could not be used, by name."""
        return tuple(failure for _, failure in sorted(self._failures.items()))

    def read(self, inputs: Inputs) -> tuple[list[Entry], Selection]:
        """Every input's record and the set that they make, whose pictures are all there.

        Raises OutputError where a picture or a record cannot be written.
        """
        batches = _batches(inputs.stills)
        while True:
            films, units = self._look_at([f for f in inputs.films if str(f.path) not in self._failures])
            units += [self._unit(batch, None) for batch in batches if self._known("stills", batch) is None]
            self._read_units(units)
            groups = [*(("film", (film,)) for film in films), *(("stills", batch) for batch in batches)]
            known = [(files, self._known(kind, files)) for kind, files in groups]
            entries = [Entry(files=files, record=record) for files, record in known if record is not None]
            selection = select(entries, dedup=self._settings.dedup, held_out=self._job.config.held_out)
            if not self._forget_incomplete(entries, selection):
                return entries, selection

    def _forget_incomplete(self, entries: Sequence[Entry], selection: Selection) -> bool:
        """Whether pictures of the set are gone, as duplicates of what is no more, or removed by somebody."""
        gone = {p.kept.file for p in selection.pictures if not is_there(self._job.out, p.kept)}
        for entry in entries:
            if gone & {kept.file for kept in entry.record.kept}:
                self._record_path(entry.record.kind, entry.files).unlink(missing_ok=True)
        return bool(gone)

    def _look_at(self, films: Sequence[InputFile]) -> tuple[list[InputFile], list[Unit]]:
        """The films that can be read, each content once, and a unit for each that has to be read."""
        records = {film.path: self._known("film", (film,)) for film in films}
        sources = {path: record.sources[0] for path, record in records.items() if record is not None}
        sources |= self._hash([path for path, record in records.items() if record is None])
        first: dict[str, InputFile] = {}
        units = []
        for film in films:
            source = sources.get(film.path)
            if source is None:
                continue
            if source.sha256 in first:
                same = first[source.sha256].path
                self._progress.note(f"{film.path}: is the same film as {same}; left out")
                continue
            first[source.sha256] = film
            if records[film.path] is None:
                units.append(self._unit((film,), source))
        return list(first.values()), units

    def _hash(self, paths: Sequence[Path]) -> dict[Path, SourceFile]:
        found: dict[Path, SourceFile] = {}
        results = in_processes(hash_film, paths, workers=self._job.workers, tick=lambda done, total: None)
        with contextlib.closing(results):
            for done, (path, result) in enumerate(results, 1):
                self._progress.stage("hash", done, len(paths), "film")
                if isinstance(result, Failure):
                    self._fail(result)
                else:
                    found[path] = result
        return found

    def _read_units(self, units: Sequence[Unit]) -> None:
        if not units:
            return
        self.has_read, self._is_single = True, len(units) == 1
        self._manifest.unlink(missing_ok=True)
        done, total = 0, sum(len(unit.paths) for unit in units)
        self._progress.stage("read", 0, total, "file")
        results = in_processes(read_unit, units, workers=self._job.workers, tick=self._tick)
        try:
            with contextlib.closing(results):
                for unit, result in results:
                    done += len(unit.paths)
                    self._progress.stage("read", done, total, "file")
                    if isinstance(result, Failure):
                        self._fail(result)
        except BaseException:
            self._remove_partials()
            raise

    def _remove_partials(self) -> None:
        """Of processes that were ended while they wrote a picture or a record."""
        for folder in (self._records, *(self._job.out / FRAMES).glob("*")):
            remove_partials(folder)

    def _tick(self, done: int, total: int | None) -> None:
        """Frames of one file after the other: told only where they are read in this process."""
        if done < self._in_file:
            self._before_file += self._in_file
        self._in_file = done
        self._progress.stage("frames", self._before_file + done, total if self._is_single else None)

    def _fail(self, failure: Failure) -> None:
        self._failures[failure.path] = failure
        self._progress.note(f"{failure.why}; left out", warning=True)

    def _unit(self, files: Sequence[InputFile], film: SourceFile | None) -> Unit:
        return Unit(
            paths=tuple(file.path for file in files),
            film=film,
            out=self._job.out,
            records=self._records,
            settings=self._settings,
        )

    def _known(self, kind: str, files: Sequence[InputFile]) -> UnitRecord | None:
        """The record of these files, if it counts."""
        record = read_record(self._record_path(kind, files))
        paths = [file.path for file in files]
        return record if counts(record, paths=paths, fingerprint=self._fingerprint) else None

    def _record_path(self, kind: str, files: Sequence[InputFile]) -> Path:
        return record_path(self._records, kind, [file.path for file in files])


def _batches(stills: Sequence[InputFile]) -> list[tuple[InputFile, ...]]:
    """Stills of one folder, some at a time."""
    ordered = sorted(stills, key=lambda still: still.path)
    folders = [list(group) for _, group in groupby(ordered, key=lambda still: still.path.parent)]
    return [
        tuple(folder[first : first + _STILLS_AT_ONCE])
        for folder in folders
        for first in range(0, len(folder), _STILLS_AT_ONCE)
    ]
