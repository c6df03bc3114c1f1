"""What guidance gains: the figures of guided colour on photos that no training saw.

python tests/benchmarks/guided.py DATA [--photos 200] [--groups CSV] [--weights FILE] [--device auto] [--only NAME...]

DATA is the folder that the paths of the CSV file are relative to. Each section is a figure of one kind of guidance.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.evaluation.evaluate import evaluate_hints
from jobs.evaluation.hint_protocols import HINT_PROTOCOLS

_HELDOUT = Path(__file__).parents[2] / "configs/evaluate/heldout.csv"


def points(arguments: argparse.Namespace) -> dict[str, object]:
    """PSNR and gains over the number of points whose true colours are given, by the protocols of others."""
    return {
        protocol: evaluate_hints(
            [arguments.data],
            protocol=protocol,
            photo_count=arguments.photos,
            weights=arguments.weights,
            device=arguments.device,
            groups=arguments.groups,
            progress=partial(_progress, protocol),
        ).as_json()
        for protocol in HINT_PROTOCOLS
    }


SECTIONS: dict[str, Callable[[argparse.Namespace], dict[str, object]]] = {"points": points}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--groups", type=Path, default=_HELDOUT)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    arguments = parser.parse_args()
    report: dict[str, object] = {
        "machine": f"{os.cpu_count()} x {platform.processor() or platform.machine()}, {platform.system()}",
        "load before": round(os.getloadavg()[0], 1),
        "versions": {name: version(name) for name in ("kinochrome", "torch", "numpy", "opencv-python")}
        | {"python": platform.python_version()},
    }
    for name in arguments.only:
        report[name] = SECTIONS[name](arguments)
    print(json.dumps(report, indent=2))


def _progress(name: str, stage: str, done: int, total: int | None) -> None:
    print(f"{name}: {done} of {total} {stage}", end="\r" if done != total else "\n", file=sys.stderr)


if __name__ == "__main__":
    main()
