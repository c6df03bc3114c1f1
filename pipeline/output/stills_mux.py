"""The finished film as numbered stills: the segments' pictures, one file each, in a folder that is whole or absent.

Luma of a limited range beyond black and white, which pictures of full range cannot hold.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.error

from pipeline.atomic_files import publish_folder
from pipeline.errors import OutputError
from pipeline.media import FilmInfo, Plane
from pipeline.output.constant_rate import check_even
from pipeline.output.containers import check_container
from pipeline.output.mux import MuxReport
from pipeline.output.stills_write import StillFrame, stills_samples, write_still_frame
from pipeline.partial_files import partial_path
from pipeline.progress import CountProgress
from pipeline.render.output_picture import OutputPicture
from pipeline.render.packet_sink import film_ticks, open_segment
from pipeline.source.luma_planes import luma_plane
from pipeline.source.open_film import still_of_frame
from pipeline.still_pattern import KINDS, Pattern, shares_metadata
from pipeline.target import Target
from pipeline.timeline import Timeline

_log = logging.getLogger(__name__)


def mux_stills(
    film: FilmInfo,
    segments: Sequence[Path],
    output: Target,
    *,
    timeline: Timeline,
    picture: OutputPicture,
    start_number: int | None,
    statement: str,
    timecode: Callable[[int], str] | None = None,
    allow_loss: bool = False,
    overwrite: bool = False,
    progress: CountProgress = lambda done, total: None,
    before_publish: Callable[[Path, MuxReport], None] = lambda partial, report: None,
) -> MuxReport:
    """Writes every frame of the film as a still of the pattern `output`; its folder is there, whole, in the end.

    `segments`, in the order of the film, hold exactly the frames of the timeline, rendered as `picture`. Numbers go on
    from `start_number`, without it from the source's first number, or from 1. `timecode` names frame n where the
    film has one. `before_publish` is told of the pattern within the partial folder. A folder that is there already
    must be empty or, with `overwrite`, hold nothing but stills of that pattern. Warns, in one line, where a film of
    limited range has luma beyond black and white, for which stills have no place. Raises OutputError.
    """
    plan = check_container(film, output, video_codec="ffv1", allow_loss=allow_loss)
    check_even(film, output, timeline=timeline)
    pattern = output.pattern
    first = first_number(film, start_number)
    notes: dict[str, None] = {}
    beyond = Headroom(depth=picture.pixel_format.depth, range=picture.color.range)
    with _published(pattern, overwrite=overwrite) as partial:
        done = 0
        for frame in _frames(film, segments, timeline):
            pts = int(timeline.pts[done])
            own = luma_plane(frame)[: picture.height, : picture.width]
            beyond.look_at(own)
            luma, cb, cr, depth = stills_samples(frame, own, picture, output)
            still = StillFrame(
                luma=luma,
                cb=cb,
                cr=cr,
                depth=depth,
                source=_source(film, pts, pattern),
                timecode=None if timecode is None else timecode(done),
                sample_aspect=film.sample_aspect,
                rate=film.rate_from_header or Fraction(24),
                statement=statement,
            )
            number = first + (done if film.sequence is None else pts)
            path = replace(pattern, folder=partial).path(number)
            notes |= dict.fromkeys(write_still_frame(path, still, kind=pattern.kind))
            done += 1
            progress(done, len(timeline))
        if done != len(timeline):
            raise OutputError(f"cannot write {output}: {done} frames arrived, the film has {len(timeline)}")
        if beyond.frames:
            _log.warning(
                "%s: %s; stills have no place for it, a film (.mkv) would keep it", film.path.name, beyond
            )
        report = MuxReport(kept=(), converted=plan.converted + tuple(notes), lost=plan.lost)
        before_publish(partial / output.path.name, report)
    return report


def first_number(film: FilmInfo, start_number: int | None) -> int:
    """The number of the first still: the one asked for, else the source's, else 1."""
    if start_number is not None:
        return start_number
    return 1 if film.sequence is None else film.sequence.first


class Headroom:
    """Counts the frames that have luma below black or above white, and says so."""

    def __init__(self, *, depth: int, range: Literal["limited", "full"]) -> None:
        """Luma of `depth` bits; in full range nothing is beyond."""
        self._is_limited = range == "limited"
        self._black, self._white = 16 << (depth - 8), 235 << (depth - 8)
        self._darkest, self._brightest = self._black, self._white
        self._seen = 0
        self.frames = 0
        """How many have."""

    def look_at(self, luma: Plane) -> None:
        """Takes the next frame's luma."""
        self._seen += 1
        darkest, brightest = int(luma.min()), int(luma.max())
        if self._is_limited and (darkest < self._black or brightest > self._white):
            self.frames += 1
            self._darkest = min(self._darkest, darkest)
            self._brightest = max(self._brightest, brightest)

    def __str__(self) -> str:
        luma = f"{self._darkest} to {self._brightest} in a range of {self._black} to {self._white}"
        return (
            f"{self.frames} of {self._seen} frames have luma beyond black or white ({luma}), which is clipped"
        )


@contextmanager
def _published(pattern: Pattern, *, overwrite: bool) -> Iterator[Path]:
    """An empty folder that becomes the pattern's; an older one steps aside for it at the last moment."""
    home = pattern.folder
    if home.is_symlink():
        raise OutputError(f"cannot write {home}: it is a link, and the folder is replaced as a whole")
    aside = partial_path(home.with_name(f"{home.name}.old"))
    try:
        with publish_folder(home) as partial:
            yield partial
            if overwrite and home.is_dir() and any(home.iterdir()):
                home.rename(aside)
    except BaseException:
        if aside.is_dir() and not home.exists():
            aside.rename(home)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _frames(film: FilmInfo, segments: Sequence[Path], timeline: Timeline) -> Iterator[av.VideoFrame]:
    """The pictures of all segments, each proved to be at its place of the timeline."""
    number = 0
    for path in segments:
        with open_segment(path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            try:
                for frame in container.decode(stream):
                    seconds = Fraction(frame.pts or 0) * Fraction(stream.time_base or 1)
                    pts = film_ticks(container, seconds, time_base=film.time_base)
                    if number >= len(timeline) or pts != int(timeline.pts[number]):
                        raise OutputError(f"cannot join {path}: a frame at pts {pts} is not frame {number}")
                    yield frame
                    number += 1
            except av.error.FFmpegError as error:
                raise OutputError(f"cannot read the segment {path}: {error.strerror}") from error


def _source(film: FilmInfo, pts: int, pattern: Pattern) -> Path | None:
    """The still that a frame was, where a still of the pattern can take its metadata."""
    if film.sequence is None:
        return None
    found = still_of_frame(film, pts)
    return found if shares_metadata(KINDS[found.suffix.lower()], pattern.kind) else None
