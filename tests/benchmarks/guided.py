"""What guidance gains: the figures of guided colour on photos and clips that no training saw.

python tests/benchmarks/guided.py DATA [--photos 200] [--frames 60] [--groups CSV] [--weights FILE] [--device auto]
    [--only NAME...]

DATA is the folder that the paths of the CSV file are relative to. Each section is a figure of one kind of guidance:
points, on photos; references, on the first frames of every shot of the clips. Strokes, takes, sketches and nouns have
scripts of their own.
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
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.evaluation.evaluate import evaluate_hints, evaluate_references
from jobs.evaluation.hint_protocols import HINT_PROTOCOLS
from jobs.evaluation.references import REFERENCES

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


def references(arguments: argparse.Namespace) -> dict[str, object]:
    """PSNR, scores and CDC of shots that get stills of themselves, and what a still of another scene costs."""
    found: dict[str, object] = {}
    for reference in REFERENCES:
        report = evaluate_references(
            [arguments.data],
            reference=reference,
            most_frames=arguments.frames,
            weights=arguments.weights,
            device=arguments.device,
            groups=arguments.groups,
            progress=partial(_progress, reference),
        )
        gains = [shot.psnr - shot.psnr_automatic for shot in report.shots]
        found[reference] = {
            "gain: least, mean": (min(gains), fmean(gains)),
            "cdc over grey's: mean, most": (
                report.mean().cdc / report.mean().cdc_grey,
                max(shot.cdc / shot.cdc_grey for shot in report.shots if shot.cdc_grey > 0),
            ),
            "cdc over that of the same colours, standing still: mean, most": (
                report.mean().cdc / report.mean().cdc_standing,
                max(shot.cdc / shot.cdc_standing for shot in report.shots if shot.cdc_standing > 0),
            ),
            "cdc over the clip's own: mean, most": (
                report.mean().cdc / report.mean().cdc_truth,
                max(shot.cdc / shot.cdc_truth for shot in report.shots if shot.cdc_truth > 0),
            ),
        } | report.as_json()
    return found


SECTIONS: dict[str, Callable[[argparse.Namespace], dict[str, object]]] = {
    "points": points,
    "references": references,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--frames", type=int, default=60, help="of each shot")
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
