"""What the review page costs: previews of strokes, a film of many shots, memory with viewers.

python tests/benchmarks/review_page.py [--lines 720] [--shots 500] [--viewers 8]

Prints machine, settings and figures as JSON. Wall time counts on an idle machine; CPU time is that of the process
that makes the pictures.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402

from jobs.web.server import Server  # noqa: E402
from pipeline.media import Shot  # noqa: E402
from pipeline.plan.plan import scan_film  # noqa: E402
from pipeline.plan.plan_file import write_plan  # noqa: E402
from pipeline.plan.segments import SegmentSettings, make_segments  # noqa: E402
from pipeline.plan.shots import ShotSettings  # noqa: E402
from pipeline.source.probe import probe  # noqa: E402
from tests.media import make_film  # noqa: E402
from tests.served import Served  # noqa: E402
from tests.webapp import Browser, serving  # noqa: E402

_STROKES = 12
_STEPS = 6
_PATIENCE_SECONDS = 300.0


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=720)
    parser.add_argument("--shots", type=int, default=500)
    parser.add_argument("--viewers", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "root") as (browser, server):
        id = _project(browser, server, lines=asked.lines, frames=48)
        found = {
            "machine": {"cpus": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()},
            "settings": vars(asked),
            "preview": _previews(browser, server, id),
            "shots": _shots(browser, server, id, count=asked.shots),
        }
        server.close()
        found["viewers"] = _viewers(server.root.path, id, viewers=asked.viewers)
    print(json.dumps(found, indent=2))


def _project(browser: Browser, server: Server, *, lines: int, frames: int) -> str:
    """A film of one shot, planned as a worker would."""
    path = server.root.path / "film.mp4"
    width = lines * 16 // 9 // 2 * 2
    planes = [_picture(width, lines, number) for number in range(frames)]
    make_film(path, frames=planes, codec="libx264", pixel_format="yuv420p", rate=Fraction(24), gop=24)
    id = str(browser.post("/projects", {"path": "film.mp4"})["id"])
    _plan(server, id, shots=1)
    return id


def _picture(width: int, lines: int, number: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    coarse = np.random.default_rng(4).uniform(40, 220, (9, 16)).astype(np.float32)
    luma = cv2.resize(coarse, (width, lines), interpolation=cv2.INTER_CUBIC)
    luma[lines // 3 : lines // 2, width // 4 + 4 * number : width // 2 + 4 * number] = 60
    return np.asarray(luma.clip(16, 235), np.uint8)


def _plan(server: Server, id: str, *, shots: int) -> None:
    project = server.projects.get(id)
    folder = project.folder / "work" / "preview" / project.preview.name
    folder.mkdir(parents=True, exist_ok=True)
    film = probe(server.root.path / project.source)
    plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    if shots > 1:
        edges = np.linspace(0, len(plan.timeline), shots + 1).astype(int)
        cut = tuple(
            Shot(index=index, start=int(a), end=int(b)) for index, (a, b) in enumerate(pairwise(edges))
        )
        segments = make_segments(cut, SegmentSettings())
        plan = type(plan)(**{**vars(plan), "shots": cut, "segments": segments})
    write_plan(plan, folder / "plan.json")


def _previews(browser: Browser, server: Server, id: str) -> dict[str, Any]:
    """A stroke after the other, on one frame and on others."""
    process = _pictures(server, lambda: browser.ask("POST", f"/projects/{id}/preview", json={"frame": 0}))
    same: list[float] = []
    others: list[float] = []
    cpu: list[float] = []
    for number in range(_STROKES):
        for times, frame in ((same, 5), (others, 5 + 3 * number)):
            mark = _mark(frame, number)
            before, started = process.cpu_times(), time.perf_counter()
            answer = browser.ask(
                "POST", f"/projects/{id}/preview", json={"frame": frame, "shot": {"marks": {"m": mark}}}
            )
            assert answer.status_code == 200, answer.get_data(as_text=True)
            times.append(time.perf_counter() - started)
            after = process.cpu_times()
            cpu.append(after.user + after.system - before.user - before.system)
    return {
        "seconds_same_frame_median": round(statistics.median(same), 3),
        "seconds_another_frame_median": round(statistics.median(others), 3),
        "cpu_seconds_median": round(statistics.median(cpu), 3),
    }


def _mark(frame: int, number: int) -> dict[str, Any]:
    """A stroke, each one elsewhere."""
    path = [[0.3, 0.3 + 0.01 * number], [0.5, 0.4]]
    return {"shape": "stroke", "colour": "#a03020", "frame": frame, "radius": 0.03, "path": path}


def _viewers(folder: Path, id: str, *, viewers: int) -> dict[str, Any]:
    """Everybody listens, steps through the film and paints at once; memory of the server's processes, in MB.

    `once` counts pages that several of them share once, as the machine holds them; `resident` counts them for each
    process.
    """
    served = Served(folder, "--no-worker")
    address, marks = f"http://127.0.0.1:{served.port}/api/v1", {"m": _mark(5, 0)}

    def step(viewer: int) -> None:
        with urlopen(f"{address}/events", timeout=_PATIENCE_SECONDS) as events:
            events.readline()
            for number in range(_STEPS):
                frame = (7 * viewer + 5 * number) % 48
                for side in ("grey", "colour"):
                    _patiently(f"{address}/projects/{id}/frames/{frame}.png?side={side}")
                draft = json.dumps({"frame": frame, "shot": {"marks": marks}}).encode()
                _patiently(f"{address}/projects/{id}/preview", draft)
                _patiently(f"{address}/projects")

    threads = [threading.Thread(target=step, args=(viewer,)) for viewer in range(viewers)]
    for thread in threads:
        thread.start()
    most: dict[str, float] = {}
    while any(thread.is_alive() for thread in threads):
        now = _memory(psutil.Process(served.process.pid))
        most = {name: max(value, most.get(name, 0)) for name, value in now.items()}
        time.sleep(0.2)
    served.end()
    return {name: round(value / 1e6, 1) for name, value in most.items()}


def _patiently(address: str, body: bytes | None = None) -> bytes:
    """An answer; who is told that the server is busy asks again, as the page does."""
    asked = Request(address, data=body, headers={"Content-Type": "application/json"})
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with urlopen(asked, timeout=_PATIENCE_SECONDS) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > until:
                raise
        time.sleep(0.5)


def _memory(server: psutil.Process) -> dict[str, float]:
    """Bytes of a server and of the processes that it started."""
    own, files, resident = 0, Counter[str](), 0
    for process in (server, *server.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            own += _own(process)
            for part in process.memory_maps(grouped=True):
                resident += part.rss
                files[part.path] = max(files[part.path], part.rss - part.anonymous)
    return {"once": own + files.total(), "resident": resident}


def _own(process: psutil.Process) -> int:
    """Bytes of a process that are no file's, its share of those that others hold with it."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError as error:
        raise psutil.NoSuchProcess(process.pid) from error
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss_Anon:"))


