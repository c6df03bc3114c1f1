"""Gathers what the record and the page of a film need from its job and its work folder."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from jobs.progress.reporters import Progress
from jobs.records.film_record import FilmRecord, WeightsRecord, read_record
from jobs.records.make_record import NewRecord, make_record, write_page
from jobs.records.page import report_page
from jobs.records.record_parts import FinishedFilm
from jobs.review.examine import ColoredFilm, examine_proxies
from jobs.segments.spec import shot_weights
from jobs.settings.guidance import choose_guidance
from jobs.settings.job import Job
from jobs.settings.job_file import load_job
from jobs.settings.output_paths import page_path, record_path, segment_folder
from jobs.settings.shot_choices import choose_treatments
from jobs.workdir.film_spec import deliver_film, probe_source
from jobs.workdir.graded_proxies import GradedProxies
from jobs.workdir.run_log import read_notes
from jobs.workdir.segment_records import Record, read_records
from jobs.workdir.work_files import EVENTS, JOB, PLAN
from models.weights_info import WeightsInfo
from pipeline.errors import SettingsError
from pipeline.media import FilmInfo
from pipeline.messages import first_few
from pipeline.output.mux import MuxReport
from pipeline.plan.fingerprint import check_source
from pipeline.plan.plan import Plan
from pipeline.plan.plan_file import read_plan
from pipeline.render.output_picture import OutputPicture


def record_film(
    partial: Path,
    *,
    job: Job,
    film: FilmInfo,
    plan: Plan,
    work: Path,
    records: Sequence[Mapping[str, Record]],
    picture: OutputPicture,
    weights: WeightsInfo | None,
    mux: MuxReport,
    started: datetime,
    started_clock: float,
    estimated_seconds: float | None = None,
    progress: Progress,
) -> NewRecord:
    """The record of a film that is complete in `partial`; `work` is the work folder, `records` those of
    each segment in it.

    `weights` are those that the job's colours come from, None for proxies that were given; `started` is when this
    run began, `started_clock` that by the monotonic clock, `estimated_seconds` what it expected to take. Raises
    as `make_record`.
    """
    warnings, notes, runs = read_notes(work / EVENTS)
    run = FinishedFilm(
        job=job,
        colored=_colored(job, film, plan, work, records),
        picture=picture,
        records=records,
        weights=None if weights is None else _weights(weights),
        guidance=choose_guidance(job, film, plan),
        shot_weights={name: _weights(info) for name, info in shot_weights(job).items()},
        device="none" if weights is None else _devices(records),
        mux=mux,
        started=started,
        started_clock=started_clock,
        estimated_seconds=estimated_seconds,
        runs=runs,
        warnings=warnings,
        notes=notes,
    )
    return make_record(run, partial, progress=progress)


def remake_page(work: Path, *, target: Path | None, progress: Progress) -> Path:
    """Writes the report page of a finished film again, from its record and its kept work folder; returns its path.

    Raises SettingsError where `work` is no work folder or the film is not on record; SourceError where the source
    is not what it was.
    """
    folder = _find_work(work)
    job = load_job(folder / JOB, options={"overwrite": True})
    record = read_record(record_path(job.output))
    film, plan = probe_source(job), read_plan(folder / PLAN)
    check_source(film.path, plan.source)
    _refuse_other_plan(record, plan, folder)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress.stage("report", done, len(plan.timeline))

    records = [read_records(segment_folder(folder, segment.index)) for segment in plan.segments]
    colored = _colored(job, film, plan, folder, records)
    found = examine_proxies(colored, luma=record.luma, on_frame=count)
    path = target or page_path(job.output)
    write_page(path, report_page(record, found.stills, course=found.course, name=path.name))
    return path


def _colored(
    job: Job, film: FilmInfo, plan: Plan, work: Path, records: Sequence[Mapping[str, Record]]
) -> ColoredFilm:
    proxies, graded = [], None if job.from_proxy is None else GradedProxies(job.from_proxy)
    for segment, of_segment in zip(plan.segments, records, strict=True):
        if graded is not None:
            proxies.append(graded.find(segment))
            continue
        folder, made = segment_folder(work, segment.index), of_segment.get("color")
        if made is None or not (folder / made.file).is_file():
            raise SettingsError(f"{folder}: no chroma proxy of segment {segment.index}; run the job again")
        proxies.append(folder / made.file)
    return ColoredFilm(
        info=film,
        plan=plan,
        proxies=proxies,
        choices=choose_treatments(job, plan),
        delivery=deliver_film(job, film, plan),
    )


def _devices(records: Sequence[Mapping[str, Record]]) -> str:
    made = [of_segment.get("color") for of_segment in records]
    return ", ".join(sorted({record.device for record in made if record is not None and record.device}))


def _weights(weights: WeightsInfo) -> WeightsRecord:
    return WeightsRecord(
        name=weights.name,
        sha256=weights.sha256,
        licence=weights.licence,
        architecture=weights.architecture,
    )


def _find_work(path: Path) -> Path:
    """The job's own work folder: `path`, or the only one in it."""
    if (path / JOB).is_file():
        return path
    inside = sorted(found.parent for found in path.glob("*/job.yaml"))
    if len(inside) == 1:
        return inside[0]
    if not path.is_dir():
        raise SettingsError(
            f"{path}: no such folder; the work folder of a film would work (--work, --keep-work)"
        )
    names = first_few(found.name for found in inside) or "none"
    raise SettingsError(f"{path}: is no work folder; work folders in it: {names}; one of those would work")


def _refuse_other_plan(record: FilmRecord, plan: Plan, work: Path) -> None:
    recorded = [(shot.start, shot.end) for shot in record.shots]
    if record.source.xxh3_128 != plan.source.xxh3_128 or recorded != [(s.start, s.end) for s in plan.shots]:
        raise SettingsError(
            f"{work}: is not of the film on record in {record.output.name}.report.json; run it again"
        )
