"""The plan of a job's film: found in its work folder, or made there."""

from jobs.jobfile import Job
from jobs.progress import Progress
from jobs.workdir import WorkDir
from pipeline.errors import KinochromeError, SettingsError
from pipeline.media import FilmInfo
from pipeline.plan import Plan, read_plan, scan_film, write_plan
from pipeline.probe import probe
from pipeline.shots import ShotSettings
from pipeline.source import check_source

_UNITS = {"fingerprint": "byte"}


def open_plan(job: Job, *, work: WorkDir) -> tuple[FilmInfo, Plan]:
    """The film and its plan. Raises SettingsError where it has none that fits, SourceError where it changed."""
    film = probe(job.input)
    if not work.plan_path.exists():
        raise SettingsError(f"{film.path} is not planned in {work.path}; `kinochrome plan` does it")
    plan = _fitting_plan(job, film, work)
    if plan is None:
        told = "is planned with other segment_frames or overlap_frames"
        raise SettingsError(f"{film.path} {told}; `kinochrome plan` plans it again")
    return film, plan


def plan_film(job: Job, film: FilmInfo, *, work: WorkDir, progress: Progress) -> Plan:
    """The plan in the work folder if it is of this source and these settings; else a new one, written there.

    Planners that meet in one folder wait for each other; where they cannot, they write the same bytes.
    """
    with work.alone("plan", waiting=lambda who: progress.note(f"waiting: {who} plans this film")):
        if work.plan_path.exists():
            try:
                plan = _fitting_plan(job, film, work)
            except KinochromeError as error:
                progress.note(f"planning again: {error}")
            else:
                if plan is not None:
                    return plan
        plan = scan_film(
            film,
            shot_settings=ShotSettings(),
            segment_settings=job.segments,
            progress=lambda stage, done, total: progress.stage(
                stage, done, total, _UNITS.get(stage, "frame")
            ),
        )
        write_plan(plan, work.plan_path)
    return plan


def _fitting_plan(job: Job, film: FilmInfo, work: WorkDir) -> Plan | None:
    """The plan that is there, if it is of these settings. Raises KinochromeError where it is of another film."""
    plan = read_plan(work.plan_path)
    check_source(film.path, plan.source)
    fits = (plan.shot_settings, plan.segment_settings) == (ShotSettings(), job.segments)
    return plan if fits else None
