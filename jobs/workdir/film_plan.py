"""Reads the plan of a job's film from its work folder, or makes it there."""

from jobs.progress.reporters import Progress
from jobs.settings.guidance import choose_guidance, idle_guidance
from jobs.settings.job import Job
from jobs.settings.shot_choices import check_shots, choose_treatments, idle_settings, kinds_line
from jobs.workdir.film_spec import deliver_film, probe_source
from jobs.workdir.folder import WorkDir
from pipeline.errors import KinochromeError, SettingsError
from pipeline.fields import refuse_fields
from pipeline.media import FilmInfo
from pipeline.output.constant_rate import check_times
from pipeline.plan.damage import refuse_damage
from pipeline.plan.fingerprint import check_source
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.plan_file import read_plan, write_plan
from pipeline.plan.shots import ShotSettings

_UNITS = {"fingerprint": "byte", "packets": "packet"}


def open_plan(job: Job, *, work: WorkDir) -> tuple[FilmInfo, Plan]:
    """The film and its plan. Raises SettingsError without a plan of these settings, SourceError if the film changed."""
    film = probe_source(job)
    if not work.plan_path.exists():
        raise SettingsError(f"{film.path} is not planned in {work.path}; `kinochrome plan` does it")
    plan = _fitting_plan(job, film, work)
    if plan is None:
        message = "is planned with other segment_frames, overlap_frames or interlaced"
        raise SettingsError(f"{film.path} {message}; `kinochrome plan` plans it again")
    _check(job, film, plan)
    return film, plan


def find_plan(job: Job, film: FilmInfo, *, work: WorkDir) -> Plan | None:
    """The film's plan; None if there is none for these settings. Raises as `open_plan` if the job does not fit it."""
    if not work.plan_path.exists():
        return None
    try:
        plan = _fitting_plan(job, film, work)
    except KinochromeError:
        return None
    if plan is not None:
        _check(job, film, plan)
    return plan


def plan_film(job: Job, film: FilmInfo, *, work: WorkDir, progress: Progress) -> Plan:
    """Reads the plan from the work folder if it is of this source and these settings; else makes one and writes it.

    Planners in one folder wait for each other; without locks they write the same bytes. Raises OutputError if the
    output's container cannot hold the times of the film.
    """
    with work.alone("plan", waiting=lambda who: progress.note(f"waiting: {who} plans this film")):
        if work.plan_path.exists():
            try:
                plan = _fitting_plan(job, film, work)
            except KinochromeError as error:
                progress.note(f"planning again: {error}")
            else:
                if plan is not None:
                    _check(job, film, plan)
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
    _check(job, film, plan)
    kinds = kinds_line(plan.shots, choose_treatments(job, plan))
    if kinds:
        progress.note(kinds)
    for change in () if plan.tags is None else plan.tags.lines(plan.time_base):
        progress.note(change, warning=True)
    for idle in (*idle_settings(job, plan), *idle_guidance(job, film, plan)):
        progress.note(idle, warning=True)
    return plan


def _check(job: Job, film: FilmInfo, plan: Plan) -> None:
    """Raises SettingsError if `shots:` or guidance does not fit the plan, SourceError for damage that stops the job or
    a rate that leaves frames out, OutputError where the container cannot hold the times.
    """
    delivery = deliver_film(job, film, plan)
    if delivery is None:
        check_times(film, job.target, timeline=plan.timeline)
    else:
        check_times(delivery.film, job.target, timeline=delivery.timeline)
    check_shots(job, plan)
    choose_guidance(job, film, plan)
    if job.interlaced == "refuse" and plan.fields is not None:
        refuse_fields(film, plan.fields)
    refuse_damage(plan.damage, film=str(film.path), time_base=plan.time_base, policy=job.damage)


def _fitting_plan(job: Job, film: FilmInfo, work: WorkDir) -> Plan | None:
    """The existing plan; None if it was made with other settings. Raises KinochromeError if it is of another film."""
    plan = read_plan(work.plan_path)
    check_source(film.path, plan.source)
    fits = (plan.shot_settings, plan.segment_settings) == (ShotSettings(), job.segments)
    fits = fits and plan.is_deinterlaced == film.is_deinterlaced and plan.time_base == film.time_base
    return plan if fits else None
