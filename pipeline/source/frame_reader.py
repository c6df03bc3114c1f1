"""The frames of a film, whole or in parts: luma planes at native depth, with their integer pts.

A part is reached by seeking and proved by the film's `Timeline`: a frame is handed out only where its pts and
its luma hash are those of the first pass. Where they are not (an open GOP's leading pictures, an index that
points too late), the reader starts again from further back, at last from the film's beginning.

Frame threads do not decode damaged data alike twice. So a reader that meets damage goes on with one thread,
and what it hands out is the same in every run.
"""

from collections import deque
from collections.abc import Iterator
from itertools import dropwhile
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import xxhash
from av import VideoFrame

from pipeline.errors import SourceError
from pipeline.fields import FieldReader
from pipeline.media import FilmInfo, Frame, PixelFormat, Plane
from pipeline.source.chroma_planes import chroma_planes_of
from pipeline.source.decoder import Fault, PictureSource
from pipeline.source.deinterlace import NEEDED_BEFORE_FRAMES, deinterlaced
from pipeline.source.luma_planes import describe_pixels, luma_plane
from pipeline.source.open_film import RAW_STREAMS
from pipeline.source.tag_reader import TagReader
from pipeline.support.table import cure
from pipeline.timeline import Timeline

_RISING = (
    "`ffmpeg -i FILM -map 0 -c copy -bsf:v \"setts=ts='max(PTS,PREV_OUTPTS+1)'\" NEW.mkv` makes its times rise, where "
    "its codec has no B-frames; else save its frames as numbered stills and give them a rate"
)

_COUNTED = "it is a raw stream, whose frames are counted where their rate is given: rate: 24 (or 16, 18, 25) would work"


class _Attempt(NamedTuple):
    """A way to reach a frame: seek this many frames before it (None: the film's beginning)."""

    frames_before: int | None
    threads: bool


_ATTEMPTS = (
    _Attempt(0, threads=True),
    _Attempt(48, threads=True),
    _Attempt(300, threads=True),
    _Attempt(None, threads=True),
    _Attempt(300, threads=False),
    _Attempt(None, threads=False),
)
_DECODE_ON_FRAMES = 24
"""A part that begins this close after the reader's position is reached by decoding on, not by seeking."""
_DAMAGE_DELAY_FRAMES = 16
"""Damage in a picture shows when it is shown; the B-frames that lean on it, at most so many, come earlier."""


def luma_hash(plane: Plane) -> int:
    """XXH3-64 of a plane's bytes, rows joined, little endian: the proof kept in a `Timeline`."""
    return xxhash.xxh3_64_intdigest(np.ascontiguousarray(plane).data)


