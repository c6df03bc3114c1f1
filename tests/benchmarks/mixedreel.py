"""How often the kind of a shot is called right: reels of grey, tinted and colour shots, made of photographs.

    python tests/benchmarks/mixedreel.py PHOTOS --shots 200 --seed 1

Each shot is a slow pan over a photograph. Grey ones come clean, with the chroma noise of a tape, or fading; tinted ones
in one hue, toned (another hue for the shadows), as a title, with a tint that drifts, or noisy; colour ones as they are,
pale, dark, fading out, or beginning in grey. The reels are coded with x264 and planned as any film.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream
from PIL import Image

from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.probe import probe

Rgb = npt.NDArray[Any]
"""(H, W, 3) float, 0..1."""
SIZE = (320, 240)
FRAMES = 16
VARIANTS: dict[str, tuple[str, ...]] = {
    "grey": ("clean", "tape", "fade"),
    "tinted": ("one hue", "toned", "title", "drifting", "tape"),
    "colour": ("plain", "pale", "dark", "fade", "half grey"),
}


def main() -> None:
    """Makes the reels, plans them and prints what was called what."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--shots", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crf", type=int, default=23)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    photos = sorted(arguments.photos.rglob("*.jpg"))
    chosen = rng.choice(len(photos), arguments.shots, replace=False)
    wrong: Counter[tuple[str, str, str]] = Counter()
    right = 0
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, arguments.shots, 20):
            truth = []
            path = Path(folder) / "reel.mkv"
            with _Reel(path, crf=arguments.crf) as reel:
                for index in chosen[first : first + 20]:
                    kind = str(rng.choice(list(VARIANTS)))
                    variant = str(rng.choice(VARIANTS[kind]))
                    truth.append((kind, variant, photos[index].name))
                    for frame in make_shot(photos[index], kind, variant, rng=rng):
                        reel.write(frame)
            plan = scan_film(probe(path), shot_settings=ShotSettings(), segment_settings=SegmentSettings())
            for number, (called, variant, name) in enumerate(truth):
                middle = number * FRAMES + FRAMES // 2
                shot = next(shot for shot in plan.shots if shot.start <= middle < shot.end)
                found = str(shot.kind)
                right += found == called
                if found != called:
                    is_joined = shot.end - shot.start > FRAMES * 1.5
                    found += ", joined with its neighbour" if is_joined else ""
                    wrong[called, variant, found] += 1
                    print(f"{called} ({variant}) was called {found}: {name}", flush=True)
    for (called, variant, found), count in sorted(wrong.items()):
        print(f"{count:4} x {called} ({variant}) called {found}")
    print(f"{right} of {arguments.shots} right: {100 * right / arguments.shots:.1f} %")


def make_shot(photo: Path, kind: str, variant: str, *, rng: np.random.Generator) -> Iterator[Rgb]:
    """The frames of one shot."""
    picture = np.asarray(Image.open(photo).convert("RGB"))
    wide = cv2.resize(picture, (SIZE[0] + FRAMES, SIZE[1])).astype(np.float32) / 255
    lights, shadows = (_hue(rng) for _ in range(2))
    for number in range(FRAMES):
        rgb = np.ascontiguousarray(wide[:, number : number + SIZE[0]])
        share = number / (FRAMES - 1)
        if kind == "colour":
            yield _colour(rgb, variant, share)
            continue
        luma = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
        if variant == "title":
            card = np.full(luma.shape, 15, np.uint8)
            cv2.putText(card, "Meanwhile...", (40, 130), cv2.FONT_HERSHEY_TRIPLEX, 1.2, 230, 2)
            luma = card.astype(np.float32) / 255
        if variant == "fade":
            luma = luma * np.float32(1 - share)
        made = np.repeat(luma[..., None], 3, axis=2)
        if kind == "tinted":
            tint = lights * (1 - share) + _turned(lights) * share if variant == "drifting" else lights
            toned = shadows if variant == "toned" else np.ones(3, np.float32)
            made = made * tint + (1 - made) * (1 - toned) * np.float32(0.15)
        yield _taped(made, rng) if variant == "tape" else made


def _colour(rgb: Rgb, variant: str, share: float) -> Rgb:
    grey = np.repeat(rgb.mean(axis=2, keepdims=True), 3, axis=2)
    if variant == "pale":
        return np.asarray(grey + (rgb - grey) * np.float32(0.6))
    if variant == "dark":
        return np.asarray(rgb * np.float32(0.35))
    if variant == "fade":
        return np.asarray(rgb * np.float32(1 - share))
    return grey if variant == "half grey" and share < 0.5 else rgb


def _taped(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """With noise in its colour as a worn VHS tape has it: streaks as long as its chroma is wide, 5 of 255 steps."""
    noise: Rgb = rng.normal(size=(*rgb.shape[:2], 2)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=6, sigmaY=0.7)
    cb, cr = np.moveaxis(noise * np.float32(5 / 255) / noise.std(), -1, 0)
    return np.asarray(rgb + np.stack([1.402 * cr, -0.344 * cb - 0.714 * cr, 1.772 * cb], axis=-1))


def _hue(rng: np.random.Generator) -> npt.NDArray[Any]:
    """The colour of a bath: amber, rose, blue, green, sepia, … at a strength that is plainly seen."""
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.5)
    part = 0.5 - 0.5 * np.cos(angle + np.array([0, 2.094, 4.189]))
    return np.asarray(1 - strength * part, np.float32)


def _turned(tint: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray((tint[[1, 2, 0]] + tint) / 2)


class _Reel:
    """A film that frames are written to, 25 a second."""

    def __init__(self, path: Path, *, crf: int) -> None:
        self._out = av.open(str(path), "w")
        stream = self._out.add_stream(
            "libx264", rate=Fraction(25), options={"crf": str(crf), "preset": "veryfast"}
        )
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        self._stream = stream

    def __enter__(self) -> "_Reel":
        return self

    def write(self, rgb: Rgb) -> None:
        """Adds a frame."""
        pixels = (rgb * 255 + 0.5).clip(0, 255).astype(np.uint8)
        self._out.mux(self._stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))

    def __exit__(self, *error: Sequence[object]) -> None:
        self._out.mux(self._stream.encode(None))
        self._out.close()


if __name__ == "__main__":
    main()
