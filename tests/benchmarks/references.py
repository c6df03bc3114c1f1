"""How near a shot's colours come to the true ones when its first frame, or first and last, are given in colour.

    python tests/benchmarks/references.py CLIPS... [--frames 60] [--every 4] [--cache FOLDER] [--short-side 224]

A clip is a file of one shot, or FILE@FIRST to begin at a frame. PSNR is of RGB over the predicted frames (one in
`--every`), at the network's size: with the true L and ab enlarged bilinearly, and with true luma and chroma enlarged as
films get theirs. CDC is of all frames after steadying, beside that of the grey clip. A foreign still is the first
frame of the clip before. Prints JSON.
"""

import argparse
import json
import pickle
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[2]))

from models.metrics import cdc
from models.networks.lab import Rgb, put_together
from pipeline.color.chroma_upsample import upsample_chroma
from pipeline.color.colorimetry import ab_to_chroma, chroma_to_rgb, lightness, luma_coefficients, to_8bit
from pipeline.colorize.net_frame import net_size, shrink
from pipeline.colorize.optical_flow import Link
from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.sight import Sight
from pipeline.colorize.temporal import SteadySettings, TemporalFilter
from pipeline.guidance.hints.hint_map import HintMap
from pipeline.guidance.hints.likeness import MapScale
from pipeline.guidance.hints.references import foreign_key, score
from pipeline.guidance.hints.travel import Carried, KeyFrame, TravelledHints, carry, merge, nowhere, start
from pipeline.media import ColorDescription

Floats = npt.NDArray[np.float32]
LOOKED_AT = 4
"""One frame in so many is kept in the cache."""
MATRIX = "smpte170m"
COLOR = ColorDescription(matrix=MATRIX, primaries=MATRIX, transfer=MATRIX, range="full", chroma_site="center")


@dataclass
class Shot:
    """What is known of a clip's frames; lists have one item a frame."""

    sights: dict[int, Sight] = field(default_factory=dict)
    rgb: list[Rgb] = field(default_factory=list)
    L: list[Floats] = field(default_factory=list)
    ab: list[Floats] = field(default_factory=list)
    luma: list[Floats] = field(default_factory=list)
    guide: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    prev: list[Link] = field(default_factory=list)
    next: list[Link] = field(default_factory=list)


def see_shot(spec: str, *, predictor: Predictor, frames: int, cache: Path | None) -> Shot:
    """Reads a clip's frames at the network's size, and looks at every fourth and at the last."""
    path, _, first = spec.partition("@")
    kept = cache and cache / f"{Path(path).name}.{first or 0}.{frames}.pkl"
    if kept and kept.exists():
        return Shot(**pickle.loads(kept.read_bytes()))
    shot = Shot()
    with av.open(path) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number >= int(first or 0) + frames:
                break
            if number >= int(first or 0):
                _push(shot, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), predictor.short_side)
    steady = TemporalFilter(shot.ab[0].shape[1:], settings=SteadySettings())
    for guide in shot.guide:
        steady.push(guide)
        if steady.last_links:
            shot.prev.append(steady.last_links.to_previous)
            shot.next.append(steady.last_links.to_next)
    for number in sorted({*range(0, len(shot.ab), LOOKED_AT), len(shot.ab) - 1}):
        shot.sights[number] = predictor.see(lightness(_luma(shot.rgb[number])))
    if kept:
        kept.write_bytes(pickle.dumps(vars(shot)))
    return shot


def _push(shot: Shot, rgb: Rgb, short_side: int) -> None:
    height, width = rgb.shape[:2]
    size = net_size(width=width, height=height, sample_aspect=1, short_side=short_side)
    rgb = shrink(rgb, size)
    luma = _luma(rgb)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    small = size.output[::-1]
    scale = 112 / min(luma.shape)
    guide = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    shot.rgb.append(rgb)
    shot.L.append(np.asarray(lab[..., 0], np.float32))
    ab = np.asarray(cv2.resize(lab[..., 1:], small, interpolation=cv2.INTER_AREA), np.float32)
    shot.ab.append(np.ascontiguousarray(np.moveaxis(ab, -1, 0)))
    shot.luma.append(np.asarray(cv2.resize(luma, small, interpolation=cv2.INTER_AREA), np.float32))
    shot.guide.append((guide * 255 + 0.5).astype(np.uint8))


