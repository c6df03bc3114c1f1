"""What a segment costs beyond its work: in this process, by a loky worker, by a Dask worker on loopback.

Each does the same film of very small segments with one worker; seconds per segment are taken from the first published
segment to the last, so that neither the start of processes nor the loading of the network counts. The time from
giving a task that does nothing to having its result is measured too.

python tests/benchmarks/cluster_overhead.py [--segments 48] [--repeats 3]
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from loky import ProcessPoolExecutor

from jobs.progress.reporters import QuietProgress
from jobs.segments.lanes import do_lanes
from jobs.segments.spec import make_spec
from jobs.segments.task import make_predictor, open_tools
from jobs.settings.job_file import load_job
from jobs.workdir.film_plan import plan_film
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.folder import WorkDir
from jobs.workers.dask_client import Link
from jobs.workers.dask_pool import do_on_cluster
from jobs.workers.devices import Seat
from jobs.workers.local_pool import do_in_workers
from pipeline.source.probe import probe
from tests.clusters import Cluster
from tests.media import make_film

Engine = Callable[[FilmSpec], None]
_SEGMENT_FRAMES = 8
_ROUND_TRIPS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=48)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report = measure(Path(name), segments=arguments.segments, repeats=arguments.repeats)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    told = {name: version(name) for name in ("torch", "loky", "distributed")}
    settings = {"segments": arguments.segments, "repeats": arguments.repeats}
    print(json.dumps({"machine": machine, "versions": told, "settings": settings, **report}, indent=2))


def measure(folder: Path, *, segments: int = 48, repeats: int = 3) -> dict[str, object]:
    """Medians of `repeats`: seconds per segment of each engine, and of a task that does nothing; in an empty folder."""
    job_path = _make_job(folder, segments)
    (folder / "cluster").mkdir()
    found: dict[str, list[float]] = {}
    with Cluster(folder / "cluster") as cluster:
        cluster.start_worker("--resources", "GPU=1")
        engines: dict[str, Engine] = {
            "in this process": _here,
            "loky worker": lambda spec: do_in_workers(
                spec, spec.film.plan.segments, seats=[Seat()], report=_ignore
            ),
            "dask worker": lambda spec: do_on_cluster(
                spec, spec.film.plan.segments, scheduler=cluster.address, report=_ignore
            ),
        }
        for number in range(repeats):
            for name, engine in engines.items():
                seconds = _per_segment(job_path, folder / f"{name}{number}", engine)
                found.setdefault(name, []).append(seconds)
        trips = {"loky worker": _loky_trip(), "dask worker": _dask_trip(cluster.address)}
    medians = {name: statistics.median(values) for name, values in found.items()}
    base = medians["in this process"]
    return {
        "seconds per segment": {name: round(value, 4) for name, value in medians.items()},
        "all repeats": {name: [round(value, 4) for value in values] for name, values in found.items()},
        "overhead per segment, seconds": {
            name: round(value - base, 4) for name, value in medians.items() if name != "in this process"
        },
        "task that does nothing, seconds": {name: round(value, 5) for name, value in trips.items()},
    }


def _make_job(folder: Path, segments: int) -> Path:
    make_film(
        folder / "film.mkv", frames=segments * _SEGMENT_FRAMES, pixel_format="gray10le", rate=Fraction(24)
    )
    path = folder / "job.yaml"
    path.write_text(
        f"input: film.mkv\noutput: out.mkv\npreset: archival\nreport: false\nsegment_frames: {_SEGMENT_FRAMES}\n"
        "overlap_frames: 0\ndevice: cpu\ncolor: {short_side: 128}\n",
        encoding="utf-8",
    )
    return path


def _per_segment(job_path: Path, folder: Path, engine: Engine) -> float:
    job = load_job(job_path, overrides=[f"work={folder}"])
    film = probe(job.input)
    with WorkDir(folder, settings=job.to_yaml(), output=job.output, share="stage") as work:
        plan = plan_film(job, film, work=work, progress=QuietProgress())
        weights = make_predictor(job).weights
        engine(make_spec(job, film, plan=plan, work=work, weights=weights))
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    ends = [event["time"] for event in map(json.loads, lines) if event.get("product") == "video"]
    assert len(ends) == len(plan.segments)
    seconds: float = (max(ends) - min(ends)) / (len(ends) - 1)
    return seconds


def _here(spec: FilmSpec) -> None:
    tools = open_tools(spec, make_predictor(spec.job))
    do_lanes(tools, spec.film.plan.segments, report=_ignore)


def _ignore(stage: str, segment: int, done: int) -> None:
    """Nobody watches."""


def _loky_trip() -> float:
    with ProcessPoolExecutor(max_workers=1) as executor:
        return _trip(lambda: executor.submit(os.getpid).result())


def _dask_trip(address: str) -> float:
    with Link(address) as link:
        member = next(iter(link.members().values()))
        return _trip(lambda: link.give(os.getpid, to=member, gpu=True).result())


def _trip(call: Callable[[], object]) -> float:
    """The median of many round trips, after some to warm up."""
    taken = []
    for _ in range(_ROUND_TRIPS):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[_ROUND_TRIPS // 10 :])


if __name__ == "__main__":
    main()
