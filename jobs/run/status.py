"""Reads the state of a film from its job and its work folder: what is done, to do, or to be done again, and why."""

from jobs.segments.spec import find_weights, make_spec
from jobs.settings.job import Job
from jobs.settings.output_paths import finished_fingerprint, work_folder
from jobs.workdir.film_plan import open_plan
from jobs.workdir.folder import WorkDir
from jobs.workdir.job_fingerprint import job_fingerprint
from jobs.workdir.status import FilmStatus, survey


def film_status(job: Job, *, hashed: bool = False) -> FilmStatus:
    """The state of a job's film; nothing is written. With `hashed` every finished file is read and compared with its
    record, without it only the sizes are. Raises KinochromeError or ModelError as the run would."""
    folder = work_folder(job.output, work=job.work)
    work = WorkDir(folder, share="part")
    finished = finished_fingerprint(folder, job.output) == job_fingerprint(job)
    if not work.plan_path.exists():
        return FilmStatus(output=job.output, finished=finished)
    film, plan = open_plan(job, work=work)
    spec = make_spec(job, film, plan=plan, work=work, weights=find_weights(job))
    return FilmStatus(
        output=job.output, finished=finished, spec=spec, segments=tuple(survey(spec, hashed=hashed))
    )
