"""What a film of three hours costs beside its colours: plan, plan again, status, render, mux with proof and report.

    python tests/benchmarks/three_hours.py --frames 26000 52000   # films of so many frames of 160x120, by stages
    python tests/benchmarks/three_hours.py --unread 259200        # only what reads no picture, at its whole length

Every 173 frames a shot ends, as in 1,500 shots of 259,200 frames. Colours are made up: no network runs. With `--unread`
plan and records are made up, too, for a film file of a few frames: plan again, status and the report page never read
it. Prints JSON; CPU seconds and peak memory are those of one command with all its processes.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.records.film_record import FilmRecord, read_record
from jobs.records.page import report_page
from jobs.review.course import Course, FrameFigures
from jobs.review.shot_stills import ShotStills, StillsMaker
from jobs.segments.spec import find_weights, make_spec
from jobs.settings.job_file import load_job
from jobs.settings.output_paths import SEGMENTS_NAME, record_path, segment_folder, work_folder
from jobs.version import VERSION
from jobs.workdir.film_spec import FilmSpec, probe_source
from jobs.workdir.folder import WorkDir
from jobs.workdir.segment_records import Product, commit
from pipeline.colorize.chroma_proxy import ProxyFrame, write_proxy
from pipeline.media import Segment
from pipeline.plan.plan import Plan
from pipeline.plan.plan_file import read_plan, write_plan
from pipeline.plan.segments import make_segments
from pipeline.source.frame_reader import FrameReader
from pipeline.timeline import Timeline

ROOT = Path(__file__).parents[2]
SHOT_FRAMES = 173
WIDTH, HEIGHT = 160, 120
_RATE = 24
_SHORT_FRAMES = 2 * SHOT_FRAMES
_TICK = 512
"""Of the made-up times; x264 in MP4 has 12288 a second."""
_LIBRARIES = ("torch", "av", "numpy", "opencv-python")
_JOB = {
    "input": "film.mp4",
    "output": "out.mp4",
    "work": "work",
    "overwrite": True,
    "encode": {"codec": "libx264", "options": {"preset": "ultrafast", "crf": 30}},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, nargs="*", default=[], help="of films that are made and read")
    parser.add_argument("--unread", type=int, nargs="*", default=[], help="of films that are made up")
    arguments = parser.parse_args()
    report: dict[str, Any] = {
        "machine": f"{os.cpu_count()} x {platform.machine()}, {platform.system()} {platform.release()}",
        "versions": {"kinochrome": VERSION, "commit": _commit(), "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
    }
    for count in arguments.frames:
        report[f"{count:,} frames"] = _in_folder(_whole_film, count)
    for count in arguments.unread:
        report[f"{count:,} frames, unread"] = _in_folder(_unread_film, count)
    print(json.dumps(report, indent=2))


def _in_folder(measure: Callable[[Path, int], dict[str, Any]], count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "job.yaml").write_text(json.dumps(_JOB))
        return measure(folder, count)


def _whole_film(folder: Path, count: int) -> dict[str, Any]:
    """Every stage but colouring, as commands."""
    make_film(folder / "film.mp4", count)
    found = {"plan": _command(folder, "plan", "job.yaml"), "plan again": _command(folder, "plan", "job.yaml")}
    spec = _open_spec(folder)
    for segment, data in zip(spec.film.plan.segments, _made_up_colors(folder, spec), strict=True):
        _commit_product(spec, segment, "color", data)
    found["status, nothing rendered"] = _command(folder, "status", "job.yaml")
    found["shots: render and encode"] = _command(folder, "shots", "job.yaml", "--workers", "1")
    found["status, all done"] = _command(folder, "status", "job.yaml")
    found["mux, proof, report"] = _command(folder, "mux", "job.yaml")
    found["report page again"] = _command(folder, "report", str(spec.film.work.path))
    pages = {path.name: path.stat().st_size for path in folder.glob("out.mp4.*")}
    return {
        "shots": len(spec.film.plan.shots),
        "segments": len(spec.film.plan.segments),
        **found,
        "bytes": pages,
    }


def _unread_film(folder: Path, count: int) -> dict[str, Any]:
    """The commands that read no picture, on a plan and records that are made up."""
    make_film(folder / "film.mp4", _SHORT_FRAMES)
    _command(folder, "plan", "job.yaml")
    spec = _open_spec(folder)
    for segment, data in zip(spec.film.plan.segments, _made_up_colors(folder, spec), strict=True):
        _commit_product(spec, segment, "color", data)
    _command(folder, "shots", "job.yaml", "--workers", "1")
    _command(folder, "mux", "job.yaml")
    record = read_record(record_path(folder / "out.mp4"))
    shutil.rmtree(spec.film.work.path / SEGMENTS_NAME)
    write_plan(_stretched(spec.film.plan, count), spec.film.work.plan_path)
    found = {
        "plan again": _command(folder, "plan", "job.yaml"),
        "status, nothing done": _command(folder, "status", "job.yaml"),
    }
    long = _open_spec(folder)
    for segment in long.film.plan.segments:
        color = _commit_product(long, segment, "color", b"colour")
        _commit_product(long, segment, "video", b"video", proxy_sha256=color)
    shots = len(long.film.plan.shots)
    return {
        "shots": shots,
        "segments": len(long.film.plan.segments),
        **found,
        "status, all done": _command(folder, "status", "job.yaml"),
        "report page": _made_up_page(_many_shots(record, shots), spec),
    }


def _made_up_page(record: FilmRecord, spec: FilmSpec) -> dict[str, Any]:
    """The report page of many shots that look alike."""
    stills = _made_up_stills(spec, len(record.shots))
    course = Course()
    for number in range(record.frames):
        course.push(FrameFigures(chroma=10 + number % 7, flicker=number % 31 / 20, exposure=number % 97 / 97))
    started = time.process_time()
    page = report_page(record, stills, course=course)
    return {
        "CPU s": round(time.process_time() - started, 2),
        "lines of the pictures": stills[0].height,
        "first page, bytes": len(page.text.encode()),
        "page of further shots, bytes": 0 if page.shots is None else len(page.shots.encode()),
        "record, bytes": len(record.model_dump_json().encode()),
    }


def _many_shots(record: FilmRecord, count: int) -> FilmRecord:
    """The record with its first shot and segment repeated; every shot flickers a little more than the one before."""
    first, segment = record.shots[0], record.segments[0]
    shots = [
        first.model_copy(
            update={
                "index": index,
                "start": index * SHOT_FRAMES,
                "end": (index + 1) * SHOT_FRAMES,
                "start_seconds": index * SHOT_FRAMES / _RATE,
                "figures": replace(first.figures, flicker=index / count),
            }
        )
        for index in range(count)
    ]
    segments = [segment.model_copy(update={"index": index, "shot": index}) for index in range(count)]
    return record.model_copy(update={"shots": shots, "segments": segments, "frames": count * SHOT_FRAMES})


def _made_up_stills(spec: FilmSpec, count: int) -> list[ShotStills]:
    """Stills of the film's first shot, in the size that they have in a film of so many shots."""
    shot = spec.film.plan.shots[0]
    maker = StillsMaker(spec.film.info, shots=[shot] * count)
    with FrameReader(spec.film.info, timeline=spec.film.plan.timeline) as reader:
        for number in filter(maker.wants, range(shot.start, shot.end)):
            (frame,) = reader.read(number, number + 1)
            maker.push(number, frame, proxy=_color(number))
    return maker.stills * count


