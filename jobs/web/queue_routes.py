"""The queue, and the events by which pages hear of changes."""

import time

from flask import Blueprint, Response, request

from jobs.projects.errors import MissingError
from jobs.projects.renderings import Rendering
from jobs.projects.status import job_progress, job_state, said_lines, tail
from jobs.queue.control import cancel_job, retry_job
from jobs.version import VERSION
from jobs.web.contract.base import Empty
from jobs.web.contract.operations import PREFIX, answered, asked_for, describes
from jobs.web.contract.project import JobRef, Queue, QueueJob
from jobs.web.server import Server
from jobs.web.shown import show_progress

_ORDER = ("running", "queue", "failed", "cancelled", "done")
_MOST_ENDED = 100
_LONGEST_LINE = 300


def queue_routes(server: Server) -> Blueprint:
    """The routes."""
    routes = Blueprint("queue", __name__, url_prefix=PREFIX)

    @routes.get("/queue")
    @describes(answer=Queue)
    def get_queue() -> Response:
        """What runs, what waits, what ended."""
        jobs = sorted(server.jobs(), key=lambda job: (_ORDER.index(job.entry.state), job.entry.id))
        ended = [job for job in jobs if job.entry.state not in ("running", "queue")]
        latest = sorted(ended, key=lambda job: -job.order.submitted)[:_MOST_ENDED]
        current = [job for job in jobs if job.entry.state in ("running", "queue")]
        titles = {project.id: project.title for project in server.projects.all()}
        found = [_shown(server, job, titles) for job in (*current, *latest)]
        return answered(Queue(worker=server.worker_state(), jobs=found))  # type: ignore[arg-type]

    @routes.post("/queue/<id>/cancel")
    @describes(asked=Empty, answer=JobRef)
    def cancel(id: str) -> Response:
        """Takes a job out of the queue, or stops it."""
        asked_for(Empty)
        was = cancel_job(server.queue, _mine(server, id).entry.id)
        return answered(JobRef(id=was.id, state="cancelling" if was.state == "running" else "cancelled"))

    @routes.post("/queue/<id>/retry")
    @describes(asked=Empty, answer=JobRef)
    def retry(id: str) -> Response:
        """Puts a job that failed or was cancelled back into the queue."""
        asked_for(Empty)
        entry = retry_job(server.queue, _mine(server, id).entry.id)
        return answered(JobRef(id=entry.id, state=entry.state))

    @routes.get("/queue/<id>/log")
    @describes(answer="text/plain")
    def get_log(id: str) -> Response:
        """The end of what a job said."""
        lines = tail(server.queue.log_path(_mine(server, id).entry.id))
        return Response(server.root.named("\n".join(lines)) + "\n", mimetype="text/plain")

    @routes.get("/events")
    @describes(answer="text/event-stream")
    def events() -> Response:
        """Server-sent events: hello, reload, project, project_gone, queue, review, worker."""
        stream = server.events.stream(request.headers.get("Last-Event-ID"), hello={"version": VERSION})
        return Response(stream, mimetype="text/event-stream")

    return routes


def _mine(server: Server, id: str) -> Rendering:
    """The job of this id, if it is one of a project of this folder."""
    found = next((job for job in server.jobs() if job.entry.id == id), None)
    if found is None:
        raise MissingError("there is no such job; it may have been taken away")
    return found


def _shown(server: Server, job: Rendering, titles: dict[str, str]) -> QueueJob:
    log = server.queue.log_path(job.entry.id)
    progress = None
    if job.entry.state == "running":
        progress = job_progress(job.what, tail(log))
    lines = [server.root.named(line) for line in said_lines(log)] if job.entry.state == "failed" else []
    return QueueJob(
        id=job.entry.id,
        state=job_state(job, server.queue),
        project=job.project if job.project in titles else None,
        title=titles.get(job.project, job.order.input.rpartition("/")[2]),
        what=job.what,
        attempts=job.entry.attempts,
        attempts_allowed=job.order.attempts,
        submitted=job.order.submitted,
        age_seconds=round(max(time.time() - job.order.submitted, 0.0), 1),
        line=(progress.line if progress else lines[-1] if lines else "")[:_LONGEST_LINE],
        progress=show_progress(progress),
        lines=lines,
    )
