"""How fast and how big the film path is: every stage alone, end to end, against a plain loop, and peak memory.

The films are the bundled clip without its black borders, repeated and scaled, as H.264 at 25 frames/s.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import av
import cv2
import imageio_ffmpeg
import numpy as np
import torch

from jobs.progress.reporters import QuietProgress
from jobs.review.examine import ColoredFilm, examine
from jobs.run.film import check_output, make_predictor, run_job
from jobs.settings.job import Job
from jobs.settings.job_file import make_job
from jobs.settings.shot_choices import choose_treatments
from jobs.supervise.heap import set_up_heaps
from jobs.supervise.idle_threads import let_idle_threads_sleep
from jobs.workdir.folder import WorkDir
from models.checkpoint import load_weights
from models.weights_info import DEFAULT_WEIGHTS
from pipeline.color.colorimetry import ab_to_chroma, lightness, luma_coefficients, luma_to_unit, resolve_color
from pipeline.colorize.chroma_proxy import ProxyFrame, read_proxy, write_proxy
from pipeline.colorize.net_frame import NetSize, net_frame, net_size, shrink
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.temporal import TemporalFilter
from pipeline.output.mux import mux
from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.render.frame_writer import FrameWriter
from pipeline.render.render import render
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe

CLIP = Path(__file__).parents[1] / "data" / "chaplin_street.mp4"
FRAMES = 192
FRAMES_END_TO_END = 1440  # six segments, a minute
FRAMES_AT_ONCE = 96  # of the stages that are given frames from memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="measure peak memory instead (many minutes)")
    parser.add_argument("--set", action="append", default=[], help="key=value of the films of --memory")
    parser.add_argument("--minutes", nargs=2, type=int, default=[1, 10], help="of the films of --memory")
    parser.add_argument(
        "--sizes", default="640x360,1280x720,1920x1080", help="of the speed figures; the last of --memory"
    )
    parser.add_argument(
        "--frames", type=int, default=FRAMES_END_TO_END, help="of the film coloured end to end"
    )
    parser.add_argument("--preset", default="access", help="of the speed figures")
    arguments = parser.parse_args()
    if "OMP_WAIT_POLICY" not in os.environ:  # torch read it when it was loaded
        let_idle_threads_sleep()
        os.execv(sys.executable, [sys.executable, *sys.argv])
    set_up_heaps()  # as every command does, too
    report: dict[str, object] = {"machine": _machine(), "versions": _versions()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.memory:
            report["settings"] = arguments.set
            size = arguments.sizes.split(",")[-1]
            report[f"peak memory at {size}"] = _memory(folder, size, arguments.minutes, arguments.set)
        else:
            for size in arguments.sizes.split(","):
                width, height = map(int, size.split("x"))
                report[size] = _speed(folder, width, height, arguments.frames, arguments.preset)
    print(json.dumps(report, indent=2))


class Meter:
    """Wall and CPU seconds (threads and child processes included) of named pieces of work, each summed up."""

    def __init__(self) -> None:
        self.wall: defaultdict[str, float] = defaultdict(float)
        self.cpu: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), _cpu_seconds()
        yield
        self.wall[name] += time.perf_counter() - wall
        self.cpu[name] += _cpu_seconds() - cpu


def _speed(folder: Path, width: int, height: int, end_to_end: int, preset: str) -> dict[str, object]:
    source = make_film(folder / f"{width}x{height}.mp4", width, height, FRAMES)
    longer = make_film(folder / f"{width}x{height}-long.mp4", width, height, end_to_end)
    stages, whole = Meter(), Meter()
    _warm_up(source, folder, preset)
    share = _measure_stages(source, folder, stages, preset)
    with whole.measure("end to end"):
        _colorize(longer, folder / "end", folder, preset)
    _measure_stages(
        source, folder, stages, preset
    )  # before and after: a machine's pace changes by the minute
    frames = 2 * FRAMES
    seconds = whole.wall["end to end"] / end_to_end
    bound = max(*stages.wall.values(), sum(stages.cpu.values()) / _cores()) / frames
    figures: dict[str, object] = {
        "preset": preset,
        "frames end to end": end_to_end,
        "share of frames that the network sees": round(share, 3),
        "frames/s of each stage alone": {k: round(frames / v, 1) for k, v in stages.wall.items()},
        "CPU ms a frame": {k: round(1000 * v / frames, 2) for k, v in stages.cpu.items()},
        "end to end frames/s": round(1 / seconds, 2),
        "end to end, CPU ms a frame": round(1000 * whole.cpu["end to end"] / end_to_end, 2),
        "wall over max(slowest stage, CPU seconds / cores)": round(seconds / bound, 3),
    }
    if (width, height, preset) == (1280, 720, "access"):
        plain = Meter()
        with plain.measure("plain"):
            _plain_loop(source, folder / "plain.mp4")
        figures["plain loop frames/s"] = round(FRAMES / plain.wall["plain"], 2)
        figures["end to end over plain loop"] = round(plain.wall["plain"] / FRAMES / seconds, 2)
    return figures


def _warm_up(source: Path, folder: Path, preset: str) -> None:
    """One short run, so that neither side pays for loading libraries."""
    short = make_film(folder / "warm.mp4", 640, 360, 16)
    _colorize(short, folder / "warm-out", folder, preset)


def _measure_stages(source: Path, folder: Path, stages: Meter, preset: str) -> float:
    """Measures each stage by itself; returns the share of the frames that the network sees."""
    job = _job(source, folder / "out", preset)
    segment, joined = folder / f"s{job.encode.segment_suffix}", folder / f"m{job.suffix}"
    film = probe(source)
    picture, predictor, color = check_output(job, film), make_predictor(job), resolve_color(film)
    with stages.measure("plan (decode, hash, shots)"):
        plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    with FrameReader(film, timeline=plan.timeline) as reader, stages.measure("decode for colour"):
        for _ in reader.frames():
            pass
    size = net_frame(film, plan.shots[0].picture, short_side=predictor.short_side).whole
    with FrameReader(film, timeline=plan.timeline) as reader:
        frames = list(reader.read(0, FRAMES_AT_ONCE))
    units = [luma_to_unit(f.luma, depth=film.pixel_format.depth, range=film.color.range) for f in frames]
    repeat = FRAMES // FRAMES_AT_ONCE
    with stages.measure("shrink"):
        for _ in range(repeat):
            for frame in frames:
                luma_to_unit(shrink(frame.luma, size), depth=film.pixel_format.depth, range=film.color.range)
    nets = [shrink(unit, size) for unit in units]
    guides = [(cv2.resize(net, None, fx=0.4375, fy=0.4375) * 255).astype(np.uint8) for net in nets]
    with stages.measure("steady: flow"):
        for _ in range(repeat):
            temporal_filter = TemporalFilter(size.output, settings=job.steady)
            chosen = [
                number for guide in guides for number in temporal_filter.push(guide)
            ] + temporal_filter.finish()
    list(predictor.predict([lightness(nets[0])] * 8))
    with stages.measure("predict"):
        for _ in range(repeat):
            ab = np.stack(list(predictor.predict(lightness(nets[number]) for number in chosen)))
    with stages.measure("steady: spread"):
        for _ in range(repeat):
            steadied = temporal_filter.spread(ab)
    lumas = np.stack([shrink(net, NetSize(*size.output)) for net in nets])
    kr, kb = luma_coefficients(color.matrix)
    with stages.measure("chroma proxy"):
        proxies = []
        for _ in range(repeat):
            cb, cr = ab_to_chroma(lumas, steadied, kr=kr, kb=kb, primaries=color.primaries)
            proxies += [ProxyFrame(luma=y, cb=b, cr=r) for y, b, r in zip(lumas, cb, cr, strict=True)]
        write_proxy(folder / "p.mkv", zip(plan.timeline.pts.tolist(), proxies, strict=True), film=film)
    with stages.measure("read chroma proxy"):
        for _ in read_proxy(folder / "p.mkv", film=film, frame_count=FRAMES):
            pass
    with FrameReader(film, timeline=plan.timeline) as reader, stages.measure("decode for rendering"):
        for _ in reader.frames():
            pass
    with stages.measure("render"):
        for _ in range(repeat):
            rendered = list(render(frames, proxy=proxies[:FRAMES_AT_ONCE], film=film, output=picture))
    step = int(plan.timeline.pts[1] - plan.timeline.pts[0])
    with (
        stages.measure("encode"),
        FrameWriter(
            segment,
            film=film,
            settings=job.encode,
            width=picture.width,
            height=picture.height,
            color=color,
        ) as writer,
    ):
        for index in range(FRAMES):
            writer.write(
                replace(rendered[index % FRAMES_AT_ONCE], pts=int(plan.timeline.pts[0]) + index * step)
            )
    with stages.measure("mux"):
        mux(film, [segment], joined, timeline=plan.timeline, color=color, tags={})
    colored = ColoredFilm(
        info=film, plan=plan, proxies=[folder / "p.mkv"], choices=choose_treatments(job, plan)
    )
    with stages.measure("prove"):
        result = probe(joined)
        examine(colored, result=result, output=result.path, picture=picture, on_frame=lambda: None)
    return len(chosen) / FRAMES_AT_ONCE


def _job(source: Path, output: Path, preset: str) -> Job:
    """`output` gets the suffix that goes with the preset."""
    return make_job({"input": str(source), "output": str(output), "overwrite": True, "preset": preset})


def _colorize(source: Path, output: Path, folder: Path, preset: str) -> None:
    job = _job(source, output, preset)
    with WorkDir(folder / f"{output.name}.work", output=job.output) as work:
        run_job(job, work=work, progress=QuietProgress())
        work.discard()


@torch.inference_mode()
def _plain_loop(source: Path, output: Path) -> None:
    """Frame by frame in full-size RGB and Lab, the network in float32, the encoder the same."""
    generator, _ = load_weights(DEFAULT_WEIGHTS)
    capture = cv2.VideoCapture(str(source))
    width, height = (int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    size = net_size(width=width, height=height, sample_aspect=1, short_side=ColorSettings().short_side)
    with av.open(str(output), "w") as out:
        encode = make_job({"input": str(source), "output": str(output), "preset": "access"}).encode
        stream = out.add_stream("libx264", rate=25, options=dict(encode.options))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        while True:
            there, bgr = capture.read()
            if not there:
                break
            lab = cv2.cvtColor(bgr.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
            lightness = cv2.resize(lab[..., 0], (size.width, size.height), interpolation=cv2.INTER_AREA)
            padded = np.pad(lightness, ((0, -size.height % 32), (0, -size.width % 32)), mode="reflect")
            ab = generator.colorize(torch.from_numpy(padded)[None, None], temperature=0.5)[0].numpy()
            ab = ab[:, : size.output[0], : size.output[1]]
            for channel in (0, 1):
                lab[..., channel + 1] = cv2.resize(
                    ab[channel], bgr.shape[1::-1], interpolation=cv2.INTER_LINEAR
                )
            rgb = (np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1) * 255).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
    capture.release()


def _memory(folder: Path, size: str, lengths: list[int], settings: list[str]) -> dict[str, object]:
    peaks = {}
    width, height = map(int, size.split("x"))
    for minutes in lengths:
        source = make_film(folder / f"{minutes}min.mp4", width, height, minutes * 60 * 25)
        command = [
            sys.executable,
            "-m",
            "jobs.cli.main",
            "colorize",
            str(source),
            "-o",
            str(folder / "big.mp4"),
            "-q",
            "--overwrite",
            *(f"--set={setting}" for setting in settings),
        ]
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}")
        peaks[f"{minutes} min"] = {
            "MiB": round(usage.ru_maxrss / 1024),
            "frames/s": round(minutes * 60 * 25 / (time.perf_counter() - started), 2),
        }
        print(json.dumps(peaks), file=sys.stderr)
    short, long = (peaks[f"{minutes} min"]["MiB"] for minutes in lengths)
    return {**peaks, "long over short": round(long / short, 3)}


def make_film(path: Path, width: int, height: int, frames: int) -> Path:
    if not path.exists():
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-y",
            "-stream_loop",
            "-1",
            "-i",
            str(CLIP),
        ]
        command += [
            "-vf",
            f"crop=488:360,scale={width}:{height},setsar=1",
            "-frames:v",
            str(frames),
            "-an",
            "-c:v",
            "libx264",
        ]
        subprocess.run([*command, "-preset", "veryfast", "-crf", "20", str(path)], check=True)
    return path


def _cpu_seconds() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, kinds))


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _machine() -> dict[str, object]:
    return {"cpu": torch.cpu.get_capabilities().get("cpu_name", platform.processor()), "cores": _cores()}


def _versions() -> dict[str, str]:
    packages = ("kinochrome", "torch", "av", "opencv-python", "numpy")
    return {"python": platform.python_version(), **{package: version(package) for package in packages}}


if __name__ == "__main__":
    main()
