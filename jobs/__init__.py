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
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import KinochromeError

if TYPE_CHECKING:
    from jobs.estimate.price import Estimate
    from jobs.records.verify import Verdict
    from jobs.run.finish import FilmResult
    from jobs.run.stills import StillsSummary
    from jobs.settings.job import Job
    from jobs.settings.job_file import load_job

__all__ = [
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
    source: "Job | Name",
    *,
    output: Name | None = None,
    preset: Name | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: OnProgress | None = None,
    **settings: object,
) -> "FilmResult | StillsSummary":
    """Colours a film, numbered stills, a still or a folder of stills; goes on where an earlier run was stopped.

    `source` is its path, or a job that holds all settings. `output` is a file, or a folder to write into; `preset` a
    name or a YAML file, `access` where none is given; `settings` are keys of a job file, sections as mappings:
    `overwrite=True, color={"saturation": 0.8}`. A film is done by so many `workers`, processes of this machine, or by
    the Dask cluster of a `scheduler`. Returns a FilmResult for a film, else a StillsSummary; both name the output.
    Raises KinochromeError for a fault of input, settings, disk or device; then no output of the film is there.
    """
    with _clear_errors():
        from jobs.progress.callback import CallbackProgress
        from jobs.run.finish import run_film
        from jobs.run.stills import run_stills
        from pipeline.errors import SettingsError

        job = _make_job(source, output=output, preset=preset, settings=settings)
        reporter = CallbackProgress(progress)
        if not job.is_of_stills:
            return run_film(job, reporter, workers=workers, scheduler=scheduler)
        if workers is not None or scheduler is not None:
            raise SettingsError(
                f"workers and scheduler are for films; {job.input} is a still or a folder of stills"
            )
        return run_stills(job, reporter)


def check(
    source: "Job | Name",
    *,
    output: Name | None = None,
    preset: Name | None = None,
    workers: int | None = None,
    **settings: object,
) -> "Estimate | None":
    """Checks all that can be checked of a film before it starts, and says what it will need of time, disk and memory.

    Arguments as for `colorize`. Measures for some seconds and writes nothing but temporary files. None for stills,
    whose settings work. Raises KinochromeError as `colorize` would.
    """
    with _clear_errors():
        from jobs.estimate.measure import check_job

        job = _make_job(source, output=output, preset=preset, settings=settings)
        return None if job.is_of_stills else check_job(job, workers=workers)


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


def _make_job(
    source: "Job | Name", *, output: Name | None, preset: Name | None, settings: dict[str, object]
) -> "Job":
    from jobs.settings.job import Job
    from jobs.settings.job_file import make_job
    from pipeline.errors import SettingsError

    given = {
        key: os.fspath(value) if isinstance(value, os.PathLike) else value
        for key, value in {"output": output, "preset": preset, **settings}.items()
        if value is not None
    }
    if not isinstance(source, Job):
        return make_job({"input": os.fspath(source), **given})
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
    from pipeline.errors import OutputError, SettingsError

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