def _shots(browser: Browser, server: Server, id: str, *, count: int) -> dict[str, Any]:
    """What the film page asks for before it shows the first shot."""
    path = server.root.path / "long.mp4"
    planes = [_picture(64, 48, number % 8) for number in range(4 * count)]
    make_film(path, frames=planes, codec="libx264", pixel_format="yuv420p", rate=Fraction(24), gop=48)
    long = str(browser.post("/projects", {"path": "long.mp4"})["id"])
    _plan(server, long, shots=count)
    for shot in range(0, count, 5):
        browser.change(long, {"shot": shot, "field": "comment", "value": f"look at {shot}"})
    times = {}
    for name, url in (
        ("project", f"/projects/{long}"),
        ("shots", f"/projects/{long}/shots"),
        ("review", f"/projects/{long}/review"),
        ("frame", f"/projects/{long}/frames/0.png?side=grey"),
    ):
        started = time.perf_counter()
        assert browser.ask("GET", url).status_code == 200
        times[name] = round(time.perf_counter() - started, 3)
    times["sum"] = round(sum(times.values()), 3)
    return times


def _pictures(server: Server, ask: Callable[[], object]) -> psutil.Process:
    ask()
    process = server.pictures._process
    assert process is not None
    return psutil.Process(process.pid)


if __name__ == "__main__":
    main()
