"""The page itself, the session, and what there is to choose from."""

from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.security import safe_join

from jobs.projects.errors import MissingError
from jobs.projects.render_spec import RENDER_PRESETS, preset_suffix
from jobs.projects.uploads import CHUNK_BYTES, MOST_BYTES
from jobs.version import VERSION
from jobs.web.contract.errors import BadRequestError
from jobs.web.contract.files import send_file
from jobs.web.contract.operations import PREFIX, answered, asked_for, describes
from jobs.web.contract.site import Colors, Filter, Limits, Looks, NamedColor, Preset, Session, SignIn
from jobs.web.events import MOST_STREAMS
from jobs.web.server import Server
from pipeline.guidance.hints.words import NOUNS
from pipeline.guidance.looks.built_in_looks import BUILT_IN
from pipeline.guidance.looks.color_names import find_names, hex_of, parse_color
from pipeline.target import FILM_SUFFIXES, READ_STILLS

STATIC = Path(__file__).with_name("static")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
_MOST_NAMES = 50
_TEXTS = {
    "colourise": ("Colourise", "basic", "colours as the network finds them, and as they were painted"),
    "grey": ("Grey", "basic", "the film as it is, without colour"),
    "neutral": ("Neutral", "basic", "colour of films that have some is taken away"),
    "two-strip": ("Two-strip", "process", "red-orange and blue-green, as Technicolor was in the 1920s"),
    "three-strip": ("Three-strip", "process", "pure, deep colours, as Technicolor was from 1932 on"),
    "hand-tinting": ("Hand tinting", "process", "a few vivid dyes, as by brush around 1900"),
    "stencil": ("Stencil", "process", "soft pastels, as by stencils from 1905 on"),
    "bleach bypass": ("Bleach bypass", "process", "silver left in the print: little colour, deep darks"),
    "sepia": ("Sepia", "tint", "brown darks and clear lights"),
    "cyanotype": ("Cyanotype", "tint", "blue darks and clear lights"),
    "copper": ("Copper", "tint", "red-brown darks and clear lights"),
    "dusk": ("Dusk", "tint", "blue darks under a rose sky"),
    "amber": ("Amber", "tint", "lamplight and interiors"),
    "night": ("Night", "tint", "blue, as night scenes were tinted"),
    "green": ("Green", "tint", "woods and gardens"),
    "rose": ("Rose", "tint", "dawn, and love scenes"),
    "fire": ("Fire", "tint", "red, as fires were tinted"),
    "lavender": ("Lavender", "tint", "evening light"),
}
_PRESETS = {
    "archival": ("For keeping", "FFV1 in Matroska: luma bit for bit, at the film's own depth"),
    "access": ("For watching", "H.264 in MP4: plays everywhere and starts at once"),
    "mezzanine": ("For editing", "ProRes 422 HQ in MOV"),
    "studio": ("For a studio", "DNxHR HQX in MXF, with timecode and PCM sound"),
}


def site_routes(server: Server) -> Blueprint:
    """The routes."""
    routes = Blueprint("site", __name__)

    @routes.get(f"{PREFIX}/session")
    @describes(answer=Session)
    def get_session() -> Response:
        """Who asks, and what the server is."""
        return answered(_session(server, signed_in=server.guard.is_signed_in()))

    @routes.post(f"{PREFIX}/session")
    @describes(asked=SignIn, answer=Session)
    def sign_in() -> Response:
        """Exchanges the token for a cookie."""
        token = asked_for(SignIn).token
        response = answered(_session(server, signed_in=True))
        server.guard.sign_in(token, response)
        return response

    @routes.get(f"{PREFIX}/looks")
    @describes(answer=Looks)
    def get_looks() -> Response:
        """The filters, presets and nouns that there are."""
        order = ("colourise", "grey", *sorted(BUILT_IN, key=lambda name: list(_TEXTS).index(name)))
        filters = [
            Filter(id=name, name=_TEXTS[name][0], group=_TEXTS[name][1], text=_TEXTS[name][2])  # type: ignore[arg-type]
            for name in order
        ]
        presets = [
            Preset(id=name, name=_PRESETS[name][0], text=_PRESETS[name][1], suffix=preset_suffix(name))
            for name in RENDER_PRESETS
        ]
        return answered(Looks(filters=filters, presets=presets, nouns=list(NOUNS)))

    @routes.get(f"{PREFIX}/colours")
    @describes(answer=Colors)
    def get_colors() -> Response:
        """Colours by name: those whose names hold `q`, or the one that is called `name`."""
        name, query = request.args.get("name"), request.args.get("q")
        if (name is None) == (query is None):
            raise BadRequestError("give q, a part of a colour's name, or name, all of it")
        names = [name] if name is not None else find_names(query or "", most=_MOST_NAMES)
        return answered(Colors(colours=[_named(one) for one in names]))

    @routes.get("/", defaults={"path": ""})
    @routes.get("/<path:path>")
    def page(path: str) -> Response:
        """The page, whose addresses are its own."""
        if path.startswith("api/"):
            raise MissingError(f"there is no {request.path}")
        found = safe_join(str(STATIC), path) if path else None
        if found is not None and Path(found).suffix in _TYPES and _is_file(Path(found)):
            is_asset = path.startswith("assets/")
            return send_file(
                Path(found).open("rb"), mimetype=_TYPES[Path(found).suffix], is_immutable=is_asset
            )
        if Path(path).suffix in _TYPES:
            raise MissingError(f"there is no {path}")
        return send_file((STATIC / "index.html").open("rb"), mimetype=_TYPES[".html"])

    return routes


def _session(server: Server, *, signed_in: bool) -> Session:
    return Session(
        token_needed=server.access.token is not None,
        signed_in=signed_in,
        version=VERSION,
        root=server.root.path.name if signed_in else "",
        worker=server.worker_state(),  # type: ignore[arg-type]
        limits=Limits(
            chunk_bytes=CHUNK_BYTES,
            upload_bytes=MOST_BYTES,
            streams=MOST_STREAMS,
            picture_pixels=server.picture_pixels,
            stills=list(READ_STILLS),
            films=sorted(suffix[1:] for suffix in FILM_SUFFIXES),
        ),
    )


def _is_file(path: Path) -> bool:
    """Whether there is a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _named(name: str) -> NamedColor:
    color = parse_color(name)
    return NamedColor(name=name, hex=hex_of(color), ab=(round(color.a, 2), round(color.b, 2)))
