"""What a film will cost, measured on about a second of it: time, scratch, output and memory."""

import resource
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from jobs.jobfile import Job
from jobs.segments import Colorist, Film, Renderer
from jobs.steps import check_output, make_predictor
from jobs.workdir import WorkDir, work_folder
from pipeline.decode import FrameReader, luma_hash
from pipeline.errors import KinochromeError
from pipeline.media import FilmInfo, Segment, Shot, Timeline
from pipeline.plan import Plan, read_plan
from pipeline.probe import probe
from pipeline.segments import SegmentSettings
from pipeline.shots import ShotSettings
from pipeline.source import Source

_SAMPLE_FRAMES = 32


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a job will need. Frames are counted where the film is planned already, else claimed by its header."""

    film: FilmInfo
    frames: int | None
    """None where neither plan nor header tells."""
    shots: int | None
    """None before the film is planned."""
    seconds: float | None
    scratch_bytes: int | None
    """In the work folder while the film is made."""
    output_bytes: int | None
    """Of the picture; the sound comes on top."""
    memory_bytes: int
    """Largest resident size while the sample was made."""
    sample_frames: int

    def as_json(self) -> dict[str, object]:
        """The estimate for a program; sizes in bytes."""
        return {
            "film": str(self.film.path),
            "frames": self.frames,
            "shots": self.shots,
            "seconds": None if self.seconds is None else round(self.seconds, 1),
            "scratch_bytes": self.scratch_bytes,
            "output_bytes": self.output_bytes,
            "memory_bytes": self.memory_bytes,
            "sample_frames": self.sample_frames,
        }

    def as_table(self) -> str:
        """The estimate for a person."""
        info = self.film
        known = "" if self.shots is not None else " (the header's claim)"
        rows = [
            (
                "film",
                f"{info.path.name}: {info.width}x{info.height} {info.pixel_format.name}, {info.video.codec}",
            ),
            ("frames", "unknown" if self.frames is None else f"{self.frames:,}{known}"),
            ("shots", "known after planning" if self.shots is None else f"{self.shots:,}"),
            ("time", "unknown" if self.seconds is None else _duration(self.seconds)),
            ("scratch", _size(self.scratch_bytes)),
            ("output", _size(self.output_bytes)),
            ("memory", _size(self.memory_bytes)),
            ("measured on", f"{self.sample_frames} frames from the film's beginning"),
        ]
        return "".join(f"{name:<12} {value}\n" for name, value in rows)


def check_job(job: Job) -> Estimate:
    """Check everything about a job that can be checked before it starts, and price it.

    Decodes and colours the film's first second or so in a temporary folder; nothing else is written. Raises
    KinochromeError or ModelError as the run itself would.
    """
    film = probe(job.input)
    picture = check_output(job, film)
    timeline, scan_seconds = _sample(film)
    count = len(timeline)
    segment = Segment(index=0, shot=0, start=0, end=count, lead_start=0, lead_end=count)
    with (
        tempfile.TemporaryDirectory(prefix="kinochrome-check-") as folder,
        WorkDir(Path(folder) / "sample") as work,
        FrameReader(film, timeline=timeline) as reader,
    ):
        shared = Film(info=film, plan=_sample_plan(film, timeline, segment), work=work)
        renderer = Renderer(shared, encode=job.encode, output=picture, saturation=job.color.saturation)
        colorist = Colorist(shared, predictor=make_predictor(job), steady_settings=job.steady)
        started = time.monotonic()
        proxy = colorist.color(reader, segment, on_frame=_nothing)
        video = renderer.render(reader, segment, proxy=proxy, on_frame=_nothing)
        seconds = (scan_seconds + time.monotonic() - started) / count
        scratch, output = (proxy.stat().st_size + video.stat().st_size) / count, video.stat().st_size / count
    frames, shots = _known_or_claimed(job, film)
    return Estimate(
        film=film,
        frames=frames,
        shots=shots,
        seconds=None if frames is None else frames * seconds,
        scratch_bytes=None if frames is None else round(frames * scratch),
        output_bytes=None if frames is None else round(frames * output),
        memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        sample_frames=count,
    )


def _sample(film: FilmInfo) -> tuple[Timeline, float]:
    """The first frames of a film, and the seconds that decoding them took."""
    started = time.monotonic()
    with FrameReader(film) as reader:
        frames = [(frame.pts, luma_hash(frame.luma)) for frame in islice(reader.frames(), _SAMPLE_FRAMES)]
    pts, hashes = zip(*frames, strict=True)
    timeline = Timeline(pts=np.array(pts, np.int64), luma_hash=np.array(hashes, np.uint64))
    return timeline, time.monotonic() - started


def _sample_plan(film: FilmInfo, timeline: Timeline, segment: Segment) -> Plan:
    return Plan(
        source=Source(name=film.path.name, size_bytes=0, mtime_ns=0, xxh3_128="0" * 32),
        time_base=film.time_base,
        timeline=timeline,
        shots=(Shot(index=0, start=0, end=segment.end),),
        segments=(segment,),
        shot_settings=ShotSettings(),
        segment_settings=SegmentSettings(),
    )


def _known_or_claimed(job: Job, film: FilmInfo) -> tuple[int | None, int | None]:
    try:
        plan = read_plan(work_folder(job.output, work=job.work) / "plan.json")
    except (FileNotFoundError, KinochromeError):
        if film.duration_seconds_from_header is None or film.rate_from_header is None:
            return None, None
        return max(1, round(film.duration_seconds_from_header * film.rate_from_header)), None
    return len(plan.timeline), len(plan.shots)


def _nothing() -> None:
    """A frame is done; nobody wants to know."""


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"


def _size(count: int | None) -> str:
    if count is None:
        return "unknown"
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
