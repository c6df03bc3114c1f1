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
import numpy as np

from pipeline.atomic_files import partial_path, publish_folder
from pipeline.color.chroma_siting import place_at_luma
from pipeline.color.colorimetry import Floats, chroma_scale, chroma_to_rgb, luma_coefficients
from pipeline.errors import OutputError
from pipeline.media import FilmInfo, PixelFormat, Plane
from pipeline.output.constant_rate import check_even
from pipeline.output.containers import check_container
from pipeline.output.mux import MuxReport
from pipeline.output.stills_write import StillFrame, write_still_frame
from pipeline.render.packet_sink import open_segment, ticks
from pipeline.render.render import OutputPicture, convert_luma
from pipeline.source.chroma_planes import chroma_planes
from pipeline.source.luma_planes import luma_plane
from pipeline.source.open_film import still_of_frame
from pipeline.still_pattern import KINDS, Pattern, stills_in
from pipeline.stills.dpx import DEPTHS
from pipeline.target import Target
from pipeline.timeline import Timeline

_log = logging.getLogger(__name__)

Progress = Callable[[int], None]
"""Told how many stills are written."""
_DEPTHS = {"dpx": DEPTHS, "exr": (16,), "png": (8, 16), "tiff": (8, 16)}
"""Bits of a sample; light in OpenEXR stands for 16."""
_BT709 = luma_coefficients("bt709")


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
    progress: Progress = lambda done: None,
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
            luma, cb, cr, depth = _samples(frame, own, picture, output)
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
            progress(done)
        if done != len(timeline):
            raise OutputError(f"cannot write {output}: {done} frames arrived, the film has {len(timeline)}")
        if beyond.frames:
            _log.warning(
                "%s: %s; stills have no place for it, a film (.mkv) would keep it", film.path.name, beyond
            )
        report = MuxReport(kept=(), converted=plan.converted + tuple(notes), lost=plan.lost)
        before_publish(partial / output.path.name, report)
    return report


def stills_picture(picture: OutputPicture, output: Target) -> OutputPicture:
    """The picture in the stills of a pattern: full range, BT.709's luma, a depth that holds the rendered one."""
    depths = _DEPTHS[output.pattern.kind]
    depth = next(depth for depth in depths if depth >= picture.pixel_format.depth)
    name = {8: "rgb24", 16: "rgb48le"}.get(depth, f"gbrp{depth}le")
    color = replace(picture.color, range="full", matrix="bt709", chroma_site="unspecified")
    return replace(picture, pixel_format=PixelFormat(name=name, depth=depth, chroma="444"), color=color)


def first_number(film: FilmInfo, start_number: int | None) -> int:
    """The number of the first still: the one asked for, else the source's, else 1."""
    if start_number is not None:
        return start_number
    return 1 if film.sequence is None else film.sequence.first


def foreign_files(output: Target) -> list[str]:
    """Names in the folder of a pattern that are none of its stills, and so would be lost with it; sorted.

    None where the folder is not there. Raises OSError where it cannot be read.
    """
    pattern = output.pattern
    if not pattern.folder.is_dir():
        return []
    own = {pattern.path(number).name for number in stills_in(output.path)}
    return sorted({entry.name for entry in pattern.folder.iterdir()} - own)


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
                    pts = ticks(container, seconds, time_base=film.time_base)
                    if number >= len(timeline) or pts != int(timeline.pts[number]):
                        raise OutputError(f"cannot join {path}: a frame at pts {pts} is not frame {number}")
                    yield frame
                    number += 1
            except av.error.FFmpegError as error:
                raise OutputError(f"cannot read the segment {path}: {error.strerror}") from error


def _samples(
    frame: av.VideoFrame, own: Plane, picture: OutputPicture, output: Target
) -> tuple[Plane, Floats, Floats, int]:
    """Luma of the stills, at their depth and range; Cb and Cr for every sample, BT.709's; and that depth."""
    pixels, wanted = picture.pixel_format, stills_picture(picture, output).pixel_format
    luma = convert_luma(
        own,
        depth=pixels.depth,
        range=picture.color.range,
        to_depth=wanted.depth,
        to_range="full",
    )
    planes = chroma_planes(frame)
    assert planes is not None
    centre, span = chroma_scale(pixels.depth, picture.color.range)
    is_progressive = (picture.all_fields or "progressive") == "progressive" and not frame.interlaced_frame
    cb, cr = (
        place_at_luma(
            (plane.astype(np.float32) - np.float32(centre)) / np.float32(span),
            shape=(picture.height, picture.width),
            site=picture.color.chroma_site,
            chroma=pixels.chroma,
            interlaced=not is_progressive,
        )
        for plane in planes
    )
    return (
        luma,
        *_to_bt709(cb, cr, picture.color.matrix),
        wanted.depth,
    )


def _to_bt709(cb: Floats, cr: Floats, matrix: str) -> tuple[Floats, Floats]:
    """The same colour as differences from BT.709's luma."""
    kr, kb = luma_coefficients(matrix)
    if (kr, kb) == _BT709:
        return cb, cr
    rgb = chroma_to_rgb(np.zeros_like(cb), cb, cr, kr=kr, kb=kb)
    red, blue = _BT709
    luma = rgb @ np.array([red, 1 - red - blue, blue], np.float32)
    return (rgb[..., 2] - luma) / np.float32(2 - 2 * blue), (rgb[..., 0] - luma) / np.float32(2 - 2 * red)


def _source(film: FilmInfo, pts: int, pattern: Pattern) -> Path | None:
    """The still that a frame was, where a still of the pattern can take its metadata."""
    if film.sequence is None:
        return None
    found = still_of_frame(film, pts)
    kinds = {KINDS[found.suffix.lower()], pattern.kind}
    return found if len(kinds) == 1 or kinds == {"png", "tiff"} else None
