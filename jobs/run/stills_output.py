"""The last stage of a film whose output is numbered stills."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jobs.progress.reporters import Progress
from jobs.workdir.film_spec import Wanted
from pipeline.output.mux import MuxReport
from pipeline.output.stills_mux import mux_stills
from pipeline.output.stills_write import stills_picture
from pipeline.render.render import OutputPicture
from pipeline.timecode import find_timecode


def written_picture(wanted: Wanted) -> OutputPicture:
    """The picture as the output holds it: stills have it at full range, and at one of their own depths."""
    output = wanted.job.target
    return stills_picture(wanted.picture, output) if output.is_numbered else wanted.picture


def write_stills(
    wanted: Wanted,
    videos: Sequence[Path],
    *,
    tags: Mapping[str, str],
    progress: Progress,
    before: Callable[[Path, MuxReport], None],
) -> MuxReport:
    """Every frame as a still; `before` is told of the pattern in the folder that is published next.

    Raises as `mux_stills`.
    """
    job, film, plan = wanted.job, wanted.film.info, wanted.film.plan
    has_timecode = any(stream.tag("timecode") for stream in film.streams)
    timecode = find_timecode(film, plan.timeline) if has_timecode else None
    return mux_stills(
        film,
        videos,
        job.target,
        timeline=plan.timeline,
        picture=wanted.picture,
        start_number=job.start_number,
        statement=tags["comment"],
        timecode=None if timecode is None else timecode.at,
        allow_loss=job.allow_loss,
        overwrite=job.overwrite,
        progress=lambda done, total: progress.stage("mux", done, total),
        before_publish=before,
    )
