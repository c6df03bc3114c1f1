"""What chroma loses between the proxy and the film's size: true colours, made small, come back over the true luma.

    python tests/benchmarks/upsample.py PHOTOS --count 48 --seed 1
    python tests/benchmarks/upsample.py PHOTOS --clips CLIPS --sheet SHEET.png
    git show COMMIT:pipeline/color/chroma_upsample.py > before.py; … --against before.py

Photos are cut to 256x256 and their ab is shrunk to a quarter; with `--clips`, a frame of every clip of 480 lines or
more comes as 1280x720 with 4:2:0 and a proxy of 56 lines. The figures of every way:

- RGB PSNR, and the same where the gradient of luma is in its top tenth;
- overshoot: how many 255ths beyond the range of 3x3 samples of the small picture 1 % of the chroma lies;
- how many luma samples a colour's edge takes from 10 to 90 %, where the luma has a hard one;
- CPU ms of a frame of 1280x720 with a proxy of 56 lines, the ways taking turns.

The photos should be held out from training only where a network is judged; here they need not be.
"""

import argparse
import importlib.util
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import av
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.color import chroma_upsample
from pipeline.color.chroma_siting import place_at_chroma, place_at_luma
from pipeline.color.colorimetry import (
    Floats,
    ab_to_chroma,
    chroma_to_rgb,
    fit_gamut,
    luma_coefficients,
    to_8bit,
    unit_to_luma,
)
from pipeline.media import Chroma, ColorDescription

KR, KB = luma_coefficients("bt709")
PHOTO_PX = 256
FILM_SIZE = (1280, 720)
PROXY_LINES = 56
_COLOR = ColorDescription(matrix="bt709", range="full", chroma_site="center")
_LINEAR = cv2.INTER_LINEAR


@dataclass(frozen=True)
class Picture:
    """A picture in colour, and what the upsampling gets of it."""

    rgb: Floats
    """(H, W, 3), 0..1."""
    luma: npt.NDArray[np.uint16]
    """16 bits, so that nothing is lost by rounding."""
    cb: Floats
    """(h, w)"""
    cr: Floats


Way = Callable[[Picture, Chroma], tuple[Floats, Floats]]


