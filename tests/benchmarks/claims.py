"""How fast a spool hands out jobs: 1,000 jobs, 4 claimants, each job once.

python tests/benchmarks/claims.py [--jobs 1000] [--claimants 4] [--repeats 5] [FOLDER]

FOLDER, e.g. on a network share, holds the spool meanwhile; else the temporary folder does.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.queue.entry import make_claim, make_id
from jobs.queue.folder import Spool
from jobs.version import VERSION


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--claimants", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--claim", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.claim:
        claim_all(Spool(arguments.folder))
        return
    rates = {
        kind: [measure(arguments, ends=kind == "claimed and ended") for _ in range(arguments.repeats)]
        for kind in ("claimed", "claimed and ended")
    }
    report = {
        "machine": f"{os.cpu_count()} x {_processor()}, {platform.system()} {platform.release()}",
        "load before": round(os.getloadavg()[0], 1),
        "versions": {"kinochrome": VERSION, "python": platform.python_version()},
        "jobs": arguments.jobs,
        "claimants": arguments.claimants,
        "jobs/s": {
            kind: {"median": round(statistics.median(found)), "least": round(min(found))}
            for kind, found in rates.items()
        },
    }
    print(json.dumps(report, indent=2))


def measure(arguments: argparse.Namespace, *, ends: bool) -> float:
    """Jobs/s from the starting shot to the last claim (or end), seen from here."""
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        spool = Spool.make(Path(name) / "spool")
        ids = {make_id(f"film {number}") for number in range(arguments.jobs)}
        for id in ids:
            (spool.path / "queue" / f"{id}.0.yaml").touch()
        command = [sys.executable, __file__, str(spool.path), "--claim"]
        claimants = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(arguments.claimants)
        ]
        for claimant in claimants:
            assert claimant.stdout is not None
            claimant.stdout.readline()  # it is ready
        started = time.monotonic()
        for claimant in claimants:
            assert claimant.stdin is not None
            claimant.stdin.write("end\n" if ends else "claim\n")
            claimant.stdin.flush()
        claimed = [id for claimant in claimants for id in json.loads(claimant.communicate()[0])]
        seconds = time.monotonic() - started
        if sorted(claimed) != sorted(ids):
            raise SystemExit(f"{len(ids)} jobs, but {len(claimed)} claims of {len(set(claimed))}")
    return len(ids) / seconds


def claim_all(spool: Spool) -> None:
    """One claimant: ready, go, and the ids that it got."""
    print("ready", flush=True)
    ends = sys.stdin.readline() == "end\n"
    mine = []
    while (entry := spool.claim(make_claim(host=platform.node(), pid=os.getpid()))) is not None:
        mine.append(entry.id)
        if ends:
            spool.move(entry, "done")
    print(json.dumps(mine))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
