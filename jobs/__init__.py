"""Jobs: the command line, job files, work folders, and the only place that chains stages.

For programs: `colorize`, `check`, `verify`, and `load_job` for what stands in a job file. They return values, raise
`KinochromeError`, print nothing and never exit; notes and warnings go to `logging`, under `jobs`. Importing this
package is cheap: what is heavy is loaded by the first call. Only the command line guards against a decoder that
crashes or hangs, by doing its work in a process of its own.
"""

import contextlib
import importlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import KinochromeError, SettingsError

if TYPE_CHECKING:
    from jobs.batch.check import CheckedBatch
    from jobs.batch.plan import BatchPlan
    from jobs.batch.results import BatchError, BatchResult
    from jobs.estimate.price import Estimate
    from jobs.records.verify import Verdict
    from jobs.run.finish import FilmResult
    from jobs.run.stills import StillsSummary
    from jobs.settings.job import Job
    from jobs.settings.job_file import load_job

__all__ = [
    "BatchError",
    "BatchResult",
    "CheckedBatch",
    "Estimate",
    "FilmResult",
    "Job",
    "KinochromeError",
    "StillsSummary",
    "Verdict",
    "check",
    "colorize",
    "load_job",
    "verify",
]

_HOMES = {
    "BatchError": ".batch.results",
    "BatchResult": ".batch.results",
    "CheckedBatch": ".batch.check",
    "Estimate": ".estimate.price",
    "FilmResult": ".run.finish",
    "Job": ".settings.job",
    "StillsSummary": ".run.stills",
    "Verdict": ".records.verify",
    "load_job": ".settings.job_file",
}
"""Modules of the names that are loaded when they are asked for."""

Name = str | os.PathLike[str]
OnProgress = Callable[[str, int, int | None], None]
"""Called with stage, units done and units in all (None: not known yet). May be called from several threads."""


def colorize(
    source: "Job | Name | Sequence[Name]",
    *,
    output: Name | None = None,
    preset: Name | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: OnProgress | None = None,
    **settings: object,
) -> "FilmResult | StillsSummary | BatchResult":
    """Colours a film, numbered stills or a still; of a folder, or of several paths, every film and still in them.

    Goes on where an earlier run was stopped; what is done of a folder is not done again. `source` is a path, several
    paths, or a job that holds all settings. `output` is a file, or a folder to write into; `preset` a name or a YAML
    file, `access` where none is given; `settings` are keys of a job file, sections as mappings: `overwrite=True,
    color={"saturation": 0.8}`. A film is done by so many `workers`, processes of this machine, or by the Dask cluster
    of a `scheduler`. Returns a FilmResult for a film, a StillsSummary for a still, else a BatchResult; all name the
    output. Raises KinochromeError for a fault of input, settings, disk or device; then no output of the film is there.
    Where some of several films fail, the others are done; then it raises BatchError, whose `result` tells of each.
    """
    with _clear_errors():
        from jobs.progress.callback import CallbackProgress
        from jobs.run.finish import run_film
        from jobs.run.stills import run_still

        reporter = CallbackProgress(progress)
        batch = _make_batch(source, output=output, preset=preset, settings=settings)
        if batch is not None:
            from jobs.batch.run import BatchOptions, run_whole_batch

            return run_whole_batch(
                batch, reporter, options=BatchOptions(workers=workers, scheduler=scheduler)
            )
        job = _make_job(source, output=output, preset=preset, settings=settings)
        if not job.is_of_stills:
            return run_film(job, reporter, workers=workers, scheduler=scheduler)
        if workers is not None or scheduler is not None:
            raise SettingsError(f"workers and scheduler are for films; {job.input} is a still")
        return run_still(job, reporter)


