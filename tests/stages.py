"""A small film with its job file, and Kinochrome as a process of its own, for tests of stages and workers."""

import json
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline.media import Plane
from tests.media import make_film
from tests.programs import Program

ROOT = Path(__file__).parents[1]
SEGMENTS = 4

_JOB = """\
input: film.mkv
output: out.mkv
preset: archival
segment_frames: 8
overlap_frames: {overlap_frames}
report: false
color: {{short_side: 128}}
"""


def make_place(folder: Path, *, overlap_frames: int = 0) -> Path:
    """A film of two shots and four segments in `folder`; returns its job file."""
    make_film(
        folder / "film.mkv",
        frames=[_plane(number) for number in range(8 * SEGMENTS)],
        pixel_format="gray10le",
        rate=Fraction(24000, 1001),
        audio=1,
    )
    job = folder / "job.yaml"
    job.write_text(_JOB.format(overlap_frames=overlap_frames), encoding="utf-8")
    return job


def _plane(number: int) -> Plane:
    """A picture of clouds that drift slowly; others after the cut in the middle of the film."""
    rng = np.random.default_rng(number // (4 * SEGMENTS))
    clouds = cv2.resize(rng.uniform(100, 900, (6, 8)).astype(np.float32), (64, 48))
    return np.roll(clouds, number // 2, axis=1).astype(np.uint16)


def start(*arguments: str | Path, setup: str = "") -> Program:
    """Starts Kinochrome; `setup` is Python that its process runs first."""
    return Program(*map(str, arguments), setup=setup)


def finish(process: Program) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a process that was started."""
    return process.finish()


def events(work: Path, kind: str) -> list[dict[str, Any]]:
    """The events of a kind in a work folder."""
    lines = (work / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def published(work: Path) -> list[tuple[str, int]]:
    """Every product that was published in a work folder, as often as it was."""
    return sorted((event["product"], event["index"]) for event in events(work, "published"))


def each_once() -> list[tuple[str, int]]:
    """What `published` is where nothing was done twice."""
    return sorted((product, index) for product in ("color", "video") for index in range(SEGMENTS))


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()
