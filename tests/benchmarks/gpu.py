"""The colour of a film on a CUDA card: how fast, how near to the CPU's, and how much of the card is used.

    python tests/benchmarks/gpu.py                                         # without CUDA: one line, exit code 1
    python tests/benchmarks/gpu.py --device cpu --frames 8 --end-to-end 0   # whether the script works

The film is the bundled clip, scaled to `--size`, as H.264. Frames lie in memory for what is timed without decoding and
encoding. Prints JSON. The card's peak is a measured one: a large product of matrices in the network's precision.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.segments.spec import check_output
from jobs.settings.job_file import make_job
from jobs.version import VERSION
from pipeline.color.colorimetry import lightness, luma_to_unit
from pipeline.colorize.net_frame import net_frame, shrink
from pipeline.colorize.network_view import NetworkView
from pipeline.colorize.predict import Predictor
from pipeline.colorize.segment_colors import as_proxy_frames, predict_colors
from pipeline.colorize.temporal import SteadySettings
from pipeline.media import ColorFrame, FilmInfo, Frame
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.render.output_picture import OutputPicture
from pipeline.render.render import render
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe

HERE = Path(__file__).parent
CLIP = HERE.parent / "data" / "chaplin_street.mp4"
_PRODUCT = 8192
"""Rows and columns of the matrices whose product is taken for the card's peak; 512 on a CPU."""
_LIBRARIES = ("torch", "av", "numpy", "opencv-python")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=192, help="that are timed without encoding")
    parser.add_argument(
        "--end-to-end", type=int, default=1440, help="frames of the whole run; 0 leaves it out"
    )
    arguments = parser.parse_args()
    if torch.device(arguments.device).type == "cuda" and not torch.cuda.is_available():
        sys.exit("gpu.py: torch finds no CUDA device here, so nothing is measured; --device cpu would work")
    width, height = map(int, arguments.size.split("x"))
    report: dict[str, Any] = {"machine": _machine(arguments.device), "versions": _versions()}
    with tempfile.TemporaryDirectory() as name:
        source = _make_film(Path(name) / "film.mp4", width, height, arguments.frames)
        report[arguments.size] = _without_encoding(source, arguments.device)
    if arguments.end_to_end:
        report["end to end"] = _end_to_end(arguments.size, arguments.end_to_end)
    print(json.dumps(report, indent=2))


def _without_encoding(source: Path, device: str) -> dict[str, Any]:
    film = probe(source)
    plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    predictor = Predictor(device=device)
    picture = check_output(make_job({"input": str(source), "output": str(source) + ".mkv"}), film)
    with FrameReader(film, timeline=plan.timeline) as reader:
        frames = list(reader.frames())
    _color(film, plan, predictor, frames, picture)  # once, to load and to tune
    times: dict[str, float] = {}
    rendered = _color(film, plan, predictor, frames, picture, times=times)
    seconds = times["decode, network and flow"] + times["upsampling"]
    network = _network(film, plan, predictor, frames)
    return {
        "device": str(predictor.device),
        "precision": predictor.precision,
        "frames": len(frames),
        "network, flow and upsampling, with the decoding for them, frames/s": round(len(frames) / seconds, 1),
        **{f"{name}, frames/s": round(len(frames) / value, 1) for name, value in times.items()},
        "network alone": network,
        "greatest difference from the CPU, code values of 8 bits": {
            precision: _difference(rendered, _color(film, plan, other, frames, picture))
            for precision in ("auto", "fp32")
            for other in [Predictor(device="cpu", precision=precision)]
        },
    }


def _color(
    film: FilmInfo,
    plan: Plan,
    predictor: Predictor,
    frames: list[Frame],
    picture: OutputPicture,
    *,
    times: dict[str, float] | None = None,
) -> list[ColorFrame]:
    """The film in colour, as a run makes it; seconds are added to `times`."""
    times = {} if times is None else times
    view = NetworkView(film, plan=plan, short_side=predictor.short_side)
    made: list[ColorFrame] = []
    with FrameReader(film, timeline=plan.timeline) as reader:
        for segment in plan.segments:
            with _measured(times, "decode, network and flow"):
                colors = predict_colors(
                    reader, segment, view=view, network=predictor, settings=SteadySettings()
                )
            with _measured(times, "upsampling"):
                part, proxy = frames[segment.start : segment.end], as_proxy_frames(colors, film=film)
                made += render(part, proxy=proxy, film=film, output=picture)
    return made


