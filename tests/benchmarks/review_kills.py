"""A session on the review page in which server and worker are killed at random: nothing that was answered is lost.

python tests/benchmarks/review_kills.py [--kills 10] [--seed 1]

Two threads go on all the time: one changes the review and sends an upload in pieces, the other kills the server, the
worker or the job that it runs, and starts the server again. At the end every answered change is in `review.jsonl`, the
upload goes on where it was answered, and every segment that was finished is there as it was. Prints figures as JSON.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402

from tests.served import Served, wait_for  # noqa: E402
from tests.webapp import tiny_film  # noqa: E402

_PIECE = 1000
_PIECES = 4000


class Session:
    """One session and what was answered in it."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder, self._random = folder, random.Random(seed)
        folder.mkdir()
        tiny_film(folder / "film.mp4", frames=48, cut=24)
        self.served = Served(folder, "--add", "film.mp4")
        wait_for(lambda: self.served.ask("/projects")["projects"])
        self.id = self.served.ask("/projects")["projects"][0]["id"]
        self.project = folder / "kinochrome" / "projects" / self.id
        self.answered: dict[str, Any] = {}
        self.offset, self.upload = 0, ""
        self.finished: dict[Path, str] = {}
        self.killed: list[str] = []
        self._over = threading.Event()

    def run(self, kills: int, *, pause_seconds: tuple[float, float]) -> dict[str, Any]:
        """Has so many kills happen, ends the session well and returns figures.

        Raises AssertionError for what was lost.
        """
        person = threading.Thread(target=self._work)
        person.start()
        try:
            for _ in range(kills):
                time.sleep(self._random.uniform(*pause_seconds))
                self._note_finished()
                self._kill()
        finally:
            self._over.set()
            person.join()
        self._check()
        return {
            "killed": self.killed,
            "changes": len(self.answered),
            "upload_bytes": self.offset,
            "segments": len(self.finished),
        }

    def _work(self) -> None:
        """What a person does: strokes, comments, an upload; whatever is not answered is done again."""
        number = 0
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                key = f"m{number}"
                path = [[0.1, self._random.random()], [0.9, self._random.random()]]
                mark = {
                    "shape": "stroke",
                    "colour": "navy",
                    "frame": number % 24,
                    "path": path,
                    "radius": 0.02,
                }
                changes = [
                    {"shot": 0, "field": "marks", "key": key, "value": mark},
                    {"shot": 1, "field": "comment", "value": f"comment {number}"},
                ]
                self.served.ask(
                    f"/projects/{self.id}/review",
                    {"client": "me", "base": 0, "changes": changes},
                    method="PATCH",
                )
                self.answered[key] = mark
                self.answered["comment"] = f"comment {number}"
                number += 1
                if number < _PIECES:
                    self._send_piece()
            time.sleep(0.02)

    def _send_piece(self) -> None:
        if not self.upload:
            size = _PIECE * _PIECES
            self.upload = self.served.ask("/uploads", {"name": "more.mp4", "size": size}, method="POST")["id"]
        self.offset = self.served.ask(f"/uploads/{self.upload}")["offset"]
        answer = self.served.ask(
            f"/uploads/{self.upload}", method="PATCH", data=b"x" * _PIECE, Upload_Offset=str(self.offset)
        )
        self.offset = answer["offset"]

    def _kill(self) -> None:
        what = self._random.choice(("server", "worker", "job", "both"))
        worker = self.served.worker()
        jobs = [] if worker is None else _children(worker)
        self.killed.append(what)
        if what in ("worker", "both") and worker is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        if what == "job":
            for job in jobs:
                with contextlib.suppress(psutil.NoSuchProcess):
                    os.kill(job.pid, signal.SIGKILL)
        if what in ("server", "both"):
            self.served.end(signal.SIGKILL)
            self.served = Served(self.folder, "--add", "film.mp4")

    def _note_finished(self) -> None:
        """Segments whose record is there, with the hash of their colour."""
        for record in self.project.glob("work/preview/*/segments/*/done.json"):
            for proxy in record.parent.glob("proxy.mkv"):
                with contextlib.suppress(OSError):
                    self.finished.setdefault(proxy, sha256(proxy.read_bytes()).hexdigest())

    def _check(self) -> None:
        wait_for(self._is_ready, seconds=300)
        review = self.served.ask(f"/projects/{self.id}/review")
        for key, mark in self.answered.items():
            if key != "comment":
                assert review["shots"]["0"]["marks"].get(key) == mark, f"the stroke {key} is lost"
        said = int(review["shots"]["1"]["comment"].split()[1])
        assert said >= int(str(self.answered["comment"]).split()[1]), "a comment is lost"
        lines = [json.loads(line) for line in (self.project / "review.jsonl").read_bytes().splitlines()]
        assert [line["revision"] for line in lines] == list(range(1, len(lines) + 1))
        if self.upload:
            assert self.served.ask(f"/uploads/{self.upload}")["offset"] >= self.offset, (
                "bytes of the upload are lost"
            )
        for proxy, digest in self.finished.items():
            assert sha256(proxy.read_bytes()).hexdigest() == digest, f"{proxy} was made again"
        self._note_finished()
        self.served.end()

    def _is_ready(self) -> bool:
        project = self.served.ask(f"/projects/{self.id}")
        if project["state"] == "failed":
            self.served.ask(f"/queue/{project['job']['id']}/retry", {}, method="POST")
        return bool(project["state"] in ("ready", "done"))


def _children(worker: psutil.Process) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        found = worker.children(recursive=True)
    return found


def main() -> None:
    """Runs a session and prints figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        session = Session(Path(name) / "root", seed=asked.seed)
        print(json.dumps(session.run(asked.kills, pause_seconds=(0.5, 12.0)), indent=2))


if __name__ == "__main__":
    main()
