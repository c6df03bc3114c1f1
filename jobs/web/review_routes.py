"""What people say and give: read, changed field by field, and what was changed when."""

import secrets
from pathlib import Path

from flask import Blueprint, Response, request

from jobs.projects.errors import MissingError
from jobs.projects.project import Project
from jobs.projects.renderings import find_plan
from jobs.projects.review import Change
from jobs.projects.review_log import ChangeResult
from jobs.web.contract.errors import BadRequestError, TooLargeError
from jobs.web.contract.operations import PREFIX, answered, asked_for, describes
from jobs.web.contract.review import (
    Changed,
    Changes,
    Conflict,
    Log,
    LogEntry,
    NewReference,
    ReviewState,
)
from jobs.web.server import Server
from pipeline.atomic_files import publish
from pipeline.errors import KinochromeError

_MOST_REFERENCE_BYTES = 200_000_000
_REFERENCE_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}
_MOST_ENTRIES = 500


def review_routes(server: Server) -> Blueprint:
    """The routes."""
    routes = Blueprint("review", __name__, url_prefix=f"{PREFIX}/projects/<id>")

    @routes.get("/review")
    @describes(answer=ReviewState)
    def get_review(id: str) -> Response:
        """All that was said and given."""
        review, revision = server.log(server.projects.get(id)).review()
        return answered(ReviewState(revision=revision, **review.as_json()))

    @routes.patch("/review")
    @describes(asked=Changes, answer=Changed)
    def change(id: str) -> Response:
        """Makes changes, all or none; of two changes of a field the later one wins, and both are told."""
        project, asked = server.projects.get(id), asked_for(Changes)
        changes = [Change(**vars(one)) for one in asked.changes]
        made = make_changes(server, project, changes, base=asked.base, client=asked.client)
        return answered(Changed(revision=made.revision, conflicts=_conflicts(made)))

    @routes.get("/review/log")
    @describes(answer=Log)
    def get_log(id: str) -> Response:
        """What was changed after a revision, in its order, with the values that there were."""
        log = server.log(server.projects.get(id))
        after, limit = _number("after", 0), min(_number("limit", 200), _MOST_ENTRIES)
        lines = log.lines_after(after, limit=limit)
        names = ("shot", "field", "key", "value", "was")
        entries = [
            LogEntry(
                revision=line["revision"],
                time=line["time"],
                client=line["client"],
                **{name: change.get(name) for name in names},
            )
            for line in lines
            for change in line["changes"]
        ]
        revision = lines[-1]["revision"] if lines else log.revision
        return answered(Log(revision=revision, changes=entries, more=revision < log.revision))

    @routes.post("/references")
    @describes(asked="multipart/form-data", answer=NewReference)
    def add_reference(id: str) -> Response:
        """Adds a still in colour, for the film or for one shot."""
        project = server.projects.get(id)
        if (request.content_length or 0) > _MOST_REFERENCE_BYTES:
            raise TooLargeError(f"a reference has at most {_MOST_REFERENCE_BYTES:,} bytes")
        file = request.files.get("file")
        if file is None or not file.filename:
            raise BadRequestError("the form needs a file, a PNG, JPEG or TIFF")
        suffix = Path(file.filename).suffix.lower()
        if suffix not in _REFERENCE_SUFFIXES:
            raise BadRequestError(f"{file.filename[:100]}: a PNG, JPEG or TIFF would work")
        shot, frame = _optional_number("shot"), _optional_number("frame")
        key = secrets.token_hex(6)
        path = project.folder / "references" / f"{key}{suffix}"
        with publish(path) as partial:
            file.save(partial)
        try:
            server.pictures.describe(
                "describe", path=str(path), kind="still", most_pixels=server.picture_pixels
            )
            value = {"name": file.filename[:200], "file": path.name, "weight": _weight()}
            value |= {} if frame is None else {"frame": frame}
            reference = Change(shot=shot, field="references", key=key, value=value)
            client = request.form.get("client", "page")[:64]
            made = make_changes(
                server, project, [reference], base=server.log(project).revision, client=client
            )
        except KinochromeError:
            path.unlink(missing_ok=True)
            raise
        return answered(NewReference(id=key, shot=shot, reference=value, revision=made.revision), 201)

    @routes.get("/references/<key>.jpg")
    @describes(answer="image/jpeg")
    def get_reference(id: str, key: str) -> Response:
        """A small picture of a reference."""
        project = server.projects.get(id)
        review, _ = server.log(project).review()
        for given in (review.film, *review.shots.values()):
            value = given.get("references", {}).get(key)
            if value is not None:
                path = project.folder / "references" / value["file"]
                data = server.pictures.describe("thumbnail", path=str(path), lines=_THUMBNAIL_LINES)
                response = Response(data, mimetype="image/jpeg")
                response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
                return response
        raise MissingError("there is no such reference")

    return routes


_THUMBNAIL_LINES = 240


def make_changes(
    server: Server, project: Project, changes: list[Change], *, base: int, client: str
) -> ChangeResult:
    """Makes changes and tells the other browsers of them. Raises as `ReviewLog.change`."""
    is_still = project.kind == "still"
    plan = None if is_still else find_plan(project)
    shots = 1 if is_still else None if plan is None else len(plan.shots)
    made = server.log(project).change(changes, base=base, client=client, shots=shots, is_still=is_still)
    lost = {conflict.change.place for conflict in made.conflicts}
    changed = [
        {
            "shot": one.shot,
            "field": one.field,
            "key": one.key,
            "value": one.value,
            "theirs_lost": one.place in lost,
        }
        for one in changes
    ]
    data = {"project": project.id, "revision": made.revision, "client": client, "changes": changed}
    server.events.publish("review", data)
    return made


def _conflicts(made: ChangeResult) -> list[Conflict]:
    return [
        Conflict(
            shot=conflict.change.shot,
            field=conflict.change.field,
            key=conflict.change.key,
            value=conflict.change.value,
            theirs=conflict.theirs,
            client=conflict.last.client,
            revision=conflict.last.revision,
            time=conflict.last.time,
        )
        for conflict in made.conflicts
    ]


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadRequestError(f"{name}: found {text[:20]!r}; a whole number would work")
    return int(text)


def _optional_number(name: str) -> int | None:
    text = request.form.get(name, "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadRequestError(f"{name}: found {text[:20]!r}; a whole number would work")
    return int(text) if text else None


def _weight() -> float:
    try:
        return float(request.form.get("weight", "1"))
    except ValueError:
        raise BadRequestError("weight: a number above 0, up to 1, would work") from None
