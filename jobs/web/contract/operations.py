"""Ties a route to the models of its request and its answer, and makes the OpenAPI document of all routes."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from jobs.version import VERSION
from jobs.web.contract.base import Refused, Request
from jobs.web.contract.errors import BadRequestError, TooLargeError

PREFIX = "/api/v1"
MOST_JSON_BYTES = 4_000_000
_View = TypeVar("_View", bound=Callable[..., Any])
_Asked = TypeVar("_Asked", bound=BaseModel)
_ARGUMENT = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")


def describes(
    *, answer: type[BaseModel] | str, asked: type[BaseModel] | str | None = None
) -> Callable[[_View], _View]:
    """Notes what a view takes and gives: models, or the media type of what is none. Its docstring is the summary."""

    def note(view: _View) -> _View:
        view.operation = (asked, answer)  # type: ignore[attr-defined]
        return view

    return note


def asked_for(model: type[_Asked]) -> _Asked:
    """The body of the request. Raises ValidationError, BadRequestError where it is no JSON, TooLargeError."""
    if request.mimetype != "application/json":
        raise BadRequestError("the body must be JSON, with Content-Type: application/json")
    if (request.content_length or 0) > MOST_JSON_BYTES:
        raise TooLargeError(
            f"the body has more than {MOST_JSON_BYTES:,} bytes; fewer changes at a time would work"
        )
    return model.model_validate_json(request.get_data())


def answered(answer: BaseModel, status: int = 200) -> Response:
    """An answer as JSON."""
    return Response(answer.model_dump_json(), status=status, mimetype="application/json")


def openapi(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the app's routes."""
    views = [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]
    described = [(rule, view) for rule, view in views if hasattr(view, "operation")]
    models = {
        (part, "validation" if issubclass(part, Request) else "serialization")
        for _, view in described
        for part in view.operation
        if isinstance(part, type)
    } | {(Refused, "serialization")}
    ordered = sorted(models, key=lambda pair: pair[0].__name__)
    refs, schema = models_json_schema(ordered, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for rule, view in sorted(described, key=lambda pair: pair[0].rule):
        asked, answer = view.operation
        operation = _operation(view, asked, answer, refs)
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _ARGUMENT.findall(rule.rule)
        ]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            named = {**operation, "operationId": f"{rule.endpoint.rpartition('.')[2]}"}
            paths.setdefault(_ARGUMENT.sub(r"{\1}", rule.rule), {})[method.lower()] = named
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kinochrome review page", "version": VERSION},
        "paths": paths,
        "components": {"schemas": schema.get("$defs", {})},
    }


def _operation(view: Callable[..., Any], asked: Any, answer: Any, refs: Any) -> dict[str, Any]:
    summary = (view.__doc__ or "").strip().partition("\n")[0]
    made: dict[str, Any] = {
        "summary": summary,
        "responses": {
            "200": {"description": "done", "content": _content(answer, "serialization", refs)},
            "default": {"description": "refused", "content": _content(Refused, "serialization", refs)},
        },
    }
    if asked is not None:
        made["requestBody"] = {"required": True, "content": _content(asked, "validation", refs)}
    return made


def _content(part: Any, mode: str, refs: Any) -> dict[str, Any]:
    if isinstance(part, str):
        return {part: {}}
    return {"application/json": {"schema": refs[part, mode]}}