class FrameReader:
    """Reads a film's frames; open it with `with`, use it from one thread at a time."""

    def __init__(self, film: FilmInfo, *, timeline: Timeline | None = None) -> None:
        """`timeline` is needed for `read` only. Raises SourceError when the film cannot be opened."""
        self._film = film
        self._timeline = timeline
        self._source = PictureSource(film)
        self._fields = FieldReader(film)
        self._running: Iterator[VideoFrame] | None = None
        self._next_number = 0
        self._tags: TagReader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the film; the reader cannot be used afterwards."""
        self._running = None
        self._source.close()

    @property
    def faults(self) -> list[Fault]:
        """Damage met so far, in order: (pts, or None where the packet has none; the decoder's message).

        `frames` finds all of it; `read` finds what lies on its way."""
        return list(self._source.faults)

    def frames(
        self, *, chroma_every: int = 0, is_damaged: bool = False, tags: TagReader | None = None
    ) -> Iterator[Frame]:
        """Every frame of the film in presentation order, from its beginning; ends where a cut-off file ends.

        Of so many frames as `chroma_every` says the first comes with the film's own colour; 0: none. A film that is
        known to be damaged is decoded with one thread. `tags` looks at every picture as it was decoded.

        Raises SourceError for a frame without a time, times that do not increase, a change of size, of depth, or from
        grey to colour, a film without frames.
        """
        self._running, self._tags = None, tags
        last: int | None = None
        number = 0
        for picture in self._undamaged_or_repeatable(threads=not (is_damaged or self._source.is_damaged)):
            pts = picture.pts
            if pts is None:
                advice = _COUNTED if self._film.container in RAW_STREAMS else cure("no-times")
                raise SourceError(f"{self._film.path}: frame {number} has no time; {advice}")
            if last is not None and pts <= last:
                raise SourceError(
                    f"{self._film.path}: frame {number} has pts {pts}, which does not come after the "
                    f"{last} of the frame before; {_RISING if pts == last else cure('no-times')}"
                )
            with_chroma = chroma_every > 0 and number % chroma_every == 0
            yield self._take(picture, pts, number, chroma=with_chroma)
            last = pts
            number += 1
        if number == 0:
            raise SourceError(
                f"{self._film.path}: no frame can be decoded; another copy of the film is needed"
            )

    def read(self, start: int, end: int, *, chroma: bool = False) -> Iterator[Frame]:
        """Frames `[start, end)` of the timeline, each proved to be that very frame; with `chroma`, with its own colour.

        Goes on without seeking where the reader already stands at `start` or just before it. Raises
        SourceError when a frame cannot be decoded as it was when the timeline was made; ValueError without a
        timeline or for frames that it does not have.
        """
        timeline = self._timeline
        if timeline is None:
            raise ValueError("reading a part of a film needs its timeline")
        if not 0 <= start <= end <= len(timeline):
            raise ValueError(f"frames [{start}, {end}) are not in a film of {len(timeline)} frames")
        number, attempts = start, iter(_ATTEMPTS)
        near = 0 <= start - self._next_number <= _DECODE_ON_FRAMES
        running = self._running if near else None
        while number < end:
            if running is None:
                running = self._start(number, attempts)
            self._running = running
            for frame in self._proved(running, number, end, chroma=chroma):
                number, attempts = number + 1, iter(_ATTEMPTS)
                self._next_number = number
                yield frame
            if number < end:
                self._running = running = None

    def _proved(
        self, running: Iterator[VideoFrame], number: int, end: int, *, chroma: bool
    ) -> Iterator[Frame]:
        """Frames from `number` on while they are those of the timeline; earlier ones are passed over."""
        assert self._timeline is not None
        while number < end:
            expected = int(self._timeline.pts[number])
            picture = next((p for p in running if p.pts is not None and p.pts >= expected), None)
            if picture is None or picture.pts != expected:
                return
            frame = self._take(picture, expected, number, chroma=chroma)
            if luma_hash(frame.luma) != int(self._timeline.luma_hash[number]):
                return
            yield frame
            number += 1

    def _start(self, number: int, attempts: Iterator[_Attempt]) -> Iterator[VideoFrame]:
        """Pictures from some way before frame `number` on, by the next of the attempts.

        With one thread they are watched, as they were when the film was planned: a decoder that watches mends
        damage otherwise than one that does not.
        """
        assert self._timeline is not None
        pts = int(self._timeline.pts[number])
        for before, threads in attempts:
            if threads and self._source.is_damaged:
                continue
            if before is not None and self._film.is_deinterlaced:
                before += NEEDED_BEFORE_FRAMES
            if before is None or before >= number:
                return self._pictures(seek_pts=None, threads=threads, watched=not threads)
            seek_pts = int(self._timeline.pts[number - before])
            return self._pictures(seek_pts=seek_pts, threads=threads, watched=not threads)
        raise SourceError(
            f"{self._film.path}: frame {number} (pts {pts}) does not decode as it did when the film was "
            "planned; the file changed since, or cannot be decoded twice alike: plan it again"
        )

    def _pictures(
        self, *, seek_pts: int | None, threads: bool, watched: bool = False
    ) -> Iterator[VideoFrame]:
        pictures = self._source.pictures(seek_pts=seek_pts, threads=threads, watched=watched)
        pictures = pictures if self._tags is None else self._tags.watch(pictures, is_damaged=not threads)
        return deinterlaced(pictures, self._film) if self._film.is_deinterlaced else pictures

    def _undamaged_or_repeatable(self, *, threads: bool) -> Iterator[VideoFrame]:
        """The whole film: with threads, if any, up to the first damage, with one thread from there on."""
        held: deque[VideoFrame] = deque()
        last: int | None = None
        for picture in self._pictures(seek_pts=None, threads=threads, watched=True):
            if threads and self._source.is_damaged:
                break
            held.append(picture)
            if len(held) > (_DAMAGE_DELAY_FRAMES if self._source.reorders else 0):
                last = held[0].pts
                yield held.popleft()
        if not threads or not self._source.is_damaged:
            yield from held
            return
        held.clear()
        again = self._pictures(seek_pts=None, threads=False, watched=True)
        yield from dropwhile(lambda p: last is not None and p.pts is not None and p.pts <= last, again)

    def _take(self, picture: VideoFrame, pts: int, number: int, *, chroma: bool) -> Frame:
        film, name = self._film, picture.format.name
        is_like = (picture.width, picture.height) == (film.width, film.height)
        if name != film.pixel_format.name:
            is_like &= _holds_the_same(film.pixel_format, describe_pixels(name))
        if not is_like:
            raise SourceError(
                f"{film.path}: frame {number} (pts {pts}) is {picture.width}x{picture.height} {name}, the "
                f"film began as {film.width}x{film.height} {film.pixel_format.name}; {cure('changing')}"
            )
        fields = "progressive" if film.is_deinterlaced else self._fields.fields(picture)
        return Frame(
            pts=pts,
            luma=luma_plane(picture),
            is_interlaced=fields != "progressive",
            is_top_field_first=fields == "top",
            chroma=chroma_planes_of(picture, film) if chroma else None,
        )


def _holds_the_same(film: PixelFormat, picture: PixelFormat) -> bool:
    """Whether a picture of another format has the film's depth, and colour only where the film has a place for it."""
    if film.depth != picture.depth or "rgb" in (film.chroma, picture.chroma):
        return (film.depth, film.chroma) == (picture.depth, picture.chroma)
    return film.chroma != "gray" or picture.chroma == "gray"
