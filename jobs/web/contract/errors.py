"""What the server refuses, and how every error is told: a status, a code, and lines that say what would work."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from jobs.projects.errors import ConflictError, ForbiddenError, MissingError, NotReadyError
from jobs.projects.root import Root
from jobs.projects.uploads import WrongOffsetError
from models.errors import ModelError
from pipeline.atomic_files import disk_fault
from pipeline.errors import DeviceError, KinochromeError, OutputError, SettingsError, SourceError

logger = logging.getLogger(__name__)


class WebError(KinochromeError):
    """What only the server refuses; each kind has its status and its code."""

    status, code = 400, "bad_request"
    headers: Mapping[str, str] = MappingProxyType({})


class BadRequestError(WebError):
    """The request itself is wrong."""


class SignInError(WebError):
    """The session has no token yet."""

    status, code = 401, "sign_in"


class OriginError(WebError):
    """Another host or page asks."""

    status, code = 403, "forbidden"


class TooLargeError(WebError):
    """More bytes than are taken at once."""

    status, code = 413, "too_large"


class BusyError(WebError):
    """Others are served; it will work in a moment."""

    status, code = 503, "busy"
    headers = MappingProxyType({"Retry-After": "2"})


class TimeoutError(WebError):
    """It took too long."""

    status, code = 503, "timeout"
    headers = MappingProxyType({"Retry-After": "5"})


class GoneError(WebError):
    """The root folder, or what Kinochrome keeps in it, cannot be reached."""

    status, code = 503, "gone"
    headers = MappingProxyType({"Retry-After": "5"})


_STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (MissingError, 404, "not_found"),
    (ForbiddenError, 403, "forbidden"),
    (NotReadyError, 409, "not_ready"),
    (ConflictError, 409, "conflict"),
    (SourceError, 422, "source"),
    (SettingsError, 422, "settings"),
    (OutputError, 507, "disk"),
    (DeviceError, 503, "busy"),
)
_HTTP = {400: "bad_request", 404: "not_found", 405: "method", 413: "too_large", 416: "range"}


def tell_errors(app: Flask, root: Root) -> None:
    """Has the app tell every error in one form, in which files are named by their paths under the root."""

    def tell(error: Exception) -> Response:
        if not isinstance(error, HTTPException | WebError) and not root.home.is_dir():
            error = GoneError(
                f"the folder {root.path.name}/{root.home.name} is not there now; this goes on once it is back"
            )
        return _told(error, root)

    app.register_error_handler(Exception, tell)


def error_response(status: int, code: str, lines: tuple[str, ...] | list[str], **more: Any) -> Response:
    """`{"error": {"lines"}, "code"}` with a status."""
    response = jsonify({"error": {"lines": list(lines)}, "code": code, **more})
    response.status_code = status
    return response


def _told(error: Exception, root: Root) -> Response:
    lines = [root.named(line) for line in error.lines] if isinstance(error, KinochromeError) else []
    if isinstance(error, WebError):
        response = error_response(error.status, error.code, lines)
        response.headers.update(error.headers)
        return response
    if isinstance(error, WrongOffsetError):
        return error_response(409, "conflict", lines, offset=error.offset)
    if isinstance(error, KinochromeError):
        status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
        return error_response(status, code, lines)
    if isinstance(error, ModelError):
        return error_response(422, "settings", [root.named(str(error))])
    if isinstance(error, ValidationError):
        return error_response(422, "settings", _faults(error))
    if isinstance(error, HTTPException):
        status = error.code or 500
        return error_response(status, _HTTP.get(status, "bad_request"), [error.description or error.name])
    if isinstance(error, OSError) and (fault := disk_fault(error)) is not None:
        return error_response(507, "disk", [root.named(fault)])
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return error_response(
            404, "not_found", ["a file of this was taken away meanwhile; load the page again"]
        )
    logger.exception("%s %s", request.method, request.path)
    return error_response(500, "bug", [f"this is a bug ({type(error).__name__}); the server's log says more"])


def _faults(error: ValidationError) -> list[str]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = []
    for fault in found[:20]:
        place = ".".join(map(str, fault["loc"]))
        lines.append(f"{place}: {fault['msg']}" if place else str(fault["msg"]))
    return lines
