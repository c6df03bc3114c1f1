"""One system call fails, or a process is killed before or after it; then the same command again: the film is right.

Calls that write, sync, rename, remove, close, open or make are counted over all processes of a command, FFmpeg too,
as far as they are on files of the job or among the temporary files (`faults.c`, made by cc). A point is the n-th call
of a kind and what befalls it: ENOSPC, EIO, EDQUOT, EROFS, EMFILE, or SIGKILL for the process or for all of them. A
failure must end the command with 1 and one line, or leave the film right; whatever it was, the next command makes the
film of an undisturbed run, byte for byte, and leaves nothing else behind.

python tests/benchmarks/faults.py [--points 200] [--seed 1] [--list] [run] [mux] [verify] [submit] [worker]
"""

import argparse
import ctypes
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.benchmarks.fault_control import Control
from tests.benchmarks.fault_folder import FaultFolder
from tests.benchmarks.fault_points import KINDS, VERBS, Outcome, Point, choose

_REDRAWS = 5


def reach(folder: FaultFolder, point: Point, rng: random.Random) -> tuple[Point, Outcome]:
    """Tries a point; another one where this command, or this worker with its heartbeats, made fewer calls."""
    for _ in range(_REDRAWS):
        outcome = folder.try_point(point)
        if outcome.verdict != "not reached":
            break
        point = point.redrawn(folder.made(point.kind), rng)
    return point, outcome


def main() -> None:
    """Tries the points that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verbs", nargs="*", metavar="VERB", help=", ".join(VERBS))
    parser.add_argument("--points", type=int, default=200, help="of each verb")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of calls, not all of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="tell every point, not only what is wrong")
    arguments = parser.parse_args()
    if "FAULTS_CONTROL" not in os.environ:
        sys.exit(_preloaded())

    wrong = 0
    for verb in arguments.verbs or VERBS:
        with tempfile.TemporaryDirectory(prefix="faults-") as name:
            folder = FaultFolder(Path(name).resolve(), verb)
            counts = folder.counts()
            print(f"{verb}: {counts}", flush=True)
            counts = {kind: count for kind, count in counts.items() if kind in arguments.kinds}
            table: dict[tuple[str, str], Counter[str]] = {}
            rng = random.Random(arguments.seed)
            for chosen in choose(counts, arguments.points, rng):
                point, outcome = reach(folder, chosen, rng)
                is_right = outcome.verdict in ("ok", "tolerated", "not reached")
                wrong += not is_right
                column = table.setdefault((point.kind, point.fault), Counter())
                column[outcome.verdict if is_right else "WRONG"] += 1
                if arguments.list or not is_right:
                    print(f"{verb}\t{point}\t{point.fault}\t{outcome.code}\t{outcome.verdict}", flush=True)
                if not is_right:
                    print("".join(f"    | {line}\n" for line in outcome.told.splitlines()[-12:]), flush=True)
        for (kind, fault), column in sorted(table.items()):
            told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(column.items()))
            print(f"{verb}\t{kind}\t{fault}\t{told}", flush=True)
        total = sum((column for column in table.values()), Counter[str]())
        print(f"{verb}: {dict(total)}", flush=True)
    sys.exit(1 if wrong else 0)


def _preloaded() -> int:
    """This script again, with the library that counts and hits the calls."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        library, control = Path(name, "faults.so"), Path(name, "control")
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        control.write_bytes(bytes(ctypes.sizeof(Control)))
        env = {
            **os.environ,
            "LD_PRELOAD": str(library),
            "FAULTS_CONTROL": str(control),
            "OMP_NUM_THREADS": "1",
        }
        return subprocess.run([sys.executable, *sys.argv], env=env, check=False).returncode


if __name__ == "__main__":
    main()