def _network(film: FilmInfo, plan: Plan, predictor: Predictor, frames: list[Frame]) -> dict[str, Any]:
    """Speed of the network alone, every frame shown to it, and its share of what the device can do at most."""
    size = net_frame(film, plan.shots[0].picture, short_side=predictor.short_side).whole
    pictures = [
        lightness(shrink(luma_to_unit(f.luma, depth=film.pixel_format.depth, range=film.color.range), size))
        for f in frames
    ]
    list(predictor.predict(pictures[: predictor.batch]))
    seconds = _seconds(lambda: list(predictor.predict(pictures)))
    with FlopCounterMode(display=False) as counter:
        list(predictor.predict(pictures[: predictor.batch]))
    batch = min(predictor.batch, len(pictures))
    flops = counter.get_total_flops() / batch * len(pictures) / seconds
    peak = _peak_flops(predictor)
    return {
        "input": f"{size.width}x{size.height}, batch {predictor.batch}",
        "frames/s": round(len(pictures) / seconds, 1),
        "TFLOP/s": round(flops / 1e12, 3),
        "peak of a matrix product, TFLOP/s": round(peak / 1e12, 3),
        "share of the peak": round(flops / peak, 4),
    }


def _peak_flops(predictor: Predictor) -> float:
    is_cuda = predictor.device.type == "cuda"
    side = _PRODUCT if is_cuda else 512
    dtype = torch.bfloat16 if predictor.precision == "bf16" else torch.float32
    a, b = (torch.randn(side, side, device=predictor.device).to(dtype) for _ in range(2))

    def products() -> None:
        for _ in range(10):
            a @ b
        if is_cuda:
            torch.cuda.synchronize()

    products()
    return 10 * 2 * side**3 / _seconds(products)


def _difference(found: list[ColorFrame], expected: list[ColorFrame]) -> dict[str, float]:
    pairs = [
        np.abs(getattr(one, plane).astype(int) - getattr(other, plane).astype(int))
        for one, other in zip(found, expected, strict=True)
        for plane in ("cb", "cr")
    ]
    changes = np.concatenate([pair.ravel() for pair in pairs])
    return {
        "greatest": int(changes.max()),
        "share above 1": round(float((changes > 1).mean()), 6),
        "mean": round(float(changes.mean()), 4),
    }


def _end_to_end(size: str, frames: int) -> Any:
    """Of film.py, whose jobs take the card by themselves: the whole run against its slowest stage."""
    command = [sys.executable, str(HERE / "film.py"), "--sizes", size, "--frames", str(frames)]
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)[size]


@contextmanager
def _measured(times: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times[name] = times.get(name, 0.0) + time.perf_counter() - started


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _make_film(path: Path, width: int, height: int, frames: int) -> Path:
    """The bundled clip without its black borders, again and again."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-stream_loop", "-1", "-i", str(CLIP)]
    command += ["-vf", f"crop=488:360,scale={width}:{height},setsar=1", "-frames:v", str(frames), "-an"]
    subprocess.run([*command, "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", str(path)], check=True)
    return path


def _machine(device: str) -> dict[str, object]:
    cpu = torch.cpu.get_capabilities().get("cpu_name", platform.processor())
    is_cuda = torch.device(device).type == "cuda"
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "card": torch.cuda.get_device_name(device) if is_cuda else None,
        "load": os.getloadavg(),
    }


def _versions() -> dict[str, str | None]:
    return {
        "kinochrome": VERSION,
        "python": platform.python_version(),
        "cuda": torch.version.cuda,
        **{name: version(name) for name in _LIBRARIES},
    }


if __name__ == "__main__":
    main()
