"""Opens the server on an address and serves until somebody ends it."""

import contextlib
import logging
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from waitress.server import BaseWSGIServer, create_server

from jobs.projects.root import Root
from jobs.supervise.fork_server import ForkServer
from jobs.supervise.heap import set_up_heaps
from jobs.supervise.library_pages import return_library_pages
from jobs.web.app import make_app
from jobs.web.contract.connections import OneAtATime
from jobs.web.contract.security import Access
from jobs.web.events import MOST_STREAMS
from jobs.web.pictures import Pictures
from jobs.web.project_routes import project_of, shown
from jobs.web.server import Server, Watcher
from jobs.web.worker import WorkerProcess
from pipeline.errors import KinochromeError, SettingsError

_THREADS = MOST_STREAMS + 12
_IDLE_SECONDS = 30
"""Without a byte from a client, and his connection is closed: who sends slowly holds no thread, and not for ever."""
_MOST_CONNECTIONS = 200
_MOST_BODY_BYTES = 210_000_000
_MOST_HEADER_BYTES = 32_768
_LONG_SECONDS = 10.0
"""A file of `--add` that is not read by then is told of."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A server that listens."""

    server: Server
    http: BaseWSGIServer
    address: str
    worker: WorkerProcess | None


@contextlib.contextmanager
def opened(
    folder: Path,
    access: Access,
    *,
    has_worker: bool = True,
    add: Sequence[str] = (),
    note: Callable[[str], None] = lambda line: None,
    long_seconds: float = _LONG_SECONDS,
    processes: ForkServer | None = None,
) -> Iterator[Opened]:
    """A server on `folder` that listens; it serves once `http.run` is called. The files of `add` become projects.

    `note` is told why one does not, and that one takes longer than `long_seconds`. A port of 0 takes a free one.
    `processes` starts those that make pictures. Raises SettingsError for an address that cannot be had, and as `Root`.
    """
    listening = _listen(access)
    try:
        access = replace(access, port=listening.getsockname()[1])
        root = Root(folder)
        worker = WorkerProcess(root.queue) if has_worker else None
        server = Server(
            root=root, access=access, worker_state=_state_of(worker), pictures=Pictures(processes)
        )
    except BaseException:
        listening.close()
        raise
    with contextlib.ExitStack() as stack:
        stack.callback(server.close)
        server.pictures.start()
        if worker is not None:
            worker.start()
            stack.callback(worker.close)
        watcher = Watcher(server, shown=lambda project, status: shown(server, project, status=status))
        watcher.start()
        stack.callback(watcher.close)
        http = create_server(
            make_app(server),
            sockets=[listening],
            threads=_THREADS,
            channel_timeout=_IDLE_SECONDS,
            cleanup_interval=5,
            connection_limit=_MOST_CONNECTIONS,
            max_request_body_size=_MOST_BODY_BYTES,
            max_request_header_size=_MOST_HEADER_BYTES,
            clear_untrusted_proxy_headers=True,
            ident=None,
        )
        http.channel_class = OneAtATime
        stack.callback(_end, server, http)
        paths = [root.find(name) for name in add]
        adding = threading.Thread(
            target=_add, args=(server, paths, note, long_seconds), name="add", daemon=True
        )
        adding.start()
        shown_host = f"[{access.host}]" if ":" in access.host else access.host
        yield Opened(server=server, http=http, address=f"http://{shown_host}:{access.port}/", worker=worker)


def serve(
    folder: Path,
    access: Access,
    *,
    has_worker: bool = True,
    add: Sequence[str] = (),
    opens_browser: bool = False,
    note: Callable[[str], None],
) -> None:
    """Serves the folder until this process is interrupted. Raises SettingsError as `opened`."""
    set_up_heaps(keep_freed=False)
    logging.getLogger("waitress").setLevel(logging.ERROR)
    logging.getLogger("waitress.queue").setLevel(logging.CRITICAL)
    with (
        contextlib.closing(ForkServer.forked_here()) as processes,
        opened(folder, access, has_worker=has_worker, add=add, note=note, processes=processes) as made,
    ):
        return_library_pages()
        note(f"{made.address} shows {made.server.root.path}; Ctrl-C ends it")
        if not has_worker:
            note(f"no worker: `kinochrome worker --spool {made.server.root.queue}` runs the jobs")
        if opens_browser:
            webbrowser.open(made.address)
        made.http.run()


def _end(server: Server, http: BaseWSGIServer) -> None:
    """Ends the threads that answer, and what they wait for."""
    server.events.close()
    http.task_dispatcher.shutdown()
    http.close()


def _add(server: Server, paths: Sequence[Path], note: Callable[[str], None], long_seconds: float) -> None:
    """Makes projects of files. Nobody waits for an answer, so reading one may take as long as it takes."""
    for path in paths:
        line = f"{path.name} takes long to read; the page shows it once it is read"
        tells = threading.Timer(long_seconds, note, [line])
        tells.daemon = True
        tells.start()
        try:
            project_of(server, path, answer_seconds=None)
        except (KinochromeError, OSError) as error:
            note(f"{path}: {error}")
        finally:
            tells.cancel()


def _state_of(worker: WorkerProcess | None) -> Callable[[], str]:
    return (lambda: "off") if worker is None else (lambda: worker.state)


def _listen(access: Access) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            access.host, access.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError:
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"cannot listen on {access.host}, port {access.port}: {why.lower()}; another --port or --host would work"
        ) from error
    return listening
