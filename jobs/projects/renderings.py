"""Puts what is to be rendered into the queue, and finds the jobs of projects there."""

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast, get_args

from jobs.projects.errors import ConflictError, NotReadyError
from jobs.projects.job_text import queue_text, write_job
from jobs.projects.project import Project
from jobs.projects.render_spec import RenderSpec, What, output_path, work_path
from jobs.projects.review import Review
from jobs.projects.root import Root
from jobs.queue.control import cancel_job, submit
from jobs.queue.entry import NORMAL_PRIORITY, Entry
from jobs.queue.folder import Spool
from jobs.queue.job_file import Order, read_order
from jobs.settings.job_file import load_job
from jobs.settings.queue_presets import NO_PRESETS
from jobs.workdir.folder import WorkDir
from jobs.workdir.work_files import PLAN
from pipeline.atomic_files import publish
from pipeline.errors import KinochromeError, SettingsError
from pipeline.plan.plan import Plan
from pipeline.plan.plan_file import read_plan

_PRIORITIES: dict[What, int] = {
    "still": NORMAL_PRIORITY + 20,
    "preview": NORMAL_PRIORITY + 10,
    "film": NORMAL_PRIORITY,
}
_ATTEMPTS = 10
"""Starts before a job that dies is given up: whoever restarts his machine often loses nothing."""
_NAME = re.compile(rf"(?P<revision>[0-9]{{6,}})-(?P<what>{'|'.join(get_args(What))})\.yaml")


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """A job of the queue that renders something of a project."""

    entry: Entry
    order: Order
    project: str
    """Id of the project."""
    what: What
    revision: int
    """Of the review, when it was asked for."""


def open_queue(root: Root) -> Spool:
    """The queue of a root, made if it is missing. Raises SettingsError, SpoolError."""
    spool = Spool.make(root.queue)
    spool.tidy()
    return spool


def render(
    project: Project, review: Review, revision: int, spec: RenderSpec, *, root: Root, spool: Spool
) -> Entry:
    """Puts a rendering into the queue. A preview takes the place of one that still waits.

    Raises SettingsError where the settings do not work, ConflictError where the same is rendered already, OutputError.
    """
    if spec.what != "preview":
        _refuse_twice(project, spec, renderings(spool, root, "queue", "running"))
    plan = find_plan(project)
    path = write_job(
        project, review, spec, root=root, revision=revision, shots=None if plan is None else len(plan.shots)
    )
    try:
        job = load_job(path, queue=NO_PRESETS)
    except SettingsError as error:
        raise SettingsError.of_many(
            [line.replace(f"{path}: ", f"{project.title}: ", 1) for line in error.lines]
        ) from error
    if spec.what == "preview":
        for waiting in renderings(spool, root, "queue"):
            if waiting.project == project.id and waiting.what == "preview":
                with contextlib.suppress(SettingsError):  # it was taken by a worker just now
                    cancel_job(spool, waiting.entry.id)
    if spec.what == "film":
        _take_plan(project, spec)
    (entry,) = submit(
        spool, [(path, job)], priority=_PRIORITIES[spec.what], attempts=_ATTEMPTS, texts=[queue_text(path)]
    )
    return entry


def renderings(spool: Spool, root: Root, *states: str) -> list[Rendering]:
    """The jobs of this root's projects in these states, or in any, as they are due. Raises SpoolError."""
    found = {}
    for entry in spool.entries(*states):  # type: ignore[arg-type]
        rendering = _rendering(spool, root, entry)
        if rendering is not None:
            found[entry.id] = rendering
    return list(found.values())


def find_plan(project: Project) -> Plan | None:
    """The plan of a project's film; None before there is one."""
    for path in plan_paths(project):
        with contextlib.suppress(OSError):
            stat = path.stat()
            with contextlib.suppress(KinochromeError):
                return _read_plan(path, stat.st_mtime_ns, stat.st_size)
    return None


def ready_plan(project: Project) -> Plan:
    """The plan of a project's film. Raises NotReadyError before there is one."""
    plan = find_plan(project)
    if plan is None:
        raise NotReadyError(
            f"the shots of {project.title} are not known yet; they are found while the preview is made"
        )
    return plan


def ready_plan_path(project: Project) -> Path:
    """Where the plan of a project's film lies. Raises NotReadyError before there is one."""
    ready_plan(project)
    return next(path for path in plan_paths(project) if path.exists())


def plan_paths(project: Project) -> list[Path]:
    """Where the plan of a film may lie: in the work folder of its preview, and in that of its renderings."""
    work = project.folder / "work"
    return [work / "preview" / project.preview.name / PLAN, *sorted(work.glob(f"film/*/{PLAN}"))]


@lru_cache(maxsize=4)
def _read_plan(path: Path, modified_ns: int, size: int) -> Plan:
    """The plan as it was at that time: the plan of a long film takes a moment to read."""
    return read_plan(path)


def _refuse_twice(project: Project, spec: RenderSpec, current: list[Rendering]) -> None:
    """Raises ConflictError where a job that has not ended writes what this one would."""
    output = output_path(project, spec)
    if any(Path(os.path.normpath(job.order.output)) == output for job in current):
        raise ConflictError(
            f"{project.title} is in the queue already; render it again once that is done, or cancel it there"
        )


def _take_plan(project: Project, spec: RenderSpec) -> None:
    """Gives a rendering the plan of the preview, so that the film is not gone through again."""
    folder = work_path(project, spec) / output_path(project, spec).name
    plan = next((path for path in plan_paths(project) if path.exists()), None)
    if plan is None or (folder / PLAN).exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with WorkDir(folder, share="stage") as work, publish(work.plan_path) as partial:
        shutil.copyfile(plan, partial)


def _rendering(spool: Spool, root: Root, entry: Entry) -> Rendering | None:
    """What a job renders; None where it is not of a project."""
    try:
        order = _order(spool.file(entry))
    except (OSError, SettingsError):  # it moved on, or is none of ours
        return None
    source = Path(order.source)
    match = _NAME.fullmatch(source.name)
    if match is None or source.parent.name != "jobs" or source.parents[2] != root.projects:
        return None
    return Rendering(
        entry=entry,
        order=order,
        project=source.parents[1].name,
        what=cast(What, match["what"]),
        revision=int(match["revision"]),
    )


@lru_cache(maxsize=10_000)
def _order(path: Path) -> Order:
    """What the first line of a job's file says, which never changes."""
    return read_order(path)
