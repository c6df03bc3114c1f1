"""A server of the review page for tests: on a folder of its own, asked by Flask's client, without a worker."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from jobs.progress.reporters import QuietProgress
from jobs.projects.root import Root
from jobs.queue.settings import WorkerSettings
from jobs.queue.worker import Worker
from jobs.web.app import make_app
from jobs.web.contract.security import Access
from jobs.web.pictures import Pictures
from jobs.web.server import Server
from tests.media import make_film

API = "/api/v1"
HOST = "localhost:8764"
_PATIENCE_SECONDS = 300.0
"""For a picture on a machine that does other things too."""
MARK = {"shape": "stroke", "colour": "#a03020", "frame": 2, "path": [[0.3, 0.4], [0.6, 0.5]], "radius": 0.08}


class Browser:
    """Asks a server as the page does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """An answer, whatever it is; paths are those below the API, or whole ones that begin with //."""
        address = path[1:] if path.startswith("//") else f"{API}{path}"
        headers = {"Host": HOST, **options.pop("headers", {})}
        return self.client.open(address, method=method, headers=headers, buffered=True, **options)

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of an answer that must be a good one."""
        response = self.ask("GET", path, **options)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.json

    def post(self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        """The same for something that is sent."""
        response = self.ask(method, path, json=body or {})
        assert response.status_code < 300, response.get_data(as_text=True)
        return response.json if response.data else None

    def change(self, project: str, *changes: dict[str, Any], client: str = "me", base: int = 0) -> Any:
        """Changes of a review."""
        return self.post(
            f"/projects/{project}/review",
            {"client": client, "base": base, "changes": list(changes)},
            method="PATCH",
        )


@contextlib.contextmanager
def serving(folder: Path, *, access: Access | None = None) -> Iterator[tuple[Browser, Server]]:
    """A server on a folder, which is made."""
    folder.mkdir(exist_ok=True)
    patient = Pictures(turn_seconds=_PATIENCE_SECONDS, answer_seconds=_PATIENCE_SECONDS)
    server = Server(root=Root(folder), access=access or Access(), pictures=patient)
    try:
        yield Browser(make_app(server).test_client()), server
    finally:
        server.close()


def work(server: Server) -> None:
    """Runs every job that waits."""
    settings = WorkerSettings(drain=True, poll_seconds=0.1, beat_seconds=1)
    Worker(server.queue, settings=settings, progress=QuietProgress()).serve()


def tiny_film(path: Path, *, frames: int = 24, cut: int = 12) -> None:
    """A film of two shots with sound that is quickly coloured."""
    planes = [_frame(number, scene=int(number >= cut)) for number in range(frames)]
    make_film(path, frames=planes, codec="libx264", pixel_format="yuv420p", audio=1)


def _frame(number: int, *, scene: int) -> npt.NDArray[np.uint8]:
    """(72, 96): a lit wall with a darker thing that moves, or another one."""
    coarse = np.random.default_rng(scene).uniform(140, 200, (6, 8)).astype(np.float32)
    luma = cv2.resize(250 - coarse if scene else coarse, (96, 72), interpolation=cv2.INTER_CUBIC)
    luma[24:44, 24 + number : 60 + number] = 90 - 40 * scene
    return np.asarray(luma.clip(16, 235), np.uint8)


def tiny_photo(path: Path) -> None:
    """A grey picture."""
    rows, columns = np.mgrid[:60, :80]
    Image.fromarray(((rows * 2 + columns) % 256).astype(np.uint8)).save(path)
