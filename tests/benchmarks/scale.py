"""How work scales: one worker and two, small segments and large, the queue, a cluster, and whether `check` was right.

python tests/benchmarks/scale.py [--workers 1 2] [--repeats 1] [--only films segments queue cluster] [FILM …]

Prints JSON. Load is told beside every time, for on a machine that does other things too only ratios mean something.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.version import VERSION

HERE = Path(__file__).parent
CLIP = HERE.parent / "data" / "chaplin_street.mp4"
PARTS = ("films", "segments", "queue", "cluster")
_LIBRARIES = ("torch", "av", "numpy", "loky")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("films", nargs="*", type=Path, default=[CLIP])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--preset", default="access")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    report: dict[str, Any] = {
        "machine": f"{os.cpu_count()} x {_processor()}, {platform.system()} {platform.release()}",
        "versions": {"kinochrome": VERSION, "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
        "preset": arguments.preset,
        "load before": _load(),
    }
    if "films" in arguments.only:
        report["films"] = {film.name: _film(film, arguments) for film in arguments.films}
    if "segments" in arguments.only:
        report["overhead of a segment, s"] = _segment_overhead(arguments.films[0], arguments)
    if "queue" in arguments.only:
        report["queue, 4 claimants, 1,000 jobs, jobs/s"] = _script("claims.py", "--repeats", "3")["jobs/s"]
    if "cluster" in arguments.only:
        report["cluster against workers"] = _cluster()
    report["load after"] = _load()
    print(json.dumps(report, indent=2))


def _film(film: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Price and run for each number of workers; the price is asked for just before the run that it is compared with."""
    found: dict[str, Any] = {}
    for workers in arguments.workers:
        runs = [_price_and_run(film, arguments.preset, workers) for _ in range(arguments.repeats)]
        walls = statistics.median(run["wall"] for run in runs)
        found[f"{workers} workers" if workers > 1 else "1 worker"] = {
            "frames": runs[0]["frames"],
            "shots": runs[0]["shots"],
            "films/hour": round(3600 / walls, 1),
            "frames/s": round(runs[0]["frames"] / statistics.median(run["seconds"] for run in runs), 2),
            "check": [
                {
                    "estimate, s": round(run["estimate"], 1),
                    "measured, s": round(run["seconds"], 1),
                    "error": _percent(run["estimate"], run["seconds"]),
                    "shots, estimated": run["estimated shots"],
                    "output bytes": _percent(run["estimated bytes"], run["bytes"]),
                    "check itself, s": round(run["check"], 1),
                    "load": run["load"],
                }
                for run in runs
            ],
        }
    return found


def _price_and_run(film: Path, preset: str, workers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        job = Path(name) / "job.yaml"
        job.write_text(json.dumps({"input": str(film.absolute()), "output": "out", "preset": preset}))
        started = time.monotonic()
        estimate = _kinochrome("check", job, "--workers", str(workers))
        checked = time.monotonic()
        ended = _kinochrome("run", job, "--workers", str(workers))
        return {
            "check": checked - started,
            "wall": time.monotonic() - checked,
            "estimate": estimate["seconds"],
            "estimated shots": estimate["shots"],
            "estimated bytes": estimate["output_bytes"],
            "seconds": ended["seconds"],
            "frames": ended["frames"],
            "shots": ended["shots"],
            "bytes": Path(ended["output"]).stat().st_size,
            "load": _load(),
        }


def _segment_overhead(film: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """What a segment costs beside its frames: the same frames in many short segments and in few long ones."""
    times: dict[int, list[float]] = {8: [], 240: []}
    counts: dict[int, int] = {}
    for _ in range(arguments.repeats):
        for length, found in times.items():
            with tempfile.TemporaryDirectory() as name:
                job = Path(name) / "job.yaml"
                values = {"input": str(film.absolute()), "output": "out", "preset": arguments.preset}
                values |= {"segment_frames": length, "overlap_frames": 0}
                job.write_text(json.dumps(values))
                counts[length] = _kinochrome("plan", job)["segments"]
                started = time.monotonic()
                _kinochrome("shots", job, "--workers", "1")
                found.append(time.monotonic() - started)
    short, long = (statistics.median(times[length]) for length in (8, 240))
    return {
        "segments": [counts[8], counts[240]],
        "seconds": [round(short, 2), round(long, 2)],
        "each": round((short - long) / max(1, counts[8] - counts[240]), 4),
    }


def _cluster() -> Any:
    if importlib.util.find_spec("distributed") is None:
        return "the extra `cluster` is not installed"
    return _script("cluster_overhead.py")


def _script(name: str, *options: str) -> Any:
    command = [sys.executable, str(HERE / name), *options]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(told[told.index("{") :])


def _kinochrome(*arguments: str | Path) -> dict[str, Any]:
    """What a command line says at its end."""
    command = [sys.executable, "-m", "jobs.cli.main", *map(str, arguments), "--json-events"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {last.get('message', done.returncode)}")
    return last


def _percent(estimate: float, measured: float) -> str:
    return f"{100 * (estimate / measured - 1):+.0f} %"


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
