"""The last stage of a film whose output is numbered stills."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jobs.progress.reporters import Progress
from jobs.workdir.film_spec import FilmSpec
from pipeline.output.mux import MuxReport
from pipeline.output.stills_mux import mux_stills
from pipeline.output.stills_write import stills_picture
from pipeline.render.output_picture import OutputPicture
from pipeline.timecode import find_timecode


def written_picture(spec: FilmSpec) -> OutputPicture:
    """The format of the output's pictures: stills have full range and one of their own bit depths."""
    output = spec.job.target
    return stills_picture(spec.picture, output) if output.is_numbered else spec.picture


def write_stills(
    spec: FilmSpec,
    videos: Sequence[Path],
    *,
    tags: Mapping[str, str],
    progress: Progress,
    before: Callable[[Path, MuxReport], None],
) -> MuxReport:
    """Writes every frame as a still; `before` is called with the pattern in the folder that is published next.

    Raises as `mux_stills`.
    """
    job, film, plan = spec.job, spec.film.info, spec.film.plan
    has_timecode = any(stream.tag("timecode") for stream in film.streams)
    timecode = find_timecode(film, plan.timeline) if has_timecode else None
    return mux_stills(
        film,
        videos,
        job.target,
        timeline=plan.timeline,
        picture=spec.picture,
        start_number=job.start_number,
        statement=tags["comment"],
        timecode=None if timecode is None else timecode.at,
        allow_loss=job.allow_loss,
        overwrite=job.overwrite,
        progress=lambda done, total: progress.stage("mux", done, total),
        before_publish=before,
    )
