"""SIGKILL at random moments, run again until done: one film, byte for byte, and no finished segment done twice.

python tests/benchmarks/kills.py [--kills 10] [--seed 1] [--preset archival] [FILM]
"""

import argparse
import json
import random
import shutil
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
        starts, kills, again = 0, 0, list[str]()
        while True:
            process = subprocess.Popen(_command(arguments, killed))
            starts += 1
            wait = rng.uniform(0.2, 0.7 * seconds) if kills < arguments.kills else None
            try:
                _check(process.wait(wait))
                if kills >= arguments.kills:
                    break
                again += _done_again(folder / "work")  # done before its kill: once more from the beginning
                killed.unlink()
                shutil.rmtree(folder / "work" / "killed")
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
        report = {
            "kills": kills,
            "starts": starts,
            "undisturbed seconds": round(seconds, 1),
            "bytes equal": sha256(whole.read_bytes()).digest() == sha256(killed.read_bytes()).digest(),
            "left beside the film": sorted(p.name for p in killed.parent.iterdir() if p != killed),
            "finished work done again": again + _done_again(folder / "work"),
        }
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["bytes equal"] and not report["finished work done again"] else 1)


def _command(arguments: argparse.Namespace, output: Path) -> list[str]:
    command = [sys.executable, "-m", "jobs.cli", "colorize", str(arguments.film), "-o", str(output), "-q"]
    command += ["--preset", arguments.preset, "--set", "segment_frames=24", "--set", "overlap_frames=8"]
    return [*command, "--work", str(output.parents[1] / "work" / output.parent.name)]


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
