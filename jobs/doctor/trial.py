"""What only a trial shows: whether encoders open, weights load, and a film of two frames is coloured."""

import tempfile
import time
from pathlib import Path

import av
import numpy as np

from jobs import colorize, verify
from jobs.doctor.finding import Finding
from jobs.segments.spec import check_output
from jobs.settings.job_file import make_job
from jobs.settings.job_paths import PRESETS
from models.checkpoint import load_weights
from models.weights_info import DEFAULT_WEIGHTS
from pipeline.errors import KinochromeError
from pipeline.source.probe import probe

_WIDTH, _HEIGHT = 256, 144
"""DNxHR codes no smaller picture than 256x120."""
_OF_FILMS = tuple(name for name in PRESETS if name != "sequence")


def look_at_encoders() -> Finding:
    """Opens the encoder of each preset."""
    opened, failed = [], []
    with tempfile.TemporaryDirectory(prefix="kinochrome-doctor-") as name:
        film = _make_film(Path(name) / "film.mkv")
        for preset in _OF_FILMS:
            job = make_job({"input": str(film), "output": str(Path(name) / "out"), "preset": preset})
            try:
                check_output(job, probe(film))
            except KinochromeError as error:
                failed.append(f"{preset} ({error})")
            else:
                opened.append(f"{job.encode.codec} ({preset})")
    if failed:
        told, advice = (
            f"{'; '.join(failed)} cannot be opened",
            "PyAV from its own wheel would help: it has them all",
        )
        return Finding(subject="encoders", told=told, state="missing", advice=advice)
    return Finding(subject="encoders", told=f"{', '.join(opened)}: each was opened")


def look_at_weights() -> Finding:
    """Loads the default weights."""
    _, info = load_weights(DEFAULT_WEIGHTS)
    return Finding(subject="weights", told=f"{info.name}, {info.licence}, {info.path}")


def look_at_film() -> Finding:
    """Colours a film of two frames for archives, and verifies it by its report."""
    before = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kinochrome-doctor-") as name:
        film = _make_film(Path(name) / "film.mkv")
        made = colorize(film, output=Path(name) / "out.mkv", preset="archival", color={"short_side": 128})
        faults = verify(made.output, source=film).faults
    if faults:
        return Finding(subject="film", told="; ".join(map(str, faults)), state="missing")
    seconds = time.monotonic() - before
    return Finding(subject="film", told=f"two frames were coloured and verified in {seconds:.1f} s")


def _make_film(path: Path) -> Path:
    """Two frames of a grey slope."""
    slope = np.linspace(20, 230, _WIDTH).astype(np.uint8)
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "gray"
        for number in range(2):
            frame = av.VideoFrame.from_ndarray(np.tile(np.roll(slope, number), (_HEIGHT, 1)), format="gray")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
