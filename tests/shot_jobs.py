"""A job with settings of single shots: run again after an edit, and the planes that came of it."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np

from jobs.cli.main import main
from jobs.settings.output_paths import record_path
from tests.stages import published

SHOT = slice(16, 32)
"""Frames of shot 1, which is segments 2 and 3; shot 0 is the frames before."""


def edit(place: Path, shots: str) -> Path:
    """The job file with this section `shots:`."""
    path = place / "job.yaml"
    path.write_text(path.read_text().partition("shots:")[0] + (f"shots:\n{shots}" if shots else ""))
    return path


def run(place: Path, shots: str, *options: str) -> list[tuple[str, int]]:
    """Runs the job with these overrides; returns what was published for it, and what was not before."""
    work = place / ".out.mkv.kinochrome"
    before = published(work)
    assert main(["run", str(edit(place, shots)), "-q", *options]) == 0
    after = published(work)
    for made in before:
        after.remove(made)
    return after


def packets(path: Path) -> list[bytes]:
    """The picture's packets, one a frame."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def planes(path: Path) -> list[list[np.ndarray[Any, np.dtype[np.uint16]]]]:
    """Y, Cb and Cr of every frame of a 10-bit film."""
    with av.open(str(path)) as container:
        return [
            [
                np.frombuffer(bytes(plane), np.uint16).reshape(plane.height, -1)[:, : plane.width].copy()
                for plane in frame.planes
            ]
            for frame in container.decode(video=0)
        ]


def chroma(path: Path, frames: slice = SHOT) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Cb and Cr (2, N, H, W) around 0."""
    found = np.array([frame[1:] for frame in planes(path)[frames]], np.float64) - 512
    return found.swapaxes(0, 1)


def is_near(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> bool:
    """Equal but for rounding, and for the few samples that the gamut holds at full strength."""
    return bool((np.abs(found - wanted) > 1.01).mean() < 0.005)


def shots_of(place: Path) -> list[dict[str, Any]]:
    record: dict[str, Any] = json.loads(record_path(place / "out.mkv").read_bytes())
    assert record["luma"]["equal"] is True
    return list(record["shots"])
