"""Shots, frames and colours: what is looked at, and what a stroke would make of it."""

import math
from typing import Any

from flask import Blueprint, Response, request

from jobs.projects.errors import NotReadyError
from jobs.projects.job_text import live_values
from jobs.projects.project import Project, stored_place
from jobs.projects.render_spec import RenderSpec
from jobs.projects.renderings import ready_plan, ready_plan_path
from jobs.projects.review import Review
from jobs.projects.review_draft import with_draft
from jobs.projects.shot_table import shot_rows
from jobs.web.contract.errors import BadRequestError
from jobs.web.contract.files import send_file
from jobs.web.contract.film import Draft, Likely, LikelyColor, Regions, Shots, Take, Takes, Times
from jobs.web.contract.operations import PREFIX, answered, asked_for, describes
from jobs.web.server import Server
from jobs.web.shown import show_shot
from pipeline.errors import SettingsError

_FOR_GOOD = "private, max-age=31536000, immutable"
_MOST_TIMES = 20_000
_MOST_TAKES_AT_ONCE = 8
_MOST_LINES = 4320


def picture_routes(server: Server) -> Blueprint:
    """The routes."""
    routes = Blueprint("pictures", __name__, url_prefix=f"{PREFIX}/projects/<id>")

    @routes.get("/shots")
    @describes(answer=Shots)
    def get_shots(id: str) -> Response:
        """The shots of a film in its order."""
        project = _film(server, id)
        log = server.log(project)
        review, revision = log.review()
        status = server.status(project)
        _, colored = log.colored()
        rows = shot_rows(project, review, colored=colored, preview_revision=status.preview_revision)
        stamp = status.preview_revision or 0
        shots = [show_shot(project, row, revision=stamp) for row in rows]
        return answered(Shots(revision=revision, rate=project.media["rate"], shots=shots))

    @routes.get("/shots/<int:shot>/strip.jpg")
    @describes(answer="image/jpeg")
    def get_strip(id: str, shot: int) -> Response:
        """A few small pictures of a shot, side by side."""
        project, side = _film(server, id), _side()
        plan = ready_plan(project)
        if shot >= len(plan.shots):
            raise SettingsError(f"found shot {shot}; the film has shots 0 to {len(plan.shots) - 1}")
        made = server.strips.find(project, shot, source=_source(server, project, "preview"))
        picture = made.grey if side == "grey" else made.color
        if picture is None:
            raise NotReadyError("this shot has no colour yet; it gets some with the next preview")
        return _picture(picture, "image/jpeg")

    @routes.get("/frames/<int:number>.png")
    @describes(answer="image/png")
    def get_frame(id: str, number: int) -> Response:
        """A frame in grey or in colour, upright and with square pixels."""
        project, side = server.projects.get(id), _side()
        lines = _number("max_lines", 16, _MOST_LINES) if "max_lines" in request.args else None
        data, pts, is_rendered = server.ask(
            project,
            "frame",
            source=_source(server, project, "preview"),
            number=number,
            side=side,
            lines=lines,
            is_draft=False,
        )
        response = _picture(data, "image/png")
        response.headers["Kinochrome-Pts"] = str(pts)
        if side == "colour":
            response.headers["Kinochrome-Colour"] = "rendered" if is_rendered else "predicted"
        return response

    @routes.post("/preview")
    @describes(asked=Draft, answer="image/png")
    def preview(id: str) -> Response:
        """A frame in colour with what is being painted."""
        project, draft = server.projects.get(id), asked_for(Draft)
        review, _ = server.log(project).review()
        shot = 0 if project.kind == "still" else _shot_of(project, draft.frame)
        drafted = with_draft(
            review, shot=shot, given=draft.shot, film=draft.film, is_still=project.kind == "still"
        )
        data, pts, _ = server.ask(
            project,
            "frame",
            source=_source(server, project, "preview", review=drafted, shot=shot),
            number=draft.frame,
            side="colour",
            lines=draft.max_lines,
            is_draft=True,
        )
        response = Response(data, mimetype="image/png")
        response.headers["Kinochrome-Pts"] = str(pts)
        return response

    @routes.get("/frames/<int:number>/colours")
    @describes(answer=Likely)
    def get_likely(id: str, number: int) -> Response:
        """The likely colours of a place."""
        project = server.projects.get(id)
        x, y = _share("x"), _share("y")
        found = server.ask(
            project,
            "likely",
            source=_source(server, project, "preview"),
            number=number,
            place=stored_place(project, x, y),
            count=_number("count", 1, 32, default=8),
        )
        colors = [LikelyColor(**color) for color in found["colours"]]
        return answered(Likely(frame=number, x=x, y=y, grey=found["grey"], colours=colors))

    @routes.get("/shots/<int:shot>/takes")
    @describes(answer=Takes)
    def get_takes(id: str, shot: int) -> Response:
        """What a shot could look like, and its regions."""
        project = server.projects.get(id)
        count = _number("count", 1, _MOST_TAKES_AT_ONCE, default=4)
        made = _takes(server, project, shot, count)
        base = f"{PREFIX}/projects/{id}/shots/{shot}/takes"
        query = f"count={count}&seed={_seed(server, project, shot)}"
        takes = [
            Take(take=take, name=f"take {take}" if take else "automatic", url=f"{base}/{take}.png?{query}")
            for take in range(count + 1)
        ]
        regions = Regions(url=f"{base}/regions.png?{query}", letters=made["letters"])
        return answered(Takes(shot=shot, frame=made["frame"], takes=takes, regions=regions))

    @routes.get("/shots/<int:shot>/takes/<name>.png")
    @describes(answer="image/png")
    def get_take(id: str, shot: int, name: str) -> Response:
        """The picture of a take, by its number, or of the regions."""
        project = server.projects.get(id)
        made = _takes(server, project, shot, _number("count", 1, _MOST_TAKES_AT_ONCE, default=4))
        pictures = {
            "regions": made["regions"],
            **{str(take): data for take, data in enumerate(made["takes"])},
        }
        if name not in pictures:
            raise SettingsError(f"found take {name[:20]!r}; {', '.join(pictures)} would work")
        return _picture(pictures[name], "image/png")

    @routes.get("/times")
    @describes(answer=Times)
    def get_times(id: str) -> Response:
        """When the frames from `start` to before `end` are shown, on the clock of the moving preview."""
        project = _film(server, id)
        plan = ready_plan(project)
        count = len(plan.timeline)
        start = _number("start", 0, count, default=0)
        end = _number("end", start, count, default=min(start + _MOST_TIMES, count))
        end = min(end, start + _MOST_TIMES)
        pts = plan.timeline.pts
        seconds = [round(float((int(one) - int(pts[0])) * plan.time_base), 6) for one in pts[start:end]]
        base = f"{plan.time_base.numerator}/{plan.time_base.denominator}"
        return answered(Times(start=start, end=end, time_base=base, seconds=seconds))

    @routes.get("/video.mp4")
    @describes(answer="video/mp4")
    def get_video(id: str) -> Response:
        """The moving preview, whole or a range of it: the film in grey to the left, in colour to the right."""
        project = _film(server, id)
        if not project.preview.is_file():
            raise NotReadyError("the preview is not there yet; the queue says how far it is")
        return send_file(server.root.open(project.preview), mimetype="video/mp4")

    return routes


