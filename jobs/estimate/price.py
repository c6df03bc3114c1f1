"""Computes time, scratch, output and memory of a film from the costs of its parts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from jobs.estimate.pace import Pace, lanes_seconds
from pipeline.media import FilmInfo, Segment, Shot
from pipeline.plan.segments import SegmentSettings, make_segments

_MODELLED_SHOTS = 400


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much there is of a film."""

    frames: int
    shots: int
    segments: tuple[Segment, ...]
    """Those that are to be done, or a fair likeness of them."""
    share: float = 1.0
    """Segments that `segments` stands for: so many times itself."""
    is_counted: bool
    """Whether frames and shots are those of the film's plan; else the header's claim and a guess from excerpts."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What was measured on the sample; seconds are wall time."""

    paces: tuple[Pace, ...]
    """Of each process."""
    scan_seconds: float
    """Of planning, per frame."""
    prove_seconds: float
    """Of the pass that puts the film on record, per frame."""
    byte_seconds: float
    """Of reading and hashing a film, per byte."""
    first_bytes: float
    """Of the coded picture that begins a segment."""
    other_bytes: float
    """Of each other one."""
    proxy_bytes: float
    """Of the chroma proxy, per frame."""
    memory_bytes: int
    """Largest resident size of this process and those that it started."""
    held_bytes: int
    """What a segment holds per frame while it is coloured."""
    sample_frames: int
    delivered: tuple[str, float] | None = None
    """Rate of the film that is written, and how often a frame of the source is shown on average; None where it keeps
    its times."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a job will need."""

    film: FilmInfo
    frames: int | None
    """None if neither plan nor header gives it."""
    shots: int | None
    counted: bool
    """Whether frames and shots are those of the film's plan; else the header's claim and a guess."""
    workers: int
    seconds: float | None
    """From the beginning of the run to its film."""
    plan_seconds: float | None
    """Of it, for the plan; 0 where it is there."""
    shots_seconds: float | None
    """Of it, for colouring and rendering."""
    finish_seconds: float | None
    """Of it, for putting the film together and on record."""
    scratch_bytes: int | None
    """In the work folder while the film is made."""
    output_bytes: int | None
    """Of the film, with the other streams that the header gives a bit rate."""
    memory_bytes: int
    """Of all processes of the run together, at most."""
    sample_frames: int
    delivery_rate: str | None = None
    """Frames per second of the film that is written; None where it keeps its times."""
    delivery_frames: int | None = None
    """Of that film, about."""

    def as_json(self) -> dict[str, object]:
        """The estimate for a program; sizes in bytes."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "film"}
        rounded = {
            name: round(value, 1) if isinstance(value, float) else value for name, value in values.items()
        }
        return {"film": str(self.film.path), **rounded}

    def as_table(self) -> str:
        """The estimate for a person."""
        info = self.film
        source = f"{info.path.name}: {info.width}x{info.height} {info.pixel_format.name}, {info.video.codec}"
        claim, guess = ("", "") if self.counted else (" (the header's claim)", "about ")
        parts = "plan", "colour and render", "mux and record"
        seconds = self.plan_seconds, self.shots_seconds, self.finish_seconds
        stages = ", ".join(
            f"{part} {duration(s)}" for part, s in zip(parts, seconds, strict=True) if s is not None
        )
        rows = [
            ("film", source),
            ("frames", "unknown" if self.frames is None else f"{self.frames:,}{claim}"),
            ("shots", "unknown" if self.shots is None else f"{guess}{self.shots:,}"),
            *self._delivery_rows(),
            ("workers", f"{self.workers}"),
            ("time", "unknown" if self.seconds is None else f"{duration(self.seconds)} ({stages})"),
            ("scratch", size(self.scratch_bytes)),
            ("output", size(self.output_bytes)),
            ("memory", size(self.memory_bytes)),
            ("measured on", f"{self.sample_frames} frames from all over the film"),
        ]
        return "".join(f"{name:<12} {value}\n" for name, value in rows)

    def _delivery_rows(self) -> list[tuple[str, str]]:
        if self.delivery_rate is None:
            return []
        count = "" if self.delivery_frames is None else f", about {self.delivery_frames:,} frames"
        return [("delivered", f"at {self.delivery_rate} frames/s{count}: frames are repeated, never blended")]


def planned(shots: Sequence[Shot], segments: Sequence[Segment]) -> Extent:
    """A film that is planned; `segments` are those that are still to be done."""
    return Extent(frames=shots[-1].end, shots=len(shots), segments=tuple(segments), is_counted=True)


def guessed(*, frames: int, cuts: int, seen_frames: int, settings: SegmentSettings) -> Extent:
    """A film that is not planned, with so many cuts in the frames that were seen.

    The lengths of its shots are taken to be spread as those of cuts at random are: many short ones, few long ones.
    """
    shots = max(1, min(frames, 1 + round((cuts + 0.5 * (cuts == 0)) / seen_frames * (frames - 1))))
    count = min(shots, _MODELLED_SHOTS)
    spread = [-math.log(1 - (number + 0.5) / count) for number in range(count)]
    scale = frames / shots * count / sum(spread)
    edges, made = [0.0], list[Shot]()
    for length in spread:
        edges.append(edges[-1] + max(1.0, length * scale))
    for number in range(count):
        made.append(Shot(index=number, start=round(edges[number]), end=round(edges[number + 1])))
    segments = make_segments(made, settings)
    return Extent(
        frames=frames, shots=shots, segments=segments, share=frames / made[-1].end, is_counted=False
    )


def price(
    film: FilmInfo, extent: Extent | None, costs: Costs, *, is_planned: bool, other_bytes: int
) -> Estimate:
    """What a film of this extent costs; `is_planned` leaves the plan out of the time, `other_bytes` come on top."""
    memory = costs.memory_bytes + costs.held_bytes * _longest(extent) * len(costs.paces)
    common = {
        "film": film,
        "workers": len(costs.paces),
        "memory_bytes": memory,
        "sample_frames": costs.sample_frames,
    }
    if extent is None:
        names = ("frames", "shots", "seconds", "plan_seconds", "shots_seconds", "finish_seconds")
        nothing = dict.fromkeys((*names, "scratch_bytes", "output_bytes"))
        return Estimate(**common, **nothing, counted=False)  # type: ignore[arg-type]
    size_bytes = film.path.stat().st_size if film.path.is_file() else 0
    picture = _picture_bytes(extent, costs)
    plan = 0.0 if is_planned else extent.frames * costs.scan_seconds + size_bytes * costs.byte_seconds / 4
    shots = _shots_seconds(extent, costs)
    # packets are read from the segments, written, and hashed for the record; the source is hashed too
    moved = 2 * (picture + other_bytes) + size_bytes
    finish = extent.frames * costs.prove_seconds + moved * costs.byte_seconds
    rate, shown = costs.delivered or (None, 1.0)
    return Estimate(
        **common,  # type: ignore[arg-type]
        delivery_rate=rate,
        delivery_frames=None if rate is None else round(extent.frames * shown),
        frames=extent.frames,
        shots=extent.shots,
        counted=extent.is_counted,
        seconds=plan + shots + finish,
        plan_seconds=plan,
        shots_seconds=shots,
        finish_seconds=finish,
        scratch_bytes=round(picture + extent.frames * costs.proxy_bytes),
        output_bytes=round(picture + other_bytes),
    )


def _shots_seconds(extent: Extent, costs: Costs) -> float:
    """The time of the process that is ready last, where each takes the next segment when it is free."""
    ready = [pace.startup_seconds for pace in costs.paces]
    whole, pieces = divmod(extent.share, 1.0)
    lanes: list[tuple[list[float], list[float]]] = [([], []) for _ in costs.paces]
    for segment in extent.segments:
        turn = min(range(len(ready)), key=ready.__getitem__)
        pace = costs.paces[turn]
        color = pace.color_seconds * (segment.lead_end - segment.lead_start)
        render = pace.render_seconds * (segment.end - segment.start)
        lanes[turn][0].append(color)
        lanes[turn][1].append(render)
        ready[turn] += color + render - pace.overlap * min(color, render)
    each = [
        (pace.startup_seconds, lanes_seconds(colors, renders, overlap=pace.overlap))
        for pace, (colors, renders) in zip(costs.paces, lanes, strict=True)
    ]
    return max(startup + work * (whole + pieces) for startup, work in each)


def _picture_bytes(extent: Extent, costs: Costs) -> float:
    frames = sum(segment.end - segment.start for segment in extent.segments) * extent.share
    starts = len(extent.segments) * extent.share
    shown = 1.0 if costs.delivered is None else costs.delivered[1]
    return starts * costs.first_bytes + max(0.0, frames * shown - starts) * costs.other_bytes


def _longest(extent: Extent | None) -> int:
    if extent is None or not extent.segments:
        return 0
    return max(segment.lead_end - segment.lead_start for segment in extent.segments)


def duration(seconds: float) -> str:
    """A time for people."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def size(count: int | None) -> str:
    """Bytes for people."""
    if count is None:
        return "unknown"
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1000:.0f} kB"
