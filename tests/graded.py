"""Films coloured by the command line with a graded proxy in one colour: all of a run but the network."""

from pathlib import Path

import numpy as np

from jobs.cli.main import main
from pipeline.colorize.chroma_proxy import ProxyFrame, write_proxy
from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.probe import probe


def color_flat(source: Path, output: Path, *arguments: str, work: Path) -> int:
    """Colours a film with proxies that are made in the folder `work`; the exit code.

    What is no film gets none, and is refused by the run.
    """
    folder = work / "graded"
    folder.mkdir(parents=True)
    _write_proxies(source, folder)
    return main(["colorize", str(source), "-o", str(output), "--from-proxy", str(folder), *arguments])


def _write_proxies(source: Path, folder: Path) -> None:
    """A small warm brown picture for every frame of every segment."""
    try:
        film = probe(source)
        plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    except (ValueError, OSError):
        return
    flat = [np.full((8, 8), value, np.float32) for value in (0.5, -0.04, 0.03)]
    brown = ProxyFrame(luma=flat[0], cb=flat[1], cr=flat[2])
    for segment in plan.segments:
        pts = plan.timeline.pts[segment.start : segment.end].tolist()
        write_proxy(folder / f"{segment.index:06d}.mkv", ((time, brown) for time in pts), film=film)