def main() -> None:
    """Measures all ways and prints the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clips", type=Path, help="folder of films in colour")
    parser.add_argument("--against", type=Path, help="another version of chroma_upsample.py")
    parser.add_argument("--frames", type=int, default=60, help="frames that are timed")
    parser.add_argument("--sheet", type=Path, help="crops of the clips, all ways side by side")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    ways: dict[str, Way] = {"bilinear": _bilinear, "this": partial(_guided, chroma_upsample)}
    if arguments.against:
        ways["against"] = partial(_guided, _module(arguments.against))
    report: dict[str, object] = {
        "machine": f"{os.cpu_count()} x {platform.machine()}",
        "versions": {name: version(name) for name in ("kinochrome", "numpy")} | {"opencv": cv2.__version__},
        "settings": {key: str(value) for key, value in vars(arguments).items()},
        "photos 1/4": _quality(_photos(arguments.photos, arguments.count, arguments.seed), ways, "444"),
        "edges, samples": {name: _edge_widths(way) for name, way in ways.items()},
        "cpu ms": {chroma: _times(ways, chroma, arguments.frames) for chroma in ("420", "444")},
    }
    if arguments.clips:
        frames = list(_film_frames(arguments.clips))
        report["film 56 lines"] = _quality(iter(frames), ways, "420")
        if arguments.sheet:
            _write_sheet(arguments.sheet, frames, ways)
    print(json.dumps(report, indent=1))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("against", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _guided(module: ModuleType, picture: Picture, chroma: Chroma) -> tuple[Floats, Floats]:
    planes = module.upsample_chroma(
        picture.luma, cb=picture.cb, cr=picture.cr, depth=16, chroma=chroma, color=_COLOR
    )
    return cast(tuple[Floats, Floats], planes)


def _bilinear(picture: Picture, chroma: Chroma) -> tuple[Floats, Floats]:
    height, width = picture.luma.shape
    half = (-(-height // 2), -(-width // 2)) if chroma == "420" else (height, width)
    cb, cr = (
        place_at_chroma(
            plane, np.empty(half, np.float32), shape=(height, width), site="center", chroma=chroma
        )
        for plane in (picture.cb, picture.cr)
    )
    return cb, cr


def _photos(folder: Path, count: int, seed: int) -> Iterator[Picture]:
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".webp"))
    for index in np.random.default_rng(seed).choice(len(paths), min(count, len(paths)), replace=False):
        with Image.open(paths[index]) as image:
            rgb = np.asarray(image.convert("RGB"))
        scale = PHOTO_PX / min(rgb.shape[:2])
        rgb = _resized(
            rgb, (max(round(rgb.shape[1] * scale), PHOTO_PX), max(round(rgb.shape[0] * scale), PHOTO_PX))
        )
        top, left = (rgb.shape[0] - PHOTO_PX) // 2, (rgb.shape[1] - PHOTO_PX) // 2
        yield _picture(rgb[top : top + PHOTO_PX, left : left + PHOTO_PX], lines=PHOTO_PX // 4)


def _film_frames(folder: Path) -> Iterator[Picture]:
    """The 30th frame of every clip of 480 lines or more, the middle of it cut to 16:9."""
    for path in sorted(folder.iterdir()):
        if path.suffix != ".mp4":
            continue
        with av.open(str(path)) as container:
            if container.streams.video[0].height < 480:
                continue
            for number, frame in enumerate(container.decode(video=0)):
                rgb = frame.to_ndarray(format="rgb24")
                if number == 30:
                    break
        height = min(rgb.shape[0], rgb.shape[1] * 9 // 16)
        top, width = (rgb.shape[0] - height) // 2, height * 16 // 9
        left = (rgb.shape[1] - width) // 2
        yield _picture(_resized(rgb[top : top + height, left : left + width], FILM_SIZE), lines=PROXY_LINES)


def _resized(rgb: npt.NDArray[Any], size: tuple[int, int]) -> npt.NDArray[Any]:
    method = cv2.INTER_AREA if size[0] <= rgb.shape[1] else cv2.INTER_CUBIC
    return cast(npt.NDArray[Any], cv2.resize(np.ascontiguousarray(rgb), size, interpolation=method))


def _picture(rgb: npt.NDArray[Any], *, lines: int) -> Picture:
    unit = rgb.astype(np.float32) / np.float32(255)
    luma = (unit @ np.array([KR, 1 - KR - KB, KB], np.float32)).astype(np.float32)
    size = (round(luma.shape[1] * lines / luma.shape[0]), lines)
    small = cast(Floats, cv2.resize(luma, size, interpolation=cv2.INTER_AREA))
    lab = cv2.cvtColor(unit, cv2.COLOR_RGB2Lab)
    ab = np.stack([cv2.resize(lab[..., part], size, interpolation=cv2.INTER_AREA) for part in (1, 2)])
    cb, cr = ab_to_chroma(small, ab.astype(np.float32), kr=KR, kb=KB)
    deep = unit_to_luma(luma, depth=16, range="full")
    return Picture(rgb=unit, luma=deep.astype(np.uint16), cb=cb, cr=cr)


def _rgb(picture: Picture, planes: tuple[Floats, Floats], chroma: Chroma) -> Floats:
    luma = picture.luma.astype(np.float32) / np.float32(65535)
    cb, cr = (place_at_luma(plane, shape=luma.shape, site="center", chroma=chroma).copy() for plane in planes)
    fit_gamut(cb, cr, darkest=luma, brightest=luma, kr=KR, kb=KB)
    return cast(Floats, chroma_to_rgb(luma, cb, cr, kr=KR, kb=KB).clip(0, 1))


def _quality(
    pictures: Iterator[Picture], ways: Mapping[str, Way], chroma: Chroma
) -> dict[str, dict[str, float]]:
    """Means over the pictures of what the module's docstring names."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for picture in pictures:
        luma = picture.luma.astype(np.float32)
        slope = cv2.Sobel(luma, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(luma, cv2.CV_32F, 0, 1) ** 2
        at_edges = slope > np.percentile(slope, 90)
        for name, way in ways.items():
            planes = way(picture, chroma)
            error = (_rgb(picture, planes, chroma) - picture.rgb) ** 2
            found[name].append(
                (_psnr(error), _psnr(error[at_edges]), _overshoot((picture.cb, picture.cr), planes))
            )
    names = ("dB", "dB at edges", "overshoot")
    return {
        name: {"pictures": len(rows)}
        | {key: round(float(np.mean([row[at] for row in rows])), 2) for at, key in enumerate(names)}
        for name, rows in found.items()
    }


def _psnr(squared_error: Floats) -> float:
    return float(-10 * np.log10(max(float(squared_error.mean()), 1e-9)))


def _overshoot(small: tuple[Floats, Floats], planes: tuple[Floats, Floats]) -> float:
    block = np.ones((3, 3), np.uint8)
    beyond = []
    for little, plane in zip(small, planes, strict=True):
        low, high = (
            cv2.resize(extreme(little, block), plane.shape[::-1], interpolation=_LINEAR)
            for extreme in (cv2.erode, cv2.dilate)
        )
        beyond.append(np.maximum(np.maximum(plane - high, low - plane), 0))
    return float(np.percentile(np.stack(beyond), 99)) * 255


def _edge_widths(way: Way) -> dict[str, int]:
    """Luma samples from 10 to 90 % of the colour's step at a hard edge of luma, by the step of luma in 255ths."""
    widths = {}
    for step in (20, 40, 80):
        luma = np.full((720, 1280), 90 * 257, np.uint16)
        luma[:, 646:] = (90 + step) * 257
        share = (
            np.clip((np.arange(100) + 1) * 12.8 - 646, 0, 12.8) / 12.8
        )  # of each sample's area beyond the edge
        cb = np.tile((-0.05 + 0.1 * share).astype(np.float32), (PROXY_LINES, 1))
        picture = Picture(rgb=np.zeros((1, 1, 3), np.float32), luma=luma, cb=cb, cr=-cb)
        row = way(picture, "444")[0][360]
        widths[f"luma step {step}"] = int(((row > -0.04) & (row < 0.04)).sum())
    return widths


def _times(ways: Mapping[str, Way], chroma: Chroma, count: int) -> dict[str, dict[str, float]]:
    """CPU time of guided ways, each with its scratch memory as in a film, taking turns."""
    rng = np.random.default_rng(0)
    rough = cv2.resize(rng.random((45, 80), np.float32), FILM_SIZE, interpolation=cv2.INTER_CUBIC)
    luma = (rough * 180 + 30 + rng.normal(0, 4, rough.shape)).clip(16, 235).astype(np.uint8)
    cb, cr = (rng.uniform(-0.15, 0.15, (PROXY_LINES, 100)).astype(np.float32) for _ in range(2))
    color = ColorDescription(matrix="bt709", chroma_site="left")
    modules = {name: way.args[0] for name, way in ways.items() if isinstance(way, partial)}
    scratch = {name: module.Scratch() for name, module in modules.items()}
    spent: dict[str, list[float]] = {name: [] for name in modules}
    for turn in range(count):
        for name in sorted(modules, reverse=bool(turn % 2)):
            start = time.thread_time()
            modules[name].upsample_chroma(
                luma, cb=cb, cr=cr, depth=8, chroma=chroma, color=color, scratch=scratch[name]
            )
            spent[name].append((time.thread_time() - start) * 1000)
    report = {
        name: {"median": round(float(np.median(ms)), 2), "least": round(min(ms), 2)}
        for name, ms in spent.items()
    }
    if "against" in spent:
        ratios = np.divide(spent["this"], spent["against"])
        report["this / against"] = {"median": round(float(np.median(ratios)), 3)}
    return report


def _write_sheet(path: Path, frames: list[Picture], ways: Mapping[str, Way]) -> None:
    """A row for each frame: the truth, then every way, at the place with the most colour edges."""
    rows = []
    for picture in frames:
        edges = cv2.Sobel(picture.cb, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(picture.cr, cv2.CV_32F, 1, 0) ** 2
        busy = cv2.blur(edges, (25, 25))[12:-12, 12:-12]
        line, column = np.unravel_index(int(busy.argmax()), busy.shape)
        top, left = (int((int(place) + 12) * 12.8) - 160 for place in (line, column))
        top, left = min(max(top, 0), 720 - 320), min(max(left, 0), 1280 - 320)
        views = [picture.rgb, *(_rgb(picture, way(picture, "420"), "420") for way in ways.values())]
        rows.append(np.hstack([view[top : top + 320, left : left + 320] for view in views]))
    Image.fromarray(to_8bit(np.vstack(rows).astype(np.float32))).save(path)


if __name__ == "__main__":
    main()
