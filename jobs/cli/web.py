"""The verb that serves the review page."""

import argparse
from pathlib import Path

from jobs.cli.options import AddVerb, Details
from jobs.progress.reporters import Progress
from pipeline.errors import SettingsError

_PORT = 8764
_MOST_TOKEN_BYTES = 4096


def add_serve_verb(add: AddVerb) -> None:
    """Adds serve."""
    one = add(
        "serve", serve, "Serve a page for a folder of films: look, paint, approve and render in a browser."
    )
    one.add_argument("folder", type=Path, metavar="FOLDER", help="folder with films and stills")
    summary = "address to listen on (%(default)s: this machine only); any other needs --token-file"
    one.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=summary)
    one.add_argument(
        "--port",
        type=_port,
        default=_PORT,
        metavar="N",
        help="port to listen on (%(default)s); 0 takes a free one",
    )
    summary = "name or address that people type in the browser, such as films.example.org; may be given several times"
    one.add_argument("--name", action="append", default=[], metavar="NAME", help=summary)
    summary = "file with a text of 16 or more characters that people must type before they see anything"
    one.add_argument("--token-file", type=Path, metavar="FILE", help=summary)
    summary = "do not start a worker; run `kinochrome worker` here or on other machines"
    one.add_argument("--no-worker", action="store_true", help=summary)
    summary = "film or still in FOLDER to make a project of at once; may be given several times"
    one.add_argument("--add", action="append", default=[], metavar="FILE", help=summary)
    one.add_argument("--browser", action="store_true", help="also open the page in a browser")


def serve(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Serves until it is interrupted."""
    from jobs.web.contract.security import Access
    from jobs.web.serve import serve as serve_folder

    access = Access(
        host=arguments.host,
        port=arguments.port,
        names=tuple(arguments.name),
        token=None if arguments.token_file is None else _token(arguments.token_file),
    )
    serve_folder(
        arguments.folder,
        access,
        has_worker=not arguments.no_worker,
        add=arguments.add,
        opens_browser=arguments.browser,
        note=progress.note,
    )
    raise KeyboardInterrupt


def _token(path: Path) -> str:
    """The text in a file, without white space around it."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_TOKEN_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"--token-file: {path}: cannot be read: {why}") from error


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; 0 to 65535 would work")
    return int(text)
