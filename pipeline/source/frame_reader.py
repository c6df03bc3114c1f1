"""Reads the frames of a film, all or a range: luma planes at the film's depth, with their integer pts.

A range is reached by seeking and checked against the film's `Timeline`: a frame is returned only if its pts and its
luma hash are those of the first pass. If they are not (leading pictures of an open GOP, an index that points too
late), the reader starts again from further back, in the end from the beginning of the film.

Decoders with frame threads do not decode damaged data the same way twice. So a reader that meets damage goes on with
one thread, and the frames are the same in every run.
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
from pipeline.media import FilmInfo, Frame, Plane
from pipeline.source.chroma_planes import chroma_planes_of
from pipeline.source.decoder import Fault, PictureSource
from pipeline.source.deinterlace import NEEDED_BEFORE_FRAMES, deinterlaced
from pipeline.source.luma_planes import describe_pixels, holds_the_same, luma_plane
from pipeline.source.open_film import RAW_STREAMS
from pipeline.source.tag_reader import TagReader
from pipeline.support.table import cure
from pipeline.timeline import Timeline

_RISING = (
    "`ffmpeg -i FILM -map 0 -c copy -bsf:v \"setts=ts='max(PTS,PREV_OUTPTS+0.001/TB)'\" NEW.mkv` makes its times rise, "
    f"where its codec has no B-frames; else {cure('no-times')}"
)

_COUNTED = "it is a raw stream, whose frames are counted where their rate is given: rate: 24 (or 16, 18, 25) would work"


class _Attempt(NamedTuple):
    """One way to reach a frame."""

    frames_before: int | None
    """How far before the frame to seek; None: decode from the beginning of the film."""
    threads: bool
    """Whether the decoder may use threads."""


_ATTEMPTS = (
    _Attempt(0, threads=True),
    _Attempt(48, threads=True),
    _Attempt(300, threads=True),
    _Attempt(None, threads=True),
    _Attempt(300, threads=False),
    _Attempt(None, threads=False),
)
_DECODE_ON_FRAMES = 24
"""A range that begins at most so far ahead of the reader is reached by decoding on, not by seeking."""
_LEAST_ROOM = (
    0.75  # of a frame's duration, for another frame behind the last; the second field of one has less
)
_DAMAGE_DELAY_FRAMES = 16
"""At most so many B-frames that refer to a damaged picture come out of the decoder before it."""


def luma_hash(plane: Plane) -> int:
    """XXH3-64 of the bytes of a plane (H, W), rows joined, little endian, as a `Timeline` keeps it."""
    return xxhash.xxh3_64_intdigest(np.ascontiguousarray(plane).data)


class FrameReader:
    """Reads the frames of a film; to be closed, and used by one thread at a time."""

    def __init__(self, film: FilmInfo, *, timeline: Timeline | None = None) -> None:
        """Opens the film; only `read` needs a `timeline`. Raises SourceError where the film cannot be opened."""
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
        """Closes the film; the reader cannot be used afterwards."""
        self._running = None
        self._source.close()

    @property
    def faults(self) -> list[Fault]:
        """Damage met so far, in the order of decoding: (pts, decoder's message); pts is None where the packet has none.

        `frames` meets all damage of the film, `read` only what lies on its way.
        """
        return list(self._source.faults)

    def frames(
        self, *, chroma_every: int = 0, is_damaged: bool = False, tags: TagReader | None = None
    ) -> Iterator[Frame]:
        """Yields every frame of the film in presentation order, up to the point where a truncated file ends.

        Frames 0, n, 2n, … come with the film's own chroma, where n is `chroma_every`; 0: none do. A film that
        `is_damaged` is decoded with one thread. `tags` is shown every picture as it was decoded.

        Raises SourceError for a frame without a time, times that do not increase, a change of size, of depth, or from
        grey to colour, and for a film without frames.
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
        """Yields frames `[start, end)` of the timeline, each with the pts and luma hash that the timeline has for it.

        With `chroma` they come with the film's own chroma. Does not seek where the reader stands at `start` or at
        most 24 frames before it. Raises SourceError where a frame does not decode as it did when the timeline was
        made; ValueError without a timeline, or for frames that it does not have.
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
        """Yields frames from `number` on as long as they match the timeline; skips earlier ones."""
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
        """Pictures from before frame `number` on, by the next of the attempts; SourceError where none is left.

        With one thread they are `watched`, as in the first pass: a decoder that looks for damage conceals it in
        another way than one that does not.
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
        """All pictures of the film: with threads, if allowed, up to the first damage, from there on with one thread."""
        held: deque[VideoFrame] = deque()
        last: int | None = None
        end: tuple[int | None, ...] = (None, None)  # times of the last two pictures
        for picture in self._pictures(seek_pts=None, threads=threads, watched=True):
            if threads and self._source.is_damaged:
                break
            end = (end[1], picture.pts)
            held.append(picture)
            if len(held) > (_DAMAGE_DELAY_FRAMES if self._source.reorders else 0):
                last = held[0].pts
                yield held.popleft()
        if not threads or not (self._source.is_damaged or self._lacks_its_end(*end)):
            yield from held
            return
        held.clear()
        again = self._pictures(seek_pts=None, threads=False, watched=True)
        yield from dropwhile(lambda p: last is not None and p.pts is not None and p.pts <= last, again)

    def _lacks_its_end(self, before: int | None, last: int | None) -> bool:
        """Whether a packet behind the last pictures gave none: with threads FFmpeg passes over faults at the end."""
        newest = self._source.newest_pts
        if newest is None or last is None:
            return False
        return newest - last >= _LEAST_ROOM * (1 if before is None else last - before)

    def _take(self, picture: VideoFrame, pts: int, number: int, *, chroma: bool) -> Frame:
        """The Frame of a decoded picture; SourceError where its size or format is not the film's."""
        film, name = self._film, picture.format.name
        is_like = (picture.width, picture.height) == (film.width, film.height)
        if name != film.pixel_format.name:
            is_like &= holds_the_same(film.pixel_format, describe_pixels(name))
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
