"""Runs a film for the command line and the API: skips a finished one, notes the result, removes the work folder."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.progress.reporters import Details, Progress
from jobs.records.bag import put_into_bag
from jobs.settings.output_paths import finished_fingerprint, record_path, work_folder
from jobs.version import VERSION
from jobs.workdir.folder import WorkDir
from jobs.workdir.job_fingerprint import job_fingerprint
from pipeline.errors import OutputError, SettingsError, SourceError

if TYPE_CHECKING:
    from jobs.run.film import RunSummary
    from jobs.settings.job import Job


@dataclass(frozen=True, kw_only=True)
class FilmResult:
    """The result of a film."""

    output: Path
    summary: "RunSummary | None" = None
    """What the run made; None if the film was finished before."""
    bag: Path | None = None
    """The folder of its bag, if the job asks for one."""

    def as_json(self) -> Details:
        """The result for a program."""
        details: Details = {"output": self.output}
        if self.summary is None:
            details["already_finished"] = True
        else:
            details |= {
                "frames": len(self.summary.timeline),
                "shots": len(self.summary.shots),
                "segments": self.summary.segments,
                "seconds": round(self.summary.seconds, 3),
                "lost": list(self.summary.mux.lost),
            }
        return details if self.bag is None else details | {"bag": self.bag}


def run_film(
    job: "Job",
    progress: Progress,
    *,
    sheet: Path | None = None,
    before_publish: Callable[[Path], None] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> FilmResult:
    """Runs all stages of a film, whose work folder this process has alone. Raises as `jobs.run.film.run_job`.

    `before_publish` is called with the complete partial and may raise to keep it from being published.
    """
    if sheet is not None and (job.target.is_numbered or job.source.is_numbered):
        raise SettingsError("--sheet shows film files; of numbered stills the report's page has pictures")

    def make(work: WorkDir) -> "RunSummary":
        from jobs.run.film import run_job

        return run_job(job, work=work, progress=progress, workers=workers, scheduler=scheduler)

    folder = work_folder(job.output, work=job.work)
    with WorkDir(folder, settings=job.to_yaml(), output=job.output, before_output=before_publish) as work:
        is_kept = job.work is not None or job.keep_work
        try:
            result = finish_film(job, progress, work=work, make=make, sheet=sheet)
        except (
            SourceError
        ):  # the plan of a film that is refused, or decodes differently each time, is useless
            if not is_kept and not work.has_products:
                work.discard()
            raise
        if not is_kept:
            work.discard()
    return result


def finish_film(
    job: "Job",
    progress: Progress,
    *,
    work: WorkDir,
    make: Callable[[WorkDir], "RunSummary"],
    sheet: Path | None = None,
) -> FilmResult:
    """Makes the film by `make` and its bag, unless it is finished already, and notes the result for the user.

    Raises OutputError if it was finished with other settings and must not be replaced.
    """
    fingerprint, finished = job_fingerprint(job), finished_fingerprint(work.path, job.output)
    has_report = not job.report or record_path(job.output).exists()
    finished_before = finished == fingerprint and not job.overwrite and has_report and sheet is None
    if finished_before:
        progress.note(f"{job.output} is finished already")
        result = FilmResult(output=job.output)
    elif finished not in (None, fingerprint) and not job.overwrite:
        message = (
            "exists, made with other settings; another name, or --overwrite (overwrite: true) would work"
        )
        raise OutputError(f"output: {job.output} {message}")
    else:
        work.log("started", version=VERSION, input=job.input, output=job.output)
        try:
            summary = make(work)
        except BaseException as error:
            with contextlib.suppress(OutputError):  # the folder may be the cause
                work.log("ended", outcome=type(error).__name__, message=str(error))
            raise
        _note_result(job, summary, progress, sheet=sheet)
        result = FilmResult(output=job.output, summary=summary)
        work.log("ended", outcome="done", **result.as_json())
    if job.bag:
        result = replace(result, bag=put_into_bag(job, progress, finished_before=finished_before))
    return result


def _note_result(job: "Job", summary: "RunSummary", progress: Progress, *, sheet: Path | None) -> None:
    for change in summary.mux.converted:
        progress.note(f"changed: {change}")
    for loss in summary.mux.lost:
        progress.note(f"left out: {loss}", warning=True)
    if sheet is not None:
        from jobs.review.contact_sheet import write_sheet

        sheet.parent.mkdir(parents=True, exist_ok=True)
        write_sheet(
            sheet,
            film=summary.film,
            timeline=summary.timeline,
            shots=summary.shots,
            result=job.output,
            delivery=summary.delivery,
        )
    frames = len(summary.timeline)
    rate = frames / max(summary.seconds, 1e-9)
    progress.note(f"{job.output}: {frames} frames in {summary.seconds:.1f} s, {rate:.1f} frames/s")
