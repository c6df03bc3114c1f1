"""Two commits colour the same film in turn: CPU time of a frame, size of the file, luma SSIM.

python tests/benchmarks/alternate.py OLD NEW [--sizes 1280x720 …] [--frames 288] [--runs 2] [--preset access]

Each commit is unpacked into a folder of its own and runs `kinochrome colorize` with the packages that are installed
here. CPU time is that of all its processes, so other work on the machine counts little, and the least of the runs is
taken. What a run costs before its first frame is measured on a film of 48 frames and taken off. The film is that of
film.py. Prints JSON.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.encoding import luma_ssim
from tests.benchmarks.film import make_film

ROOT = Path(__file__).parents[2]
FEW_FRAMES = 48
_PROGRAM = "from jobs.cli import main; raise SystemExit(main() if callable(main) else main.main())"
"""`main` was a function of a module `jobs.cli` before that became a package."""
_COMPARED_EVERY = 6
"""Of so many frames one is compared."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commits", nargs=2, metavar="COMMIT", help="old and new")
    parser.add_argument("--sizes", nargs="+", default=["1280x720"])
    parser.add_argument("--frames", type=int, default=288)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--preset", default="access")
    arguments = parser.parse_args()
    if arguments.frames <= FEW_FRAMES:
        sys.exit(f"alternate.py: --frames {arguments.frames}: more than {FEW_FRAMES} would work")
    report: dict[str, object] = {"preset": arguments.preset, "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trees = {commit: _unpacked(commit, folder) for commit in arguments.commits}
        for size in arguments.sizes:
            report[size] = _compare(trees, folder, size, arguments)
            print(json.dumps({size: report[size]}), file=sys.stderr)
    print(json.dumps(report, indent=2))


def _unpacked(commit: str, folder: Path) -> Path:
    tree = folder / commit
    tree.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True)
    return tree


def _compare(
    trees: dict[str, Path], folder: Path, size: str, arguments: argparse.Namespace
) -> dict[str, object]:
    width, height = map(int, size.split("x"))
    short, film = (
        make_film(folder / f"{size}-{count}.mp4", width, height, count)
        for count in (FEW_FRAMES, arguments.frames)
    )
    seconds: dict[tuple[str, Path], list[float]] = {}
    outputs = {commit: folder / f"{commit}.mkv" for commit in trees}
    for _ in range(arguments.runs):
        for source, (commit, tree) in itertools.product((short, film), trees.items()):
            seconds.setdefault((commit, source), []).append(
                _cpu_seconds(tree, source, outputs[commit], preset=arguments.preset)
            )
    table = {}
    for commit, output in outputs.items():
        least = min(seconds[commit, film]) - min(seconds[commit, short])
        table[commit] = {
            "CPU ms a frame": round(1000 * least / (arguments.frames - FEW_FRAMES), 2),
            "CPU s of the film": [round(value, 2) for value in seconds[commit, film]],
            "CPU s of 48 frames": [round(value, 2) for value in seconds[commit, short]],
            "bytes": output.stat().st_size,
            "luma SSIM": round(_similarity(film, output), 6),
        }
    old, new = (table[commit] for commit in trees)
    return table | {
        "CPU old over new": round(old["CPU ms a frame"] / new["CPU ms a frame"], 3),
        "bytes new over old": round(new["bytes"] / old["bytes"], 4),
    }


def _cpu_seconds(tree: Path, source: Path, output: Path, *, preset: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", _PROGRAM, "colorize", str(source), "-o", str(output), "-q"]
    subprocess.run(
        [*command, "--overwrite", "--preset", preset],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _similarity(source: Path, result: Path) -> float:
    """Mean luma SSIM of some frames."""
    found = []
    with av.open(source) as one, av.open(result) as other:
        pairs = zip(one.decode(video=0), other.decode(video=0), strict=True)
        for before, after in itertools.islice(pairs, 0, None, _COMPARED_EVERY):
            planes = (frame.to_ndarray()[: frame.height].astype(np.uint8) for frame in (before, after))
            found.append(luma_ssim(*planes))
    return float(np.mean(found))


if __name__ == "__main__":
    main()