def make_film(path: Path, count: int) -> None:
    """A film of shots of `SHOT_FRAMES` frames, a grating with grain that moves to the left."""
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 6, (HEIGHT, WIDTH)).astype(np.float32)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    base = np.zeros((HEIGHT, WIDTH), np.uint8)
    options = {"preset": "ultrafast", "crf": "30", "g": "48"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(count):
            if number % SHOT_FRAMES == 0:
                across, down = rng.integers(5, 30, 2)
                wave = rng.integers(40, 200) + 40 * np.sin(x / across + y / down) + grain
                base = np.clip(wave, 16, 235).astype(np.uint8)
            planes[:HEIGHT] = np.roll(base, -(number % WIDTH), 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))


def _open_spec(folder: Path) -> FilmSpec:
    job = load_job(folder / "job.yaml", options={"overwrite": True})
    work = WorkDir(work_folder(job.output, work=job.work), share="part")
    plan = read_plan(work.plan_path)
    return make_spec(job, probe_source(job), plan=plan, work=work, weights=find_weights(job))


def _stretched(plan: Plan, count: int) -> Plan:
    """A plan of so many frames for the same file."""
    starts = range(0, count, SHOT_FRAMES)
    first = plan.shots[0]
    shots = [
        replace(first, index=index, start=start, end=min(start + SHOT_FRAMES, count))
        for index, start in enumerate(starts)
    ]
    hashes = np.random.default_rng(0).integers(0, 2**63, count).astype(np.uint64)
    return replace(
        plan,
        timeline=Timeline(pts=np.arange(count, dtype=np.int64) * _TICK, luma_hash=hashes),
        shots=tuple(shots),
        segments=make_segments(shots, plan.segment_settings),
    )


def _made_up_colors(folder: Path, spec: FilmSpec) -> Iterator[bytes]:
    """The bytes of a proxy of each segment; those of one length are alike."""
    made: dict[int, bytes] = {}
    for segment in spec.film.plan.segments:
        count = segment.end - segment.start
        if count not in made:
            pts = spec.film.plan.timeline.pts[:count].tolist()
            path = folder / "proxy.mkv"
            write_proxy(path, zip(pts, map(_color, range(count)), strict=True), film=spec.film.info)
            made[count] = path.read_bytes()
            path.unlink()
        yield made[count]


def _color(number: int) -> ProxyFrame:
    y, x = np.mgrid[:48, :64].astype(np.float32)
    wave = (0.12 * np.sin((x + number) / 9), 0.12 * np.cos((y + number) / 7))
    return ProxyFrame(luma=np.full((48, 64), 0.5, np.float32), cb=wave[0], cr=wave[1])


def _commit_product(
    spec: FilmSpec, segment: Segment, product: Product, data: bytes, *, proxy_sha256: str = ""
) -> str:
    """Puts a file with its record into the segment's folder; returns its hash."""
    folder = segment_folder(spec.film.work.path, segment.index)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("proxy.mkv" if product == "color" else "video.nut")
    path.write_bytes(data)
    is_color = product == "color"
    inputs = spec.color(segment) if is_color else spec.video(segment, proxy_sha256=proxy_sha256)
    pts = spec.film.plan.timeline.pts[segment.start : segment.end].tolist()
    record = commit(folder, product, path=path, inputs=inputs, pts=pts, seconds=1.0, attempts=1)
    return record.sha256


def _command(folder: Path, *arguments: str) -> dict[str, float | int]:
    """Runs a verb; CPU and wall seconds and peak memory of it and of every process that it started."""
    command = [sys.executable, "-m", "jobs.cli.main", *arguments, "-q"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    figures = {
        "CPU s": round(usage.ru_utime + usage.ru_stime, 2),
        "wall s": round(time.monotonic() - started, 2),
        "peak MiB": round(usage.ru_maxrss / 1024),
    }
    print(json.dumps({arguments[0]: figures}), file=sys.stderr, flush=True)
    return figures


def _commit() -> str:
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
