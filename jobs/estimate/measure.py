"""Measures a few seconds of real work on excerpts from all over a film, and prices the film from them."""

import resource
import time
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from jobs.estimate.pace import Pace, measure_pace
from jobs.estimate.price import Costs, Estimate, Extent, guessed, planned, price
from jobs.estimate.sample import Sample, make_sample, sample_work
from jobs.review.examine import ColoredFilm, examine
from jobs.segments.guidance_pictures import check_guidance_pictures
from jobs.segments.spec import check_output, check_weights
from jobs.segments.task import job_as_json
from jobs.settings.job import Job
from jobs.settings.output_paths import segment_folder, work_folder
from jobs.settings.shot_choices import choose_treatments
from jobs.workdir.film_plan import find_plan
from jobs.workdir.film_spec import probe_source
from jobs.workdir.folder import WorkDir
from jobs.workdir.segment_records import read_records
from jobs.workers.devices import plan_seats
from pipeline.colorize.net_frame import net_frame
from pipeline.media import FilmInfo, PictureArea, Segment
from pipeline.partial_files import temporary_folder
from pipeline.plan.excerpts import Excerpt, read_excerpts
from pipeline.plan.plan import Plan
from pipeline.plan.shots import ShotSettings
from pipeline.render.output_picture import OutputPicture
from pipeline.source.open_film import check_stills
from pipeline.source.open_media import open_media, read_packets
from pipeline.source.probe import probe
from pipeline.still_pattern import parse_rate
from pipeline.timeline import Timeline

_PLACES = 5
_EXCERPT_FRAMES = 96
_EXCERPT_SECONDS = 1.0
_MEASURE_SECONDS = 6.0
_HASHED_BYTES = 16 << 20
_HELD_BYTES_PER_PIXEL = 100
"""What steadying holds of a frame: flow both ways, colours and sums, for each pixel of the network's output."""


def check_job(job: Job, *, workers: int | None = None) -> Estimate:
    """Check everything about a job that can be checked before it starts, and price it for so many workers.

    Works on excerpts in a temporary folder for some seconds; nothing else is written. Raises KinochromeError or
    ModelError as the run itself would.
    """
    film = probe_source(job)
    if film.sequence is not None:
        check_stills(film.path)
    check_output(job, film)
    check_weights(job, own=False)
    check_guidance_pictures(job, film)
    work = WorkDir(work_folder(job.output, work=job.work), share="part")
    plan = find_plan(job, film, work=work)
    return estimate_film(
        job, film, plan=plan, segments=None if plan is None else plan.segments, workers=workers
    )


def estimate_film(
    job: Job, film: FilmInfo, *, plan: Plan | None, segments: Sequence[Segment] | None, workers: int | None
) -> Estimate:
    """What it costs to do these segments of a planned film, or all of a film that is not planned, and to finish it."""
    settings = ShotSettings()
    excerpts = read_excerpts(
        film, places=_PLACES, frames=_EXCERPT_FRAMES, seconds=_EXCERPT_SECONDS, shot_settings=settings
    )
    seats = plan_seats(job, workers=workers)
    length = _EXCERPT_FRAMES if seats[0].visible is not None else _part_frames(film)
    sample = make_sample(film, excerpts, segment_frames=length, shot_settings=settings)
    plain = job.model_copy(
        update={
            "shots": {},
            "guidance": None if job.guidance is None else job.guidance.of_any_shot(),
            "cache": None,
            "from_proxy": None,
            "delivery_rate": None,
        }
    )
    with temporary_folder() as folder:
        paces = measure_pace(
            sample, job=job_as_json(plain), folder=folder, seats=seats, seconds=_MEASURE_SECONDS
        )
        if job.from_proxy is not None:
            paces = tuple(replace(pace, color_seconds=0.0) for pace in paces)
        costs = _costs(plain, film, sample, excerpts, paces, sample_work(folder, 0))
    costs = replace(costs, delivered=_delivered(job, film))
    if plan is not None and segments is not None:
        extent: Extent | None = planned(plan.shots, segments)
    else:
        extent = _guess(job, film, excerpts)
    other = _other_bytes(film)
    return price(film, extent, costs, is_planned=plan is not None, other_bytes=other)


def sample_frames(film: FilmInfo) -> int:
    """About how many frames are done to price a film."""
    return _PLACES * _part_frames(film)


def _part_frames(film: FilmInfo) -> int:
    """Frames of a part of the sample: fewer of large pictures, which take longer."""
    pixels = film.width * film.height
    return 32 if pixels <= 1_100_000 else 16 if pixels <= 2_400_000 else 8


def _guess(job: Job, film: FilmInfo, excerpts: tuple[Excerpt, ...]) -> Extent | None:
    seconds, rate = film.duration_seconds_from_header, film.rate_from_header
    if seconds is None or rate is None:
        return None
    seen = sum(len(excerpt.timeline) for excerpt in excerpts)
    cuts = sum(len(excerpt.shots) - 1 for excerpt in excerpts)
    return guessed(frames=max(1, round(seconds * rate)), cuts=cuts, seen_frames=seen, settings=job.segments)


