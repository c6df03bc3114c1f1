"""Projects: made of a file, rendered, looked at as a whole, taken away."""

from pathlib import Path

from flask import Blueprint, Response, request

from jobs.projects.errors import ConflictError, MissingError
from jobs.projects.job_text import job_text
from jobs.projects.project import Project
from jobs.projects.render_spec import RENDER_PRESETS, RenderSpec
from jobs.projects.renderings import Rendering, find_plan, render
from jobs.projects.review import Change
from jobs.projects.status import ProjectStatus, job_state
from jobs.queue.control import cancel_job
from jobs.records.html import script_source
from jobs.web.contract import project as contract
from jobs.web.contract.base import Empty
from jobs.web.contract.files import send_file
from jobs.web.contract.operations import PREFIX, answered, asked_for, describes
from jobs.web.pictures import ANSWER_SECONDS
from jobs.web.review_routes import make_changes
from jobs.web.server import Server
from jobs.web.shown import outputs_of, report_of, show_project
from pipeline.errors import KinochromeError, SettingsError, SourceError
from pipeline.target import kind_by_name

_REPORT_POLICY = (
    f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {script_source()}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-downloads"
)
"""A report has no origin, whatever stands in a film's tags: its own script moves pictures, and can ask for nothing."""


def project_routes(server: Server) -> Blueprint:
    """The routes."""
    routes = Blueprint("projects", __name__, url_prefix=PREFIX)

    @routes.get("/projects")
    @describes(answer=contract.Projects)
    def get_projects() -> Response:
        """All projects, the newest first."""
        jobs = server.jobs()
        found = [shown(server, project, jobs=jobs) for project in server.projects.all()]
        return answered(contract.Projects(projects=found))

    @routes.post("/projects")
    @describes(asked=contract.NewProject, answer=contract.Project)
    def create() -> Response:
        """Makes a project of a film or still under the root, or finds the one that there is."""
        path = server.root.find(asked_for(contract.NewProject).path)
        is_known = server.projects.of_source(server.root.relative(path)) is not None
        return answered(shown(server, project_of(server, path)), 200 if is_known else 201)

    @routes.post("/uploads/<id>/project")
    @describes(asked=Empty, answer=contract.Project)
    def create_of_upload(id: str) -> Response:
        """Makes a project of a file that was sent."""
        upload = server.uploads.get(id)
        path = server.uploads.finish(id)
        try:
            return answered(shown(server, _create(server, path)), 201)
        except SourceError:  # it is no film or picture, and never will be
            path.unlink(missing_ok=True)
            raise
        except (KinochromeError, OSError):
            server.uploads.give_back(upload, path)
            raise

    @routes.get("/projects/<id>")
    @describes(answer=contract.Project)
    def get_project(id: str) -> Response:
        """A project and how it stands."""
        return answered(shown(server, server.projects.get(id)))

    @routes.delete("/projects/<id>")
    @describes(answer="text/plain")
    def remove(id: str) -> Response:
        """Takes a project away; its film or still, and what was rendered, stay."""
        project = server.projects.get(id)
        mine = [job for job in server.jobs() if job.project == id]
        if any(job.entry.state == "running" for job in mine):
            raise ConflictError(f"{project.title} is being rendered; cancel that first")
        for job in mine:
            if job.entry.state == "queue":
                cancel_job(server.queue, job.entry.id)
        server.projects.remove(project)
        server.forget(project)
        return Response(status=204)

    @routes.post("/projects/<id>/filter")
    @describes(asked=contract.SetFilter, answer=contract.Project)
    def set_filter(id: str) -> Response:
        """Says what the whole film is to be; a new preview of it is rendered."""
        project, asked = server.projects.get(id), asked_for(contract.SetFilter)
        change = Change(shot=None, field="filter", value=asked.filter)
        make_changes(server, project, [change], base=server.log(project).revision, client=asked.client)
        if project.kind == "film":
            _render(server, project, RenderSpec(what="preview"))
        return answered(shown(server, project))

    @routes.post("/projects/<id>/preview_film")
    @describes(asked=Empty, answer=contract.Asked)
    def render_preview(id: str) -> Response:
        """Renders the moving preview anew; only what has changed is coloured again."""
        project = server.projects.get(id)
        if project.kind == "still":
            raise SettingsError(f"{project.title} is a still; it does not move")
        return answered(_render(server, project, RenderSpec(what="preview")), 202)

    @routes.post("/projects/<id>/render")
    @describes(asked=contract.Render, answer=contract.Asked)
    def render_all(id: str) -> Response:
        """Renders the film, or the still at its full size."""
        project, asked = server.projects.get(id), asked_for(contract.Render)
        preset = asked.preset or project.preset
        if preset not in RENDER_PRESETS:
            raise SettingsError(f"preset: found {preset[:40]!r}; {', '.join(RENDER_PRESETS)} would work")
        if preset != project.preset:
            project = server.projects.set_preset(project, preset)
        spec = RenderSpec(
            what=project.kind,
            preset=preset,
            only_approved=asked.only_approved,
            allow_loss=asked.allow_loss,
            keep_going=asked.keep_going,
        )
        return answered(_render(server, project, spec), 202)

    @routes.get("/projects/<id>/job.yaml")
    @describes(answer="application/yaml")
    def get_job(id: str) -> Response:
        """What `kinochrome run` renders, with what was given so far."""
        project = server.projects.get(id)
        review, _ = server.log(project).review()
        what = "still" if project.kind == "still" else request.args.get("what", "film")
        if what not in ("film", "preview", "still"):
            raise SettingsError(f"what: found {what[:40]!r}; film or preview would work")
        spec = RenderSpec(what=what, preset=project.preset)  # type: ignore[arg-type]
        plan = find_plan(project)
        text = job_text(
            project, review, spec, root=server.root, shots=None if plan is None else len(plan.shots)
        )
        return Response(text, mimetype="text/plain")

    @routes.get("/projects/<id>/report")
    @describes(answer="text/html")
    def get_report(id: str) -> Response:
        """The page of the record of what was rendered last."""
        path = report_of(server.status(server.projects.get(id)))
        if path is None:
            raise MissingError("there is no report yet; it is written with the film")
        response = send_file(server.root.open(path), mimetype="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _REPORT_POLICY
        return response

    @routes.get("/projects/<id>/download/<name>")
    @describes(answer="application/octet-stream")
    def download(id: str, name: str) -> Response:
        """A file that was rendered, whole or a range of it."""
        path = outputs_of(server.projects.get(id)).get(name)
        if path is None:
            raise MissingError("there is no such file; render it first")
        return send_file(server.root.open(path), mimetype="application/octet-stream", name=name)

    return routes


def shown(
    server: Server,
    project: Project,
    *,
    jobs: list[Rendering] | None = None,
    status: ProjectStatus | None = None,
) -> contract.Project:
    """A project as the page gets it; with its jobs or how it stands, where they were read just before."""
    status = status or server.status(project, jobs)
    review, _ = server.log(project).review()
    return show_project(project, status, filter=review.film.get("filter", "colourise"))


def project_of(server: Server, path: Path, *, answer_seconds: float | None = ANSWER_SECONDS) -> Project:
    """The project of a file that is under the root, made if there is none yet; `answer_seconds` as `Pictures.describe`.

    Raises as the page is told.
    """
    return server.projects.of_source(server.root.relative(path)) or _create(
        server, path, answer_seconds=answer_seconds
    )


def _create(server: Server, path: Path, *, answer_seconds: float | None = ANSWER_SECONDS) -> Project:
    """A new project; the preview of a film is put into the queue."""
    kind = kind_by_name(path)
    if kind is None:
        raise SettingsError(f"{path.name}: by its name it is no film or picture")
    media = server.pictures.describe(
        "describe",
        path=str(path),
        kind=kind,
        most_pixels=server.picture_pixels,
        answer_seconds=answer_seconds,
    )
    source = server.root.relative(path)
    if server.root.find(source) != path:
        raise ConflictError(f"{source} was exchanged while it was read; try again")
    project = server.projects.create(source, kind=kind, media=media)
    if kind == "film":
        _render(server, project, RenderSpec(what="preview"))
    return project


def _render(server: Server, project: Project, spec: RenderSpec) -> contract.Asked:
    review, revision = server.log(project).review()
    entry = render(project, review, revision, spec, root=server.root, spool=server.queue)
    job = next(job for job in server.jobs() if job.entry.id == entry.id)
    return contract.Asked(job=contract.JobRef(id=entry.id, state=job_state(job, server.queue)))
