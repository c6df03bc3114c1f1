"""Reads short runs of frames from places all over a film, without decoding what lies between them."""

import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from av import VideoFrame

from pipeline.errors import SourceError
from pipeline.media import FilmInfo, Shot
from pipeline.plan.borders import BorderFinder
from pipeline.plan.shots import ShotFinder, ShotSettings, small_luma
from pipeline.source.decoder import PictureSource
from pipeline.source.frame_reader import luma_hash
from pipeline.source.luma_planes import luma_plane
from pipeline.timeline import Timeline

GAP_TICKS = 64
"""At least so many ticks of the film's clock lie between two excerpts."""
_LEAST_FRAMES = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Excerpt:
    """Frames that follow each other, from a key frame on where the film can be sought."""

    timeline: Timeline
    shots: tuple[Shot, ...]
    """Tile the excerpt; the first and the last one may go on outside of it."""
    seconds: float
    """What it took to decode, to hash and to look at."""


def read_excerpts(
    film: FilmInfo, *, places: int, frames: int, seconds: float, shot_settings: ShotSettings
) -> tuple[Excerpt, ...]:
    """Excerpts of at most `frames` frames from `places` places that divide the film evenly, in order.

    An excerpt ends early after `seconds`, where it runs into the next place, and where the picture's format changes.
    Places that cannot be reached are passed over; of a film whose length the header does not tell, there is only its
    beginning. Raises SourceError where nothing can be decoded at all.
    """
    source = PictureSource(film)
    try:
        found: list[Excerpt] = []
        for seek_pts in _places(film, places):
            after = None if not found else int(found[-1].timeline.pts[-1]) + GAP_TICKS
            excerpt = _read(source, film, seek_pts, after, frames, seconds, shot_settings)
            if excerpt is not None:
                found.append(excerpt)
        if not found:
            excerpt = _read(source, film, None, None, frames, seconds, shot_settings)
            if excerpt is None:
                raise SourceError(f"{film.path}: no frame can be decoded; another copy of the film is needed")
            found.append(excerpt)
    finally:
        source.close()
    return tuple(found)


def _places(film: FilmInfo, count: int) -> Iterator[int]:
    """Times, in the middle of each of `count` equal parts."""
    length = film.duration_seconds_from_header
    if length is None:
        return
    begin = film.video.start_pts or 0
    for number in range(count):
        yield begin + round(length * (2 * number + 1) / (2 * count) / film.time_base)


def _read(
    source: PictureSource,
    film: FilmInfo,
    seek_pts: int | None,
    after: int | None,
    frames: int,
    seconds: float,
    shot_settings: ShotSettings,
) -> Excerpt | None:
    started = time.monotonic()
    finder, borders = ShotFinder(shot_settings), BorderFinder()
    pts, hashes = array("q"), array("Q")
    for picture in islice(_usable(source, film, seek_pts), frames):
        assert picture.pts is not None
        if after is not None and picture.pts <= after:  # the seek landed in the excerpt before
            return None
        luma = luma_plane(picture)
        pts.append(picture.pts)
        hashes.append(luma_hash(luma))
        small = small_luma(luma, depth=film.pixel_format.depth)
        finder.push(small)
        borders.push(small)
        if len(pts) >= _LEAST_FRAMES and time.monotonic() - started > seconds:
            break
    if not pts:
        return None
    return Excerpt(
        timeline=Timeline(pts=np.array(pts, np.int64), luma_hash=np.array(hashes, np.uint64)),
        shots=borders.finish(finder.finish()),
        seconds=time.monotonic() - started,
    )


def _usable(source: PictureSource, film: FilmInfo, seek_pts: int | None) -> Iterator[VideoFrame]:
    """Pictures with rising times, from the key frame at the place on, while they look as the header says."""
    last: int | None = None
    for picture in source.pictures(seek_pts=seek_pts, threads=True):
        if picture.pts is None or (last is not None and picture.pts <= last):
            return
        if (picture.width, picture.height, picture.format.name) != (
            film.width,
            film.height,
            film.pixel_format.name,
        ):
            return
        last = picture.pts
        yield picture
