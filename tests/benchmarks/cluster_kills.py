"""Dask workers killed at random moments, and the scheduler once: one film, byte for byte, and nothing done twice.

A scheduler and two workers under nannies run on loopback. Whenever a run ends before its time, it is started again.
Kills of nannies are not among the kills: nobody would start their workers again.

python tests/benchmarks/cluster_kills.py [--kills 10] [--seed 1] [--preset archival] [FILM]
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "tests" / "data" / "chaplin_street.mp4"
sys.path.insert(0, str(ROOT))

from jobs.settings.output_paths import page_path, record_path  # noqa: E402
from tests.clusters import Cluster, children  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", nargs="?", type=Path, default=CLIP)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--preset", default="archival")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report = kill_at_random(
            Path(name),
            film=arguments.film,
            kills=arguments.kills,
            seed=arguments.seed,
            preset=arguments.preset,
        )
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["bytes equal"] and not report["finished work done again"] else 1)


def kill_at_random(
    folder: Path, *, film: Path, kills: int, seed: int, preset: str = "archival"
) -> dict[str, Any]:
    """What came of it; `folder` is empty, and takes films and logs."""
    suffix = {"archival": ".mkv", "mezzanine": ".mov"}.get(preset, ".mp4")
    whole, killed = folder / "whole" / f"film{suffix}", folder / "killed" / f"film{suffix}"
    for made in (whole.parent, killed.parent, folder / "work", folder / "cluster"):
        made.mkdir()
    counts, again, partials = Counter[str](), list[str](), 0
    with Cluster(folder / "cluster") as cluster:
        nannies = [cluster.start_worker("--resources", "GPU=1") for _ in range(2)]
        started = time.monotonic()
        _check(_start(film, whole, cluster, preset).wait())
        seconds = time.monotonic() - started
        rng = random.Random(seed)
        scheduler_at = rng.randrange(kills)
        while True:
            process = _start(film, killed, cluster, preset)
            counts["runs"] += 1
            while process.poll() is None:
                try:
                    process.wait(rng.uniform(0.2, 0.5 * seconds) if counts["kills"] < kills else None)
                except subprocess.TimeoutExpired:
                    workers = [pid for nanny in nannies for pid in children(nanny.pid, "spawn_main")]
                    if counts["kills"] == scheduler_at:
                        cluster.scheduler.kill()
                        cluster.scheduler.wait()
                        counts["scheduler kills"] += 1
                    elif workers:
                        os.kill(rng.choice(workers), signal.SIGKILL)
                    else:
                        continue  # both are just starting
                    counts["kills"] += 1
            if (
                cluster.scheduler.poll() is not None
            ):  # as a supervisor would; the workers have left by themselves
                cluster.start_scheduler()
                nannies = [cluster.start_worker("--resources", "GPU=1") for _ in range(2)]
            if process.returncode == 1:
                counts["runs that ended with an error"] += 1
                continue
            _check(process.returncode)
            again += done_again(folder / "work")
            partials += len(list((folder / "work").rglob("*.partial")))
            if counts["kills"] >= kills:
                break
            killed.unlink()  # done before the next kill: once more from the beginning
            shutil.rmtree(folder / "work" / "killed")
    expected = {killed.name, record_path(killed).name, page_path(killed).name}
    return {
        "kills": counts["kills"],
        "of the scheduler": counts["scheduler kills"],
        "runs": counts["runs"],
        "runs that ended with an error": counts["runs that ended with an error"],
        "undisturbed seconds": round(seconds, 1),
        "bytes equal": sha256(whole.read_bytes()).digest() == sha256(killed.read_bytes()).digest(),
        "left beside the film": sorted({found.name for found in killed.parent.iterdir()} - expected),
        "partial files left": partials,
        "finished work done again": again,
    }


def done_again(work: Path) -> list[str]:
    """Segments that were published more than once, by the events of the runs."""
    published = Counter[tuple[str, int]]()
    for path in work.glob("killed/*/events.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["event"] == "published":
                published[event["product"], event["index"]] += 1
    return [f"{product} of segment {index}" for (product, index), count in published.items() if count > 1]


def _start(film: Path, output: Path, cluster: Cluster, preset: str) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable,
        "-m",
        "jobs.cli.main",
        "colorize",
        str(film.absolute()),
        "-o",
        str(output),
        "-q",
    ]
    command += ["--preset", preset, "--set", "segment_frames=24", "--set", "overlap_frames=8"]
    command += [
        "--scheduler",
        cluster.address,
        "--work",
        str(output.parents[1] / "work" / output.parent.name),
    ]
    return subprocess.Popen(command, cwd=ROOT)


def _check(code: int) -> None:
    if code:
        raise SystemExit(f"kinochrome ended with {code}")


if __name__ == "__main__":
    main()