def check(
    source: "Job | Name | Sequence[Name]",
    *,
    output: Name | None = None,
    preset: Name | None = None,
    workers: int | None = None,
    **settings: object,
) -> "Estimate | CheckedBatch | None":
    """Checks all that can be checked of a film before it starts, and says what it will need of time, disk and memory.

    Arguments as for `colorize`. Measures for some seconds and writes nothing but temporary files. None for a
    still, whose settings work; a CheckedBatch, with the faults of each film, for a folder or several paths. Raises
    KinochromeError as `colorize` would.
    """
    with _clear_errors():
        from jobs.estimate.measure import check_job

        batch = _make_batch(source, output=output, preset=preset, settings=settings)
        if batch is not None:
            from jobs.batch.check import check_batch
            from jobs.progress.callback import CallbackProgress

            return check_batch(batch, CallbackProgress(), workers=workers)
        job = _make_job(source, output=output, preset=preset, settings=settings)
        if job.is_of_stills:
            from jobs.run.stills import check_still

            check_still(job)
            return None
        return check_job(job, workers=workers)


def verify(output: Name, *, source: Name | None = None, progress: OnProgress | None = None) -> "Verdict":
    """Says whether a finished film, or the one in a bag, still is what its report says, and what changed.

    With `source`, also whether that file is the source on record. Nothing is decoded. The verdict's `faults` are
    empty where all is well. Raises KinochromeError where there is no film or no report that can be read.
    """
    with _clear_errors():
        from jobs.records.bag import verify_output
        from jobs.records.film_record import read_record
        from jobs.records.verify import verify_source
        from jobs.settings.output_paths import record_path

        verdict = verify_output(Path(output), progress=progress)
        if source is None:
            return verdict
        record = read_record(record_path(verdict.film))
        faults = verify_source(Path(source), record=record, progress=progress).faults
        return replace(verdict, faults=verdict.faults + faults)


def _make_batch(
    source: "Job | Name | Sequence[Name]",
    *,
    output: Name | None,
    preset: Name | None,
    settings: dict[str, object],
) -> "BatchPlan | None":
    """What is to be done of a folder or of several paths; None where `source` is one film or still."""
    from jobs.batch.plan import plan_batch
    from jobs.settings.job import Job
    from jobs.settings.job_file import make_job

    if isinstance(source, Job):
        sources = [source.input]
    else:
        sources = [Path(source)] if isinstance(source, str | os.PathLike) else [Path(one) for one in source]
    if len(sources) == 1 and not sources[0].is_dir():
        return None
    first = source if isinstance(source, Job | str | os.PathLike) else source[0]

    def make(keys: Mapping[str, object]) -> "Job":
        if isinstance(first, Job):
            return make_job({**first.model_dump(mode="json"), **keys})
        return _make_job(str(keys["input"]), output=None, preset=preset, settings={**settings, **keys})

    if isinstance(source, Job):
        output = source.output
    if output is None:
        raise SettingsError("output: this key is missing; a folder to write into would work")
    return plan_batch(sources, Path(output), make)


def _make_job(
    source: "Job | Name | Sequence[Name]",
    *,
    output: Name | None,
    preset: Name | None,
    settings: dict[str, object],
) -> "Job":
    from jobs.settings.job import Job
    from jobs.settings.job_file import make_job

    given = {
        key: os.fspath(value) if isinstance(value, os.PathLike) else value
        for key, value in {"output": output, "preset": preset, **settings}.items()
        if value is not None
    }
    if not isinstance(source, Job):
        path = source if isinstance(source, str | os.PathLike) else source[0]
        return make_job({"input": os.fspath(path), **given})
    if given:
        raise SettingsError(
            f"{', '.join(given)}: a job holds all its settings; a path and settings would work"
        )
    return make_job(
        source.model_dump(mode="json")
    )  # looks at its paths again: the output may be there by now


@contextlib.contextmanager
def _clear_errors() -> Iterator[None]:
    """For the length of the block, faults of weights and disks are KinochromeErrors, too; logs print nothing."""
    from jobs.progress.log_forwarding import LOGGERS
    from models.errors import ModelError
    from pipeline.atomic_files import disk_fault
    from pipeline.errors import OutputError

    for name in LOGGERS:
        logging.getLogger(name).addHandler(_NOWHERE)
    try:
        yield
    except ModelError as error:
        raise SettingsError(str(error)) from error
    except OSError as error:
        message = None if isinstance(error, KinochromeError) else disk_fault(error)
        if message is None:
            raise
        raise OutputError(message) from error


_NOWHERE = logging.NullHandler()

if not TYPE_CHECKING:  # which would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