def _luma(rgb: Rgb) -> Floats:
    kr, kb = luma_coefficients(MATRIX)
    return np.asarray(rgb.astype(np.float32) @ np.array([kr, 1 - kr - kb, kb], np.float32) / 255, np.float32)


def key_at(shot: Shot, number: int) -> KeyFrame:
    ab = shot.ab[number]
    return KeyFrame(number, shot.sights[number], shot.luma[number], HintMap(ab, np.ones_like(ab[0])))


def travelled(shot: Shot, keys: Sequence[KeyFrame]) -> dict[int, TravelledHints]:
    """The hints of every frame that was looked at."""
    scale = MapScale.of([key.sight for key in keys])
    ways = [_carried(shot, key) for key in keys]
    return {
        number: merge(sight, shot.luma[number], [way[number] for way in ways], keys, scale)
        for number, sight in shot.sights.items()
    }


def _carried(shot: Shot, key: KeyFrame) -> list[Carried]:
    count = len(shot.ab)
    if key.is_foreign:
        return [nowhere(shot.luma[0].shape)] * count
    ways = {key.number: start(key.hints.confidence.shape)}
    for number in range(key.number + 1, count):
        ways[number] = carry(ways[number - 1], shot.prev[number - 1])
    for number in range(key.number - 1, -1, -1):
        ways[number] = carry(ways[number + 1], shot.next[number])
    return [ways[number] for number in range(count)]


def steadied(shot: Shot, ab: dict[int, Floats], every: int) -> Floats:
    """(N, 2, h, w) of all frames: as a film's, from those that were looked at."""
    steady = TemporalFilter(shot.luma[0].shape, settings=SteadySettings(predict_every=every))
    steady._chosen, steady._count = sorted(ab), len(shot.ab)  # the links are known
    steady._flow.to_previous, steady._flow.to_next = shot.prev, shot.next
    return steady.spread(np.stack([ab[number] for number in sorted(ab)]))


def bilinear(shot: Shot, number: int, ab: Floats) -> Rgb:
    return put_together(shot.L[number], ab)


def as_a_film(shot: Shot, number: int, ab: Floats) -> Rgb:
    luma = _luma(shot.rgb[number])
    kr, kb = luma_coefficients(MATRIX)
    cb, cr = ab_to_chroma(shot.luma[number], ab, kr=kr, kb=kb)
    plane = to_8bit(luma)
    cb, cr = upsample_chroma(plane, cb=cb, cr=cr, depth=8, chroma="444", color=COLOR)
    return to_8bit(chroma_to_rgb(luma, cb, cr, kr=kr, kb=kb))


def psnr(rgb: Rgb, truth: Rgb) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((rgb.astype(np.float32) - truth) ** 2), 0.01)))


