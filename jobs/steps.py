"""The film path: the only place that chains the stages of a film, from probe to mux.

Two lanes run at once. One gives segments their colour (decode, predict, steady, proxy); the other turns
colour into pictures (decode, render, encode). What a segment's folder records as done with the same
fingerprint is not done again, so a run that was killed goes on where it stopped.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from jobs.jobfile import Job
from jobs.ledger import job_fingerprint
from jobs.progress import Progress
from jobs.proxies import find_graded
from jobs.segments import Colorist, Film, Renderer
from jobs.version import VERSION
from jobs.workdir import WorkDir
from pipeline.containers import check_container
from pipeline.decode import FrameReader
from pipeline.encode import check_encoder, notices, output_format
from pipeline.errors import KinochromeError
from pipeline.media import FilmInfo, Segment, Shot, Timeline
from pipeline.mux import MuxReport, mux
from pipeline.plan import Plan, read_plan, scan_film, write_plan
from pipeline.predict import Predictor
from pipeline.prefetch import ahead
from pipeline.probe import probe
from pipeline.render import OutputPicture, output_picture
from pipeline.shots import ShotSettings
from pipeline.source import check_source

_SEGMENTS_AHEAD = 1
_UNITS = {"fingerprint": "byte"}
_Proxies = Iterator[tuple[Segment, Path]]


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What a finished run made."""

    film: FilmInfo
    output: Path
    timeline: Timeline
    shots: tuple[Shot, ...]
    segments: int
    seconds: float
    mux: MuxReport


def run_job(job: Job, *, work: WorkDir, progress: Progress) -> RunSummary:
    """Colourise one film. The caller holds `work`, which keeps what was done for the next run of the same job.

    Raises KinochromeError or ModelError; then the output is absent, and finished segments are kept.
    """
    started = time.monotonic()
    film = probe(job.input)
    picture = check_output(job, film)
    predictor = None if job.from_proxy else make_predictor(job)
    for notice in notices(film, job.encode, width=picture.width, height=picture.height):
        progress.note(notice)
    plan = plan_film(job, film, work=work, progress=progress)
    videos = _videos(job, Film(info=film, plan=plan, work=work), predictor, picture, progress)
    check_source(film.path, plan.source)
    progress.stage("mux", 0, 1, unit="film")
    report = mux(
        film,
        videos,
        job.output,
        timeline=plan.timeline,
        color=picture.color,
        tags=film_tags(predictor),
        allow_loss=job.allow_loss,
        faststart=job.faststart,
        before_publish=lambda partial: work.record_output(partial, fingerprint=job_fingerprint(job)),
    )
    progress.stage("mux", 1, 1, unit="film")
    return RunSummary(
        film=film,
        output=job.output,
        timeline=plan.timeline,
        shots=plan.shots,
        segments=len(plan.segments),
        seconds=time.monotonic() - started,
        mux=report,
    )


def check_output(job: Job, film: FilmInfo) -> OutputPicture:
    """What the rendered frames will be; raises before anything starts when encoder or container would refuse."""
    check_container(film, job.output, video_codec=job.encode.codec, allow_loss=job.allow_loss)
    picture = output_picture(
        film,
        pixel_format=output_format(film, job.encode),
        range="limited" if job.encode.codec.startswith("prores") else "source",
        max_lines=job.encode.max_lines,
        side_by_side=job.encode.side_by_side,
    )
    check_encoder(film, job.encode, width=picture.width, height=picture.height, color=picture.color)
    return picture


def make_predictor(job: Job) -> Predictor:
    """The network that a job asks for, on its device."""
    return Predictor(
        job.weights_path, settings=job.color, batch=job.batch, device=job.device, precision=job.precision
    )


def plan_film(job: Job, film: FilmInfo, *, work: WorkDir, progress: Progress) -> Plan:
    """The plan in the work folder if it is of this source and these settings; else a new one, written there."""
    shot_settings = ShotSettings()
    if work.plan_path.exists():
        try:
            plan = read_plan(work.plan_path)
            check_source(film.path, plan.source)
        except KinochromeError as error:
            progress.note(f"planning again: {error}")
        else:
            if (plan.shot_settings, plan.segment_settings) == (shot_settings, job.segments):
                return plan
    plan = scan_film(
        film,
        shot_settings=shot_settings,
        segment_settings=job.segments,
        progress=lambda stage, done, total: progress.stage(stage, done, total, _UNITS.get(stage, "frame")),
    )
    write_plan(plan, work.plan_path)
    return plan


def film_tags(predictor: Predictor | None) -> dict[str, str]:
    """The tags by which the film says that its colours are predicted, and by what."""
    weights = (
        f"weights {predictor.weights.name} {predictor.weights.sha256[:12]}"
        if predictor
        else "colours from proxies"
    )
    return {
        "comment": f"Colourised by machine: the colours are predicted, not recorded. Kinochrome {VERSION}, {weights}."
    }


def _videos(
    job: Job, film: Film, predictor: Predictor | None, picture: OutputPicture, progress: Progress
) -> list[Path]:
    """The coded video of every segment, in order; colour of the next segment is made meanwhile."""
    renderer = Renderer(film, encode=job.encode, output=picture, saturation=job.color.saturation)
    on_frame = _counter(progress, "render", len(film.plan.timeline))
    if predictor is None:
        proxies = _graded(job, film)
    else:
        colorist = Colorist(film, predictor=predictor, steady_settings=job.steady)
        proxies = _colored(film, colorist, _counter(progress, "colour", len(film.plan.timeline)))
    videos = []
    with (
        FrameReader(film.info, timeline=film.plan.timeline) as reader,
        closing(ahead(proxies, depth=_SEGMENTS_AHEAD)) as ready,
    ):
        for segment, proxy in ready:
            videos.append(renderer.render(reader, segment, proxy=proxy, on_frame=on_frame))
    return videos


def _colored(film: Film, colorist: Colorist, on_frame: Callable[[], None]) -> _Proxies:
    with FrameReader(film.info, timeline=film.plan.timeline) as reader:
        for segment in film.plan.segments:
            yield segment, colorist.color(reader, segment, on_frame=on_frame)


def _graded(job: Job, film: Film) -> _Proxies:
    assert job.from_proxy is not None
    found = [(segment, find_graded(job.from_proxy, segment)) for segment in film.plan.segments]
    yield from found


def _counter(progress: Progress, stage: str, total: int) -> Callable[[], None]:
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress.stage(stage, done, total)

    return count