def _film(server: Server, id: str) -> Project:
    project = server.projects.get(id)
    if project.kind == "still":
        raise SettingsError(f"{project.title} is a still; it has no shots and does not move")
    return project


def _source(
    server: Server, project: Project, what: str, *, review: Review | None = None, shot: int | None = None
) -> Any:
    """The job whose colours are shown, as the process of the pictures takes it."""
    if review is None:
        review, _ = server.log(project).review()
    is_still = project.kind == "still"
    spec = RenderSpec(what="still" if is_still else "preview")
    plan = None if is_still else str(ready_plan_path(project))
    return {"values": live_values(project, review, spec, root=server.root, shot=shot), "plan": plan}


def _shot_of(project: Project, frame: int) -> int:
    plan = ready_plan(project)
    found = next((shot.index for shot in plan.shots if shot.start <= frame < shot.end), None)
    if found is None:
        raise SettingsError(f"found frame {frame}; the film has frames 0 to {len(plan.timeline) - 1}")
    return found


def _takes(server: Server, project: Project, shot: int, count: int) -> Any:
    seed = _seed(server, project, shot)
    source = _source(server, project, "preview")
    return server.takes.find(project, shot, source=source, count=count, seed=seed)


def _seed(server: Server, project: Project, shot: int) -> int:
    review, _ = server.log(project).review()
    return int(review.get(shot, "seed") or review.get(None, "seed") or 0)


def _side() -> str:
    side = request.args.get("side", "colour")
    if side not in ("grey", "colour"):
        raise BadRequestError(f"side: found {side[:20]!r}; grey or colour would work")
    return side


def _share(name: str) -> float:
    try:
        value = float(request.args.get(name, ""))
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise BadRequestError(f"{name} is a share of the picture, 0 to 1")
    return value


def _number(name: str, least: int, most: int, *, default: int | None = None) -> int:
    text = request.args.get(name, "" if default is None else str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise BadRequestError(
            f"{name}: found {text[:20]!r}; a whole number from {least} to {most} would work"
        )
    return int(text)


def _picture(data: bytes, mimetype: str) -> Response:
    response = Response(data, mimetype=mimetype)
    if "r" in request.args:
        response.headers["Cache-Control"] = _FOR_GOOD
    return response