def figures(
    shot: Shot, foreign: KeyFrame | None, every: int
) -> tuple[dict[str, Any], list[tuple[float, float]]]:
    """Of one clip, and (score, dB) of its frames."""
    last = len(shot.ab) - 1
    shot.sights = {n: sight for n, sight in shot.sights.items() if n % every == 0 or n == last}
    auto = {number: sight.ab for number, sight in shot.sights.items()}
    colors = {"auto": auto, "true": {number: shot.ab[number] for number in auto}}
    scores: list[tuple[float, float]] = []
    for name, keys in {
        "first": [key_at(shot, 0)],
        "both": [key_at(shot, 0), key_at(shot, last)],
        "foreign": [foreign] if foreign else [],
    }.items():
        hints = travelled(shot, keys) if keys else {}
        colors[name] = {number: one.over(auto[number]) for number, one in hints.items()}
        if name in ("first", "both"):
            judged = _judged(hints, last)
            made = [(number, bilinear(shot, number, colors[name][number])) for number in judged]
            scores += [(score([hints[n]]), psnr(rgb, shot.rgb[n])) for n, rgb in made]
    found: dict[str, Any] = {}
    for way in (bilinear, as_a_film):
        for name, ab in colors.items():
            if ab:
                found[f"{name} {way.__name__}"] = _summary(shot, ab, way, last)
    for name in ("auto", "first"):
        frames = [bilinear(shot, n, ab) for n, ab in enumerate(steadied(shot, colors[name], every))]
        found[f"{name} steadied"] = _rounded(
            [psnr(frame, shot.rgb[n]) for n, frame in enumerate(frames) if 0 < n < last]
        )
        found[f"{name} cdc"] = cdc(frames) * 1000
    grey = np.zeros_like(shot.ab[0])
    found["grey cdc"] = cdc(bilinear(shot, n, grey) for n in range(last + 1)) * 1000
    return found, scores


def _judged(ab: Any, last: int) -> list[int]:
    """Frames that were not given."""
    return [number for number in ab if 0 < number < last]


def _summary(
    shot: Shot, ab: dict[int, Floats], way: Callable[[Shot, int, Floats], Rgb], last: int
) -> dict[str, float]:
    return _rounded([psnr(way(shot, n, ab[n]), shot.rgb[n]) for n in _judged(ab, last)])


def _rounded(values: list[float]) -> dict[str, float]:
    return {"median": round(median(values), 2), "mean": round(fmean(values), 2)}


def main() -> None:
    """Prints a line for each clip, then the figures over all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--short-side", type=int, default=224)
    parser.add_argument("--every", type=int, default=4, choices=(4, 8))
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    predictor = Predictor(
        settings=ColorSettings(short_side=options.short_side), device="cpu", precision="fp32"
    )
    clips: dict[str, dict[str, Any]] = {}
    scores: list[tuple[float, float]] = []
    foreign: KeyFrame | None = None
    for spec in options.clips:
        shot = see_shot(spec, predictor=predictor, frames=options.frames, cache=options.cache)
        found, of_frames = figures(shot, foreign, options.every)
        clips[Path(spec).name] = found
        scores += of_frames
        foreign = foreign_key(shot.rgb[0], shot.sights[0])
        print(json.dumps({Path(spec).name: found, "scores": of_frames}), file=sys.stderr, flush=True)
    over: dict[str, Any] = {}
    for name in dict.fromkeys(name for found in clips.values() for name in found):
        rows = [found[name] for found in clips.values() if name in found]
        over[name] = (
            {
                "median of medians": median(r["median"] for r in rows),
                "mean of means": fmean(r["mean"] for r in rows),
            }
            if isinstance(rows[0], dict)
            else fmean(rows)
        )
    worst = max(found["first cdc"] / found["grey cdc"] for found in clips.values())
    over["cdc of first / grey: mean, worst"] = (over["first cdc"] / over["grey cdc"], worst)
    over["correlation of score and dB"] = float(np.corrcoef(np.array(scores).T)[0, 1])
    costs = [
        found["foreign bilinear"]["mean"] - found["auto bilinear"]["mean"]
        for found in clips.values()
        if "foreign bilinear" in found
    ]
    over["foreign still, dB against none: mean, worst"] = (fmean(costs), min(costs)) if costs else None
    weights = predictor.weights.sha256
    settings = {
        "weights": weights,
        "frames": options.frames,
        "every": options.every,
        "short_side": options.short_side,
    }
    print(
        json.dumps(
            {"machine": platform.machine(), "settings": settings, "clips": clips, "all": over}, indent=1
        )
    )


if __name__ == "__main__":
    main()
