"""Twelve job files, two workers of a queue, SIGKILL at random: every film once, byte for byte, and nothing left.

Half of the kills hit a worker, which is started again; the others hit what does its job, or one of the processes below
that.

python tests/benchmarks/queue_kills.py [--kills 12] [--jobs 12] [--workers 2] [--seed 1] [FILM]
"""

import argparse
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

CLIP = Path(__file__).parents[1] / "data" / "chaplin_street.mp4"
_ATTEMPTS = 99
_LOOK_SECONDS = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("film", nargs="?", type=Path, default=CLIP)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.monotonic()
        expected = folder / "expected.mkv"
        _run("run", _job(folder, arguments.film, "expected"), "-q")
        one = time.monotonic() - started
        names = [f"film{number:02d}" for number in range(arguments.jobs)]
        spool = folder / "spool"
        files = [_job(folder, arguments.film, name) for name in names]
        _run("submit", *files, "--spool", spool, "--attempts", str(_ATTEMPTS))
        started = time.monotonic()
        kills, starts = _kill_until_done(spool, rng, arguments, pause=(0.2, one))
        report = {
            "machine": f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            "python": platform.python_version(),
            "jobs": arguments.jobs,
            "kills": kills,
            "starts of workers": starts,
            "seconds": round(time.monotonic() - started, 1),
            "seconds of one job, undisturbed": round(one, 1),
            "ended in": {state: len(list((spool / state).glob("*.yaml"))) for state in _STATES},
            "films with other bytes": [n for n in names if not _same(folder / f"{n}.mkv", expected)],
            "published more than once": _published_twice(folder, names),
            "segments done again": _done_again(folder / "work"),
            "left over": _left_over(folder, names),
        }
    print(json.dumps(report, indent=2))
    faults = ("films with other bytes", "published more than once", "segments done again", "left over")
    ended_well = report["ended in"] == {**dict.fromkeys(_STATES, 0), "done": arguments.jobs}
    sys.exit(0 if ended_well and not any(report[fault] for fault in faults) else 1)


_STATES = ("queue", "running", "done", "failed", "cancelled")


def _job(folder: Path, film: Path, name: str) -> Path:
    """A job file of many small segments, whose work folder is kept to be looked at."""
    path = folder / f"{name}.yaml"
    values = {
        "input": str(film.absolute()),
        "output": str(folder / f"{name}.mkv"),
        "preset": "archival",
        "segment_frames": 24,
        "overlap_frames": 8,
        "work": str(folder / "work"),
        "report_page": False,
        "color": {"short_side": 128},
    }
    (folder / "work").mkdir(exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def _kill_until_done(
    spool: Path, rng: random.Random, arguments: argparse.Namespace, *, pause: tuple[float, float]
) -> tuple[int, int]:
    """Lets the workers drain the queue and kills meanwhile; returns kills and starts of workers."""
    workers = [_start(spool) for _ in range(arguments.workers)]
    starts, kills = len(workers), 0
    due = time.monotonic() + rng.uniform(*pause)
    while any(worker.poll() is None for worker in workers) or _waiting(spool):
        for number, worker in enumerate(workers):
            if worker.poll() is not None and _waiting(spool):
                workers[number] = _start(spool)
                starts += 1
        if kills < arguments.kills and time.monotonic() >= due:
            victim = rng.choice([worker for worker in workers if worker.poll() is None] or workers).pid
            below = _below(victim)
            if rng.random() < 0.5 and below:
                victim = rng.choice(below)
            try:
                os.kill(victim, signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
            due = time.monotonic() + rng.uniform(*pause)
        time.sleep(_LOOK_SECONDS)
    return kills, starts


def _start(spool: Path) -> "subprocess.Popen[bytes]":
    options = ("--drain", "--heartbeat", "1", "--dead-after", "5", "-q")
    return subprocess.Popen([*_program(), "worker", "--spool", str(spool), *options])


def _program() -> list[str]:
    return [sys.executable, "-m", "jobs.cli.main"]


def _run(*arguments: str | Path) -> None:
    subprocess.run([*_program(), *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def _waiting(spool: Path) -> bool:
    return any(any((spool / state).glob("*.yaml")) for state in ("queue", "running"))


def _below(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(folder.name))
    found, look = [], [pid]
    while look:
        children = parents.get(look.pop(), [])
        found += children
        look += children
    return sorted(found)


def _same(film: Path, expected: Path) -> bool:
    return film.exists() and sha256(film.read_bytes()).digest() == sha256(expected.read_bytes()).digest()


def _events(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _published_twice(folder: Path, names: list[str]) -> list[str]:
    """Films of which more than one run says that it made them; one that was killed after the rename is known again."""
    twice = []
    for name in names:
        ends = [event for event in _events(folder / "work" / f"{name}.mkv") if event["event"] == "ended"]
        if sum(event["outcome"] == "done" for event in ends) > 1:
            twice.append(name)
    return twice


def _done_again(work: Path) -> list[str]:
    again = []
    for folder in sorted(work.iterdir()):
        made = [(e["product"], e["index"]) for e in _events(folder) if e["event"] == "published"]
        again += [f"{folder.name}: {key}" for key in sorted(set(made)) if made.count(key) > 1]
    return again


def _left_over(folder: Path, names: list[str]) -> list[str]:
    """Files that are neither a film, its record nor its job; partial files anywhere."""
    kept = {"expected", *names}
    known = {f"{name}{end}" for name in kept for end in (".mkv", ".yaml", ".mkv.report.json")}
    found = [path.name for path in folder.iterdir() if path.is_file() and path.name not in known]
    return sorted(found) + sorted(str(p.relative_to(folder)) for p in folder.rglob("*.partial"))


if __name__ == "__main__":
    main()
