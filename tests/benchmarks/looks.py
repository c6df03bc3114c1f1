"""A contact sheet of the built-in looks: every picture in black and white, as a look is given it, and in each look.

python tests/benchmarks/looks.py OUT.png PICTURE… [--own-colors] [--look FILE.cube] [--look PALETTE.jpg]

Prints the seconds that each look took for one picture, as JSON.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from pipeline.color.colorimetry import Floats, unit_to_luma
from pipeline.color.lab import lab_from_srgb
from pipeline.colorize.predict import Predictor
from pipeline.guidance.looks.look import look_names, parse_look
from pipeline.guidance.looks.palette_transfer import sample_ab
from pipeline.stills.chroma import rgb_of_luma, shrink_luma, spread_ab
from pipeline.stills.colorize import predict_ab
from pipeline.stills.files import read_still
from pipeline.stills.still import Still

_TILE_PX, _GAP_PX, _LABEL_PX, _COLUMNS, _PROXY_PX = (240, 180), 4, 16, 6, 96


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--look", action="append", default=[], help="a .cube file or a palette picture")
    parser.add_argument("--own-colors", action="store_true", help="those of the pictures, not predicted ones")
    options = parser.parse_args()
    looks = [parse_look(name, Path()) for name in (*look_names(), *options.look)]
    predictor = Predictor(device="cpu")
    lines, seconds = [], dict.fromkeys((look.name for look in looks), 0.0)
    for path in options.pictures:
        still = read_still(path)
        ab = _own_ab(path) if options.own_colors else predict_ab(still, predictor.predict_pictures)
        luma = shrink_luma(still.luma, size=ab.shape[1:])
        tiles = [_tile(still, np.zeros_like(ab), "black and white"), _tile(still, ab, "colours given")]
        for look in looks:
            start = time.perf_counter()
            themed = look.for_shot(sample_ab([ab])).apply(luma, ab)
            seconds[look.name] += time.perf_counter() - start
            tiles.append(_tile(still, themed, Path(look.name).name))
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % _COLUMNS)
        lines += [np.hstack(tiles[at : at + _COLUMNS]) for at in range(0, len(tiles), _COLUMNS)]
    Image.fromarray(np.vstack(lines)).save(options.out)
    print(json.dumps({"seconds": seconds}, indent=2))


def _own_ab(path: Path) -> Floats:
    """ab (2, h, w) of a picture's own colours, at the scale of a proxy."""
    with Image.open(path) as image:
        small = image.convert("RGB")
        small.thumbnail((_PROXY_PX, _PROXY_PX), Image.Resampling.BOX)
    lab = lab_from_srgb(np.asarray(small, np.float32) / np.float32(255))
    return np.ascontiguousarray(np.moveaxis(lab[..., 1:], -1, 0))


def _tile(still: Still, ab: Floats, label: str) -> npt.NDArray[np.uint8]:
    """(H, W, 3): the still at the height of a tile in these colours, cut or filled up to its width."""
    height = _TILE_PX[1]
    width = round(still.luma.shape[1] * height / still.luma.shape[0])
    unit = shrink_luma(still.luma, size=(height, width))
    luma = unit_to_luma(unit, depth=8, range="full")
    rgb = rgb_of_luma(luma, *spread_ab(luma, ab, matrix="bt709").rows(luma, 0))
    tile = Image.new("RGB", (_TILE_PX[0] + _GAP_PX, height + _LABEL_PX))
    tile.paste(Image.fromarray(rgb).crop((0, 0, min(width, _TILE_PX[0]), height)))
    ImageDraw.Draw(tile).text((2, height + 2), label, fill="white")
    return np.asarray(tile)


if __name__ == "__main__":
    main()
