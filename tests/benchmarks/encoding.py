"""What settings of x264 cost and give: CPU time and size against luma SSIM, for the presets `access` and `preview`.

python tests/benchmarks/encoding.py FILM [FILM …] [--size 1280x720] [--frames 72] [--only medium faster …]

Frames of the films are scaled to the size and coded with each preset of x264 at several rates. For each, the size that
it needs for the SSIM of today's setting is interpolated, so that presets are compared at equal quality. CPU seconds are
those of the process, so other work on the machine counts little. Prints JSON.
"""

import argparse
import io
import itertools
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

TODAY = ("medium", 18.0)
_FEW_PARTITIONS = "partitions=p8x8,i8x8,i4x4"
PRESETS = {
    "medium": {"preset": "medium"},
    "fast": {"preset": "fast"},
    "faster": {"preset": "faster"},
    "veryfast": {"preset": "veryfast"},
    "superfast": {"preset": "superfast"},
    "faster, lookahead 40": {"preset": "faster", "x264-params": "rc-lookahead=40"},
    "faster, subme 6, 1 reference": {"preset": "faster", "x264-params": "subme=6:ref=1"},
    "fast, 1 reference": {"preset": "fast", "x264-params": "ref=1"},
    "fast, 1 reference, few partitions": {"preset": "fast", "x264-params": f"ref=1:{_FEW_PARTITIONS}"},
    "access": {"preset": "fast", "x264-params": f"ref=1:{_FEW_PARTITIONS}:me=dia:chroma-me=0"},
    "no partitions of motion": {
        "preset": "fast",
        "x264-params": "ref=1:partitions=i8x8:me=dia:chroma-me=0:direct=auto:trellis=0:rc-lookahead=20:aq-mode=2",
    },
    "fast, subme 5": {"preset": "fast", "x264-params": "subme=5"},
    "fast, subme 4, 1 reference": {"preset": "fast", "x264-params": "subme=4:ref=1"},
    "veryfast, subme 4": {"preset": "veryfast", "x264-params": "subme=4"},
    "veryfast, lookahead 30": {"preset": "veryfast", "x264-params": "rc-lookahead=30"},
}
RATES = (15.0, 16.0, 17.0, 18.0, 19.0)
THREADS = 2

Plane = npt.NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=72)
    parser.add_argument("--only", nargs="+", choices=PRESETS, default=list(PRESETS))
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    names = list(dict.fromkeys((TODAY[0], *arguments.only)))
    report: dict[str, Any] = {
        "machine": f"{os.cpu_count()} x {platform.processor() or platform.machine()}, {platform.system()}",
        "versions": {name: version(name) for name in ("av", "numpy", "opencv-python")},
        "size": arguments.size,
        "frames": arguments.frames,
    }
    table: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for film in arguments.films:
        frames = _frames(film, (width, height), arguments.frames)
        target = _measure(frames, PRESETS[TODAY[0]], TODAY[1])
        for name in names:
            points = [_measure(frames, PRESETS[name], rate) for rate in RATES]
            table[name].append(_at_equal_ssim(points, target))
        report[film.name] = {"ssim": target["ssim"], "bytes": target["bytes"]} | {
            name: {key: round(value, 3) for key, value in table[name][-1].items()} for name in names
        }
    report["against medium at crf 18, at equal SSIM"] = {
        name: {
            key: round(sum(row[key] for row in rows) / len(rows), 3)
            for key in ("size", "cpu", "ms a frame", "crf")
        }
        for name, rows in table.items()
    }
    print(json.dumps(report, indent=2))


def _frames(path: Path, size: tuple[int, int], count: int) -> list[tuple[Plane, Plane, Plane]]:
    """The first frames from a third of the film on: luma scaled, chroma as it is, or neutral."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        skip = (stream.frames or 3 * count) // 3
        picked = itertools.islice(container.decode(stream), skip, skip + count)
        planes = []
        for frame in picked:
            whole = frame.reformat(
                width=size[0], height=size[1], format="yuv420p", interpolation="LANCZOS"
            ).to_ndarray()
            luma: Plane = whole[: size[1]].astype(np.uint8)
            chroma = whole[size[1] :].reshape(2, size[1] // 2, size[0] // 2)
            planes.append((luma, chroma[0].copy(), chroma[1].copy()))
    return planes


def _measure(
    frames: list[tuple[Plane, Plane, Plane]], options: dict[str, str], rate: float
) -> dict[str, float]:
    height, width = frames[0][0].shape
    buffer = io.BytesIO()
    started = time.process_time()
    with av.open(buffer, "w", format="nut") as container:
        stream = container.add_stream("libx264", rate=24, options={**options, "crf": str(rate)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = THREADS
        for planes in frames:
            frame = av.VideoFrame.from_ndarray(
                np.concatenate([planes[0].ravel(), planes[1].ravel(), planes[2].ravel()]).reshape(-1, width),
                format="yuv420p",
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    seconds = time.process_time() - started
    buffer.seek(0)
    with av.open(buffer, "r") as coded:
        decoded = (frame.to_ndarray()[:height].astype(np.uint8) for frame in coded.decode(video=0))
        similar = [
            luma_ssim(planes[0], luma)
            for planes, luma in zip(frames[::6], itertools.islice(decoded, 0, None, 6), strict=False)
        ]
    return {
        "crf": rate,
        "bytes": float(len(buffer.getvalue())),
        "seconds": seconds,
        "ssim": float(np.mean(similar)),
        "count": float(len(frames)),
    }


def luma_ssim(one: Plane, other: Plane) -> float:
    """Mean SSIM with a Gaussian window of 11 (Wang et al. 2004), peak 255."""
    a, b = one.astype(np.float32), other.astype(np.float32)

    def blur(x: npt.NDArray[np.float32]) -> Any:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b, cov = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(
        (
            ((2 * mean_a * mean_b + c1) * (2 * cov + c2))
            / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
        ).mean()
    )


def _at_equal_ssim(points: list[dict[str, float]], target: dict[str, float]) -> dict[str, float]:
    """Size, CPU and rate factor at the target's SSIM, interpolated between the measured rates."""
    points = sorted(points, key=lambda point: point["ssim"])
    ssim = [point["ssim"] for point in points]

    def at(key: str) -> float:
        return float(np.interp(target["ssim"], ssim, [point[key] for point in points]))

    size = float(np.exp(np.interp(target["ssim"], ssim, [np.log(point["bytes"]) for point in points])))
    return {
        "size": size / target["bytes"],
        "cpu": at("seconds") / target["seconds"],
        "ms a frame": 1000 * at("seconds") / target["count"],
        "crf": at("crf"),
    }


if __name__ == "__main__":
    main()
