"""Two runs of one job, with one host name and one process number, on a folder without locks: one film, nothing spoilt.

Each run is in a name space of processes of its own, as two containers are, where it has the number 1; `flock` says
ENOLCK. The second begins up to so many seconds after the first. Both must end with 0, or with 1 and one line; the film
is that of an undisturbed run, and nothing but it is left once the same command was given again.

python tests/benchmarks/namespaces.py [--turns 5] [--seed 1] [--most-seconds 3]
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.stages import make_place

_PROGRAM = """
import errno, fcntl, os, sys
def flock(descriptor, how):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = flock
from jobs.cli.main import main
assert os.getpid() == 1
sys.exit(main(sys.argv[1:]))
"""
_ALONE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child")


def main() -> None:
    """Runs the turns and prints what became of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most-seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    turns, wrong = [], 0
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "alone").mkdir()
        wanted = _film(make_place(Path(name) / "alone"), runs=1, pause=0.0)["film"]
        for number in range(arguments.turns):
            folder = Path(name) / str(number)
            folder.mkdir()
            pause = round(rng.uniform(0, arguments.most_seconds), 2)
            told = _film(make_place(folder), runs=2, pause=pause)
            told["film"] = told["film"] == wanted
            ends = {(code, lines <= code) for code, lines in told["ends"]}
            right = told["film"] and ends <= {(0, True), (1, True)} and told["again"] in (0, 1)
            wrong += not (right and told["left"] == ["film.mkv", "job.yaml", "out.mkv"])
            turns.append({"pause": pause, **told})
    print(json.dumps(turns, indent=1))
    sys.exit(1 if wrong else 0)


def _film(job: Path, *, runs: int, pause: float) -> dict[str, Any]:
    """What became of so many runs of a job, and of one after them."""
    started = []
    for number in range(runs):
        time.sleep(pause if number else 0)
        started.append(_start(job))
    said = [process.communicate()[0] for process in started]
    ends = [(process.returncode, len(text.splitlines())) for process, text in zip(started, said, strict=True)]
    output = job.with_name("out.mkv")
    film = sha256(output.read_bytes()).hexdigest() if output.exists() else None
    last = _start(job)
    last.communicate()
    left = sorted(path.name for path in job.parent.iterdir())
    return {"ends": ends, "said": said, "film": film, "again": last.returncode, "left": left}


def _start(job: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*_ALONE, sys.executable, "-c", _PROGRAM, "run", str(job), "-q"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).parents[2],
    )


if __name__ == "__main__":
    main()
