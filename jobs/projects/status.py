"""How a project stands: what waits, what runs and how far it is, what is there to look at and to take away."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.progress.overall import OverallProgress
from jobs.progress.rates import parse_stage_line
from jobs.projects.project import Project
from jobs.projects.renderings import Rendering, find_plan
from jobs.projects.review_log import ReviewLog
from jobs.queue.claim import CANCEL
from jobs.queue.folder import Spool
from pipeline.plan.plan import Plan

_TAIL_BYTES = 1 << 16
_MOST_LINES = 20
_LONGEST_LINE = 200
_SAID = re.compile(r"kinochrome: (?P<kind>error|warning): (?P<text>.*)")


@dataclass(frozen=True, kw_only=True)
class JobProgress:
    """How far a job is."""

    what: str
    stage: str
    done: int
    total: int | None
    percent: float
    """Of the whole job, about."""
    seconds_left: float | None
    """Of the stage."""
    line: str


@dataclass(frozen=True, kw_only=True)
class ProjectStatus:
    """How a project stands."""

    state: str
    """new, queued, planning, running, ready, done or failed."""
    can_review: bool
    progress: JobProgress | None
    lines: tuple[str, ...]
    """What went wrong, or warnings."""
    job: Rendering | None
    """The last one."""
    job_state: str | None
    revision: int
    color_revision: int
    """Of the last change that changes pictures."""
    preview_revision: int | None
    """Of the moving preview that is there."""
    result_revision: int | None
    """Of the film or still that was rendered last."""
    result: Rendering | None
    plan: Plan | None

    @property
    def is_preview_stale(self) -> bool:
        """Whether the colours have changed since the preview."""
        return self.preview_revision is not None and self.color_revision > self.preview_revision

    @property
    def is_result_stale(self) -> bool:
        """Whether the colours have changed since the film or still was rendered."""
        return self.result_revision is not None and self.color_revision > self.result_revision


def project_status(
    project: Project, log: ReviewLog, jobs: Sequence[Rendering], spool: Spool
) -> ProjectStatus:
    """How a project stands; `jobs` are its renderings. Raises SettingsError for a damaged review, SpoolError."""
    jobs = sorted(jobs, key=lambda job: job.order.submitted)
    current = next((job for job in jobs if job.entry.state == "running"), None)
    current = current or next((job for job in jobs if job.entry.state == "queue"), None)
    last = current or (jobs[-1] if jobs else None)
    plan = find_plan(project) if project.kind == "film" else None
    preview = _newest(jobs, "preview") if project.preview.exists() else None
    result = _newest(jobs, project.kind)
    if result is not None and not Path(result.order.output).exists():
        result = None
    progress = None if current is None else _progress(current, spool)
    color_revision, _ = log.colored()
    can_review = project.kind == "still" or (plan is not None and project.preview.exists())
    status = ProjectStatus(
        state="",
        can_review=can_review,
        progress=progress,
        lines=_lines(last, spool),
        job=last,
        job_state=None if last is None else job_state(last, spool),
        revision=log.revision,
        color_revision=color_revision,
        preview_revision=None if preview is None else preview.revision,
        result_revision=None if result is None else result.revision,
        result=result,
        plan=plan,
    )
    return replace(status, state=_state(status, current=current, last=last))


def job_state(job: Rendering, spool: Spool) -> str:
    """The folder that a job is in, or `cancelling`."""
    if job.entry.state == "running" and spool.sidecar(job.entry.id, CANCEL).exists():
        return "cancelling"
    return job.entry.state


def said_lines(log: Path, *, kinds: Sequence[str] = ("error",)) -> tuple[str, ...]:
    """The last errors or warnings in the log of a job, each once."""
    found = (_SAID.fullmatch(line) for line in tail(log))
    texts = dict.fromkeys(match["text"] for match in found if match and match["kind"] in kinds)
    return tuple(texts)[-_MOST_LINES:]


def _state(status: ProjectStatus, *, current: Rendering | None, last: Rendering | None) -> str:
    if current is not None:
        if current.entry.state == "queue":
            return "queued"
        is_planning = current.what == "preview" and status.plan is None
        return "planning" if is_planning else "running"
    if last is None:
        return "ready" if status.can_review else "new"
    if last.entry.state == "failed" or (last.entry.state == "cancelled" and not status.can_review):
        return "failed"
    if status.result_revision is not None and not status.is_result_stale:
        return "done"
    return "ready" if status.can_review else "new"


def _newest(jobs: Sequence[Rendering], what: str) -> Rendering | None:
    done = [job for job in jobs if job.what == what and job.entry.state == "done"]
    return done[-1] if done else None


def _lines(last: Rendering | None, spool: Spool) -> tuple[str, ...]:
    if last is None or last.entry.state in ("queue", "running"):
        return ()
    if last.entry.state == "cancelled":
        return ("the job was cancelled; it goes on from there when it is tried again",)
    log = spool.log_path(last.entry.id)
    kinds = ("error",) if last.entry.state == "failed" else ("warning",)
    said = said_lines(log, kinds=kinds)
    if last.entry.state == "failed" and not said:
        return (f"the job ended {last.entry.attempts} times without a word; its log may say more",)
    return said


def _progress(job: Rendering, spool: Spool) -> JobProgress:
    if job.entry.state == "queue":
        return JobProgress(
            what=job.what,
            stage="waiting",
            done=0,
            total=None,
            percent=0.0,
            seconds_left=None,
            line="waits for a worker",
        )
    return job_progress(job.what, tail(spool.log_path(job.entry.id)))


def job_progress(what: str, lines: Sequence[str]) -> JobProgress:
    """How far a job is by the lines that it said; those of an earlier attempt do not count."""
    begun = max((number for number, line in enumerate(lines) if line.startswith("=== attempt")), default=0)
    lines = lines[begun:]
    overall, last, percent = OverallProgress("stills" if what == "still" else "run"), None, 0.0
    for line in lines:
        if (state := parse_stage_line(line)) is not None:
            overall.update(state.name, state.done, state.total)
            last, percent = state, overall.percent if state.percent is None else state.percent
    line = next((line for line in reversed(lines) if line and not line.startswith("===")), "starts")
    return JobProgress(
        what=what,
        stage="starting" if last is None else last.name,
        done=0 if last is None else last.done,
        total=None if last is None else last.total,
        percent=round(percent, 1),
        seconds_left=None if last is None else last.seconds_left,
        line=line[:_LONGEST_LINE],
    )


def tail(log: Path) -> list[str]:
    """The last lines of a log, which may not be there."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - _TAIL_BYTES, 0))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
