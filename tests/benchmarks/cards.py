"""How many title cards, credits, leaders and blank frames are found, and how many photographs are taken for one.

    python tests/benchmarks/cards.py PHOTOS… --fonts FONTS --films FILMS

The cards are drawn (`tests/card_pictures.py`): lettering of many fonts, sizes and contrasts on black, white and grey,
drawn frames, ornaments, vignettes, stains, grain, weave, flicker. Photographs are grey shots of one frame. The limits
were chosen on seeds up to 999 and on the photographs of `--half tune`; the figures that count are those of the others.
`--films` lists the shots of films that are called cards, to be looked at.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.media import Frame, Shot
from pipeline.plan.cards import CardFinder
from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings, small_luma
from pipeline.source.probe import probe
from tests.card_pictures import card_frames
from tests.films import film_info


def main() -> None:
    """Judges cards, photographs and films and prints the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path, nargs="+", help="folders")
    parser.add_argument("--count", type=int, default=2000, help="photographs that are judged")
    parser.add_argument("--skip", type=int, default=0, help="photographs of the half that are passed over")
    parser.add_argument("--half", choices=("tune", "judge"), default="judge")
    parser.add_argument("--cards", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1000, help="of the first card")
    parser.add_argument("--fonts", type=Path, help="folder of TrueType fonts")
    parser.add_argument("--films", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    fonts = sorted(arguments.fonts.rglob("*.ttf")) if arguments.fonts else []
    looks, cards = zip(
        *(card_frames(arguments.seed + number, fonts=fonts) for number in range(arguments.cards)), strict=True
    )
    start = time.thread_time()
    found = [_kind(frames) for frames in cards]
    card_ms = (time.thread_time() - start) * 1000 / (4 * len(cards))
    photos = _photographs(arguments.photos, arguments.half)[arguments.skip :][: arguments.count]
    taken = [path.name for path, luma in _opened(photos) if _kind([luma]) == "card"]
    report: dict[str, Any] = {
        "machine": f"{os.cpu_count()} x {platform.machine()}",
        "versions": {name: version(name) for name in ("kinochrome", "numpy", "pillow")},
        "settings": {key: str(value) for key, value in vars(arguments).items()},
        "cards": {
            "shown": len(found),
            "found": found.count("card"),
            "missed": [
                (arguments.seed + number, str(looks[number]))
                for number, kind in enumerate(found)
                if kind != "card"
            ],
            "cpu ms a frame": round(card_ms, 3),
        },
        "photographs": {"shown": len(photos), "taken for cards": taken},
        "films": {film.name: _cards_of(film) for film in arguments.films},
    }
    print(json.dumps(report, indent=1))


def _kind(frames: Sequence[npt.NDArray[np.uint8]]) -> str:
    height, width = frames[0].shape
    finder = CardFinder(film_info(width, height, range="full"))
    for number, luma in enumerate(frames):
        finder.push(small_luma(luma, depth=8), Frame(pts=number, luma=luma))
    (shot,) = finder.finish([Shot(index=0, start=0, end=len(frames))])
    return shot.kind


def _photographs(folders: Iterable[Path], half: str) -> list[Path]:
    """The photographs of one half, in an order that a fixed seed shuffled."""
    paths = sorted(
        path for folder in folders for path in folder.iterdir() if path.suffix in (".jpg", ".webp")
    )
    order = np.random.default_rng(19).permutation(len(paths))
    middle = len(paths) // 2
    return [paths[index] for index in (order[:middle] if half == "judge" else order[middle:])]


def _opened(paths: Iterable[Path]) -> Iterable[tuple[Path, npt.NDArray[np.uint8]]]:
    for path in paths:
        with Image.open(path) as image:
            yield path, np.array(image.convert("L"))


def _cards_of(path: Path) -> list[list[int]]:
    plan = scan_film(probe(path), shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    return [[shot.start, shot.end] for shot in plan.shots if "card" in shot.kind]


if __name__ == "__main__":
    main()
