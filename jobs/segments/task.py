"""Work on some segments of a film, as plain data that can be sent to any process with the same folders."""

import functools
from dataclasses import dataclass
from pathlib import Path

from jobs.segments.lanes import Report, SegmentTools, Stopped, do_lanes
from jobs.segments.renderer import Renderer
from jobs.segments.spec import make_spec
from jobs.segments.stages import Colorist, Networks
from jobs.settings.guidance_file import guidance_files
from jobs.settings.job import Job
from jobs.settings.shot_choices import weights_of_shots
from jobs.workdir.color_cache import ContentCache
from jobs.workdir.film_spec import FilmSpec, probe_source
from jobs.workdir.folder import WorkDir
from jobs.workdir.work_files import PLAN
from models.weights_info import weights_file
from pipeline.colorize.predict import Predictor
from pipeline.plan.fingerprint import check_source
from pipeline.plan.plan_file import read_plan


@dataclass(frozen=True, kw_only=True)
class SegmentTask:
    """Some segments of a planned film, as text and numbers that can be pickled or sent as JSON."""

    job: str
    """The resolved job, see `job_as_json`."""
    work: str
    """The work folder that holds the plan, absolute."""
    segments: tuple[int, ...]
    """Numbers of the plan's segments."""
    device: str | None = None
    """The device to use if the job leaves it open, or if its device has another name in that process."""


def job_as_json(job: Job) -> str:
    """A resolved job as JSON, for `SegmentTask`."""
    return job.model_dump_json()


def do_segments(
    task: SegmentTask, *, report: Report | None = None, stopped: Stopped = lambda: False
) -> tuple[int, ...]:
    """Colours and renders the segments of a task that are not done yet; returns the numbers of those that are done.

    These are all segments of the task, unless `stopped` returned True. The network and whatever else was opened stays
    open in this process for the next task of the same film. Any number of processes may do the same task at once.
    Raises KinochromeError or ModelError, one line each; finished segments are kept.
    """
    tools = _tools(task.job, task.work, task.device, _stamps(task))
    plan = tools.spec.film.plan
    finished: set[int] = set()

    def tell(stage: str, segment: int, done: int) -> None:
        if report is not None:
            report(stage, segment, done)
        part = plan.segments[segment]
        if stage == "render" and done == part.end - part.start:
            finished.add(segment)

    do_lanes(tools, [plan.segments[index] for index in task.segments], report=tell, stopped=stopped)
    return tuple(sorted(finished))


def close_tools() -> None:
    """Frees what `do_segments` keeps open in this process, mainly the network."""
    _tools.cache_clear()


def open_tools(spec: FilmSpec, predictor: Predictor | None) -> SegmentTools:
    """Opens what work on the film needs. Raises SettingsError if a graded proxy is missing."""
    job, film = spec.job, spec.film
    if spec.graded is not None:
        for segment in film.plan.segments:
            spec.graded.find(segment)
    colorist = None
    if predictor is not None:
        networks = Networks(
            predictor,
            weights=job.weights,
            make=lambda name: make_predictor(
                job.model_copy(update={"weights": name, "device": str(predictor.device)})
            ),
        )
        cache = None if job.cache is None else ContentCache(job.cache, limit_gb=job.cache_gb)
        colorist = Colorist(spec, networks, cache=cache)
    return SegmentTools(spec=spec, renderer=Renderer(spec), colorist=colorist)


def make_predictor(job: Job) -> Predictor:
    """The network of a job, on its device."""
    return Predictor(
        job.weights_path, settings=job.color, batch=job.batch, device=job.device, precision=job.precision
    )


@functools.lru_cache(maxsize=1)
def _tools(text: str, work: str, device: str | None, stamps: tuple[int, ...]) -> SegmentTools:
    """The tools of a task, kept until `stamps` or another argument changes."""
    job = Job.model_validate_json(text)
    film = probe_source(job)
    plan = read_plan(Path(work) / PLAN)
    check_source(film.path, plan.source)
    here = job if device is None else job.model_copy(update={"device": device})
    predictor = None if job.from_proxy else make_predictor(here)
    folder = WorkDir(Path(work), share="part")
    weights = None if predictor is None else predictor.weights
    spec = make_spec(job, film, plan=plan, work=folder, weights=weights)
    return open_tools(spec, predictor)


def _stamps(task: SegmentTask) -> tuple[int, ...]:
    """When plan, weights and pictures that guide were written: the tools are made again when they change."""
    job = Job.model_validate_json(task.job)
    names = (job.weights, *weights_of_shots(job))
    paths = (Path(task.work) / PLAN, *map(weights_file, names), *guidance_files(job))
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
