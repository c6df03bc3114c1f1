"""What all routes of a server share: the folder, its projects and queue, the pictures, and who listens."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from jobs.projects.project import Project, Projects
from jobs.projects.renderings import Rendering, open_queue, renderings
from jobs.projects.review_log import ReviewLog
from jobs.projects.root import Root
from jobs.projects.status import ProjectStatus, project_status
from jobs.projects.uploads import Uploads
from jobs.queue.folder import Spool
from jobs.web.contract.security import Access, Guard
from jobs.web.events import EventHub
from jobs.web.kept_pictures import KeptStrips, KeptTakes
from jobs.web.pictures import Pictures
from pipeline.errors import KinochromeError

logger = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0


@dataclass(eq=False)
class Server:
    """One server on one folder. `close` ends its threads and processes."""

    root: Root
    access: Access
    worker_state: Callable[[], str] = lambda: "off"
    """running, stopped or off."""
    pictures: Pictures = field(default_factory=Pictures)
    events: EventHub = field(default_factory=EventHub)
    picture_pixels: int = 150_000_000
    """Of a still that the page may open."""

    def __post_init__(self) -> None:
        self.projects = Projects(self.root)
        self.uploads = Uploads(self.root)
        self.queue: Spool = open_queue(self.root)
        self.guard = Guard(self.access)
        self.strips, self.takes = KeptStrips(self.ask, self.root), KeptTakes(self.ask)
        self._logs: dict[str, ReviewLog] = {}
        self._lock = threading.Lock()
        self.is_closed = False

    def ask(self, project: Project, question: str, **arguments: Any) -> Any:
        """The answer of the pictures' process to a question about a project.

        Raises as `Pictures.ask`, and ForbiddenError where a link was put in the place of a file meanwhile.
        """
        found = self.pictures.ask(question, **arguments)
        self.projects.refuse_links(project)
        return found

    def log(self, project: Project) -> ReviewLog:
        """The review of a project; the same one for every request."""
        with self._lock:
            return self._logs.setdefault(project.id, ReviewLog(project.log))

    def forget(self, project: Project) -> None:
        """Nothing more is asked of a project."""
        with self._lock:
            self._logs.pop(project.id, None)

    def jobs(self) -> list[Rendering]:
        """What the queue holds for the projects of this folder."""
        return renderings(self.queue, self.root)

    def status(self, project: Project, jobs: list[Rendering] | None = None) -> ProjectStatus:
        """How a project stands, in lines that do not name its own file; `jobs` where they were just read."""
        found = self.jobs() if jobs is None else jobs
        mine = [job for job in found if job.project == project.id]
        status = project_status(project, self.log(project), mine, self.queue)
        named = (self.root.named(line) for line in status.lines)
        return replace(
            status, lines=tuple(line.replace(f"{project.source}: ", "this file: ", 1) for line in named)
        )

    def close(self) -> None:
        """Ends streams and the process of the pictures."""
        self.is_closed = True
        self.events.close()
        self.pictures.close()


class Watcher:
    """Looks every second how the projects stand, while somebody listens, and tells what changed."""

    def __init__(self, server: Server, *, shown: Callable[[Project, ProjectStatus], BaseModel]) -> None:
        """`shown` makes of a project what the page gets."""
        self._server, self._shown = server, shown
        self._over = threading.Event()
        self._last: dict[str, dict[str, object]] = {}
        self._queue: object = None
        self._worker = ""
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def close(self) -> None:
        """Ends."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            if self._server.events.has_listeners:
                with contextlib.suppress(KinochromeError, OSError):  # a share that is gone for a moment
                    self.look()

    def look(self) -> None:
        """Tells what has changed since the last look."""
        server, began = self._server, time.monotonic()
        jobs = server.jobs()
        seen = {}
        for project in server.projects.all():
            try:
                page = self._shown(project, server.status(project, jobs))
                seen[project.id] = page.model_dump(mode="json")
            except (KinochromeError, OSError) as error:
                logger.warning("%s: %s", project.id, error)
        for id, look in seen.items():
            if self._last.get(id) != look:
                server.events.publish("project", look)
        for id in self._last.keys() - seen.keys():
            server.events.publish("project_gone", {"id": id})
        queue = [(job.entry.id, job.entry.state) for job in jobs]
        if queue != self._queue:
            server.events.publish("queue", {})
        worker = server.worker_state()
        if worker != self._worker:
            server.events.publish("worker", {"state": worker})
        self._last, self._queue, self._worker = seen, queue, worker
        if (took := time.monotonic() - began) > 1:
            logger.debug("looking at %d projects took %.1f s", len(seen), took)
            self._over.wait(took)
