"""How even surfaces come out: the spread of colour on grey walls, gradients and vignettes, and unevenness of photos.

python tests/benchmarks/surfaces.py [--weights FILE] [--set key=value] [PHOTO|FOLDER...]

The surfaces are drawn, as clean as a rendering and with the grain of film. Nothing is on them, so whatever colour they
get should be one colour: the spread is the root of the summed variances of a and b over the whole picture, and should
be under 4. Photos (`kinochrome evaluate` has more figures of them) have an unevenness, which should be at most 1.2.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from jobs.evaluation.evaluate import evaluate
from models.unevenness import spread
from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings

_SIZE = (360, 480)
_GRAIN = 6 / 255
_LEVELS = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
_ENDS = ((0.2, 0.5), (0.3, 0.8), (0.5, 0.95), (0.15, 0.95))

Floats = npt.NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--set", action="append", default=[], help="temperature=0.4 and the like, of `color`")
    arguments = parser.parse_args()
    settings = dict(one.split("=", 1) for one in arguments.set)
    predictor = Predictor(arguments.weights, settings=TypeAdapter(ColorSettings).validate_python(settings))
    report: dict[str, object] = {"network": predictor.identity(), "surfaces": _surfaces(predictor)}
    if arguments.photos:
        photos = evaluate(arguments.photos, network=predictor).photos
        ratios = [photo.unevenness for photo in photos if photo.unevenness is not None]
        report["photos"] = {
            "with flat regions": len(ratios),
            "unevenness, median": round(median(ratios), 3),
            "unevenness, tenth worst of a hundred": round(float(np.quantile(ratios, 0.9)), 3),
        }
    print(json.dumps(report, indent=2))


def _surfaces(predictor: Predictor) -> dict[str, dict[str, float]]:
    spreads: dict[str, list[float]] = {}
    for kind, luma in draw_surfaces():
        spreads.setdefault(kind, []).append(spread(predictor.predict_pictures(luma[np.newaxis])[0]))
    return {
        kind: {"pictures": len(one), "mean spread": round(fmean(one), 2), "largest": round(max(one), 2)}
        for kind, one in spreads.items()
    }


def draw_surfaces() -> Iterator[tuple[str, Floats]]:
    """Kinds of surfaces, each with its luma (360, 480), 0..1."""
    rows, columns = (axis.astype(np.float32) for axis in np.mgrid[0 : _SIZE[0], 0 : _SIZE[1]])
    down, across = rows / (_SIZE[0] - 1), columns / (_SIZE[1] - 1)
    radius = np.hypot(down - 0.5, across - 0.5) / np.hypot(0.5, 0.5)
    for level in _LEVELS:
        yield from _both("walls", np.full(_SIZE, level, np.float32))
    for low, high in _ENDS:
        for way in (down, across, 1 - (down + across) / 2):
            yield from _both("gradients", low + (high - low) * way)
        for power in (2, 4):
            yield from _both("vignettes", high - (high - low) * radius**power)


def _both(kind: str, luma: Floats) -> Iterator[tuple[str, Floats]]:
    grain = np.random.default_rng(0).normal(0, _GRAIN, luma.shape)
    yield kind, luma.astype(np.float32)
    yield f"{kind} with grain", np.clip(luma + grain, 0, 1).astype(np.float32)


if __name__ == "__main__":
    main()
