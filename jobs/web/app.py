"""Puts the routes of a server together with its guard and its errors."""

from flask import Flask

from jobs.web.contract.errors import tell_errors
from jobs.web.contract.operations import PREFIX, openapi
from jobs.web.folder_routes import folder_routes
from jobs.web.picture_routes import picture_routes
from jobs.web.project_routes import project_routes
from jobs.web.queue_routes import queue_routes
from jobs.web.review_routes import review_routes
from jobs.web.server import Server
from jobs.web.site_routes import site_routes

_MOST_BODY_BYTES = 210_000_000


def make_app(server: Server) -> Flask:
    """The application of a server, for waitress and for tests."""
    app = Flask("kinochrome", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = 100_000
    app.config["MAX_FORM_PARTS"] = 20
    app.url_map.merge_slashes = False
    tell_errors(app, server.root)
    server.guard.install(app)
    makers = (site_routes, folder_routes, project_routes, picture_routes, review_routes, queue_routes)
    for make in makers:
        app.register_blueprint(make(server))
    document = openapi(app)

    @app.get(f"{PREFIX}/openapi.json")
    def get_openapi() -> dict[str, object]:
        """This document."""
        return document

    _ = get_openapi
    app.json.sort_keys = False  # type: ignore[attr-defined]
    return app