def _costs(
    job: Job,
    film: FilmInfo,
    sample: Sample,
    excerpts: tuple[Excerpt, ...],
    paces: tuple[Pace, ...],
    work: Path,
) -> Costs:
    picture = check_output(job, film)
    seen = sum(len(excerpt.timeline) for excerpt in excerpts)
    videos, proxies = [], []
    for index in paces[0].segments:
        records = read_records(segment_folder(work, index))
        videos.append(segment_folder(work, index) / records["video"].file)
        proxies.append(segment_folder(work, index) / records["color"].file)
    first, other = _packet_bytes(videos)
    areas = {shot.picture for excerpt in excerpts for shot in excerpt.shots}
    return Costs(
        paces=paces,
        scan_seconds=sum(excerpt.seconds for excerpt in excerpts) / seen,
        prove_seconds=_prove(job, film, sample, picture, videos[:2], proxies[:2], paces[0].segments),
        byte_seconds=_hash(),
        first_bytes=first,
        other_bytes=other,
        proxy_bytes=sum(path.stat().st_size for path in proxies) / paces[0].frames,
        memory_bytes=_peak(resource.RUSAGE_SELF)
        + (sum(pace.memory_bytes for pace in paces) if len(paces) > 1 else 0),
        held_bytes=_HELD_BYTES_PER_PIXEL
        * max(_net_pixels(film, area, job.color.short_side) for area in areas),
        sample_frames=sum(pace.frames for pace in paces),
    )


def _delivered(job: Job, film: FilmInfo) -> tuple[str, float] | None:
    """The rate that the job asks for, and how often a frame is shown at it."""
    if job.delivery_rate is None:
        return None
    own = film.rate_from_header
    return job.delivery_rate, 1.0 if own is None else float(parse_rate(job.delivery_rate) / own)


def _prove(
    job: Job,
    film: FilmInfo,
    sample: Sample,
    picture: OutputPicture,
    videos: Sequence[Path],
    proxies: Sequence[Path],
    segments: Sequence[int],
) -> float:
    """Seconds per frame of the pass over the finished film, on segments of the sample."""
    if not (job.report and job.prove):
        return 0.0
    frames, started = 0, time.monotonic()
    for index, video, proxy in zip(segments, videos, proxies, strict=False):
        plan = _only(sample.plan, sample.plan.segments[index])
        choices = choose_treatments(job, plan)
        colored = ColoredFilm(info=film, plan=plan, proxies=[proxy], choices=choices)
        examine(colored, result=probe(video), output=video, picture=picture, on_frame=_nothing)
        frames += len(plan.timeline)
    return (time.monotonic() - started) / frames


def _only(plan: Plan, segment: Segment) -> Plan:
    """A plan of one segment and no other frame."""
    part = slice(segment.start, segment.end)
    count = segment.end - segment.start
    shot = replace(plan.shots[segment.shot], index=0, start=0, end=count)
    alone = Segment(index=0, shot=0, start=0, end=count, lead_start=0, lead_end=count)
    timeline = Timeline(pts=plan.timeline.pts[part], luma_hash=plan.timeline.luma_hash[part])
    return replace(plan, timeline=timeline, shots=(shot,), segments=(alone,))


def _hash() -> float:
    """Seconds per byte of reading a film and hashing it as a file and packet by packet."""
    block = bytes(_HASHED_BYTES)
    started = time.monotonic()
    sha256(block)
    return 2 * (time.monotonic() - started) / _HASHED_BYTES


def _packet_bytes(paths: Sequence[Path]) -> tuple[float, float]:
    """Bytes of a segment's first picture, and of another one."""
    first, rest = list[int](), list[int]()
    for path in paths:
        with open_media(path) as container:
            sizes = [
                packet.size for packet in read_packets(container, container.streams.video[0]) if packet.size
            ]
        first.append(sizes[0])
        rest += sizes[1:]
    mean = sum(first) / len(first)
    return mean, sum(rest) / len(rest) if rest else mean


def _other_bytes(film: FilmInfo) -> int:
    """Of the streams beside the picture, as far as the header gives their bit rate."""
    if film.duration_seconds_from_header is None or not film.path.is_file():
        return 0
    with open_media(film.path) as container:
        rates = [
            stream.codec_context.bit_rate or 0
            for stream in container.streams
            if stream.type == "audio" and stream.codec_context is not None
        ]
    return round(sum(rates) / 8 * film.duration_seconds_from_header)


def _net_pixels(film: FilmInfo, area: PictureArea, short_side: int) -> int:
    height, width = net_frame(film, area, short_side=short_side).whole.output
    return height * width


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss * 1024


def _nothing() -> None:
    """A frame is done; nobody wants to know."""
