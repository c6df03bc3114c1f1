"""SIGKILL at random moments, run again until done: one film, byte for byte, and no finished segment done twice.

With `--workers 2` half of the kills hit one of the workers only, which the run has to replace.

python tests/benchmarks/kills.py [--kills 10] [--seed 1] [--preset archival] [--workers N] [FILM]
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
from hashlib import sha256
from pathlib import Path

CLIP = Path(__file__).parents[1] / "data" / "chaplin_street.mp4"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", nargs="?", type=Path, default=CLIP)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--preset", default="archival")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suffix = {"archival": ".mkv", "mezzanine": ".mov"}.get(arguments.preset, ".mp4")
        whole, killed = folder / "whole" / f"film{suffix}", folder / "killed" / f"film{suffix}"
        for made in (whole.parent, killed.parent, folder / "work"):
            made.mkdir()
        started = time.monotonic()
        _check(subprocess.run(_command(arguments, whole), check=False).returncode)
        seconds = time.monotonic() - started
        starts, kills, gave_up, again = 0, 0, 0, list[str]()
        while True:
            process = subprocess.Popen(_command(arguments, killed))
            starts += 1
            code = None
            while code is None:
                try:
                    code = process.wait(rng.uniform(0.2, 0.7 * seconds) if kills < arguments.kills else None)
                except subprocess.TimeoutExpired:
                    kills += 1
                    if arguments.workers == 1 or rng.random() < 0.5 or not _kill_a_worker(process.pid, rng):
                        process.kill()
                        process.wait()
                        break
            if code is None:
                continue
            if code == 1 and arguments.workers > 1:  # three kills met at one segment
                gave_up += 1
                continue
            _check(code)
            if kills >= arguments.kills:
                break
            again += _done_again(folder / "work")  # done before its kill: once more from the beginning
            killed.unlink()
            shutil.rmtree(folder / "work" / "killed")
        report = {
            "kills": kills,
            "starts": starts,
            "runs that gave a segment up": gave_up,
            "undisturbed seconds": round(seconds, 1),
            "bytes equal": sha256(whole.read_bytes()).digest() == sha256(killed.read_bytes()).digest(),
            "left beside the film": sorted(p.name for p in killed.parent.iterdir() if p != killed),
            "finished work done again": again + _done_again(folder / "work"),
        }
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["bytes equal"] and not report["finished work done again"] else 1)


def _command(arguments: argparse.Namespace, output: Path) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "jobs.cli.main",
        "colorize",
        str(arguments.film),
        "-o",
        str(output),
        "-q",
    ]
    command += ["--preset", arguments.preset, "--set", "segment_frames=24", "--set", "overlap_frames=8"]
    command += ["--workers", str(arguments.workers)]
    return [*command, "--work", str(output.parents[1] / "work" / output.parent.name)]


def _kill_a_worker(run: int, rng: random.Random) -> bool:
    """Kills one of the worker processes of a run; False where it has none yet."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == run and b"popen_loky_posix" in command:
            found.append(int(folder.name))
    if found:
        os.kill(rng.choice(sorted(found)), signal.SIGKILL)
    return bool(found)


def _done_again(work: Path) -> list[str]:
    """Segments that were published more than once, by the events of the runs."""
    published: dict[tuple[str, int], int] = {}
    for events in work.glob("killed/*/events.jsonl"):
        for line in events.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["event"] == "published":
                key = (event["product"], event["index"])
                published[key] = published.get(key, 0) + 1
    return [f"{product} of segment {index}" for (product, index), count in published.items() if count > 1]


def _check(code: int) -> None:
    if code:
        raise SystemExit(f"kinochrome ended with {code}")


if __name__ == "__main__":
    main()
