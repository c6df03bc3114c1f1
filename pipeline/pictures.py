"""The decoder's pictures of a film, from its beginning or from a seek on: PyAV and its corner cases.

Nothing is proved here; `pipeline.decode` asks for pictures and decides which to believe.
"""

from collections.abc import Iterator

import av
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from pipeline.errors import SourceError
from pipeline.media import FilmInfo

Fault = tuple[int | None, str]
"""Damage: pts of the packet or the picture (None where it has none), and what the decoder said."""


class PictureSource:
    """The decoded pictures of one film, one run of `pictures` at a time: a new one ends the one before."""

    def __init__(self, film: FilmInfo) -> None:
        self._film = film
        self._run = 0
        self._container: InputContainer | None = None
        self._is_fresh = False
        self._threads = True
        self.is_damaged = False
        """Whether any run met damage."""
        self.faults: list[Fault] = []
        """The damage met by runs with one thread, which say exactly where it is."""
        self._open(threads=True)

    @property
    def reorders(self) -> bool:
        """Whether pictures are coded in another order than they are shown in (B-frames)."""
        return self._stream.codec_context.has_b_frames

    def close(self) -> None:
        """Close the film and end the run."""
        self._run += 1
        if self._container is not None:
            self._container.close()
            self._container = None

    def pictures(self, *, seek_pts: int | None, threads: bool) -> Iterator[av.VideoFrame]:
        """Pictures in presentation order, from the key frame at or before `seek_pts`, or from the beginning.

        A picture's `pts` is None only where FFmpeg has no guess either. Damaged packets are passed over and
        noted. A seek may land anywhere, or nowhere: then the run is empty or begins late.
        """
        if threads != self._threads or self._container is None or (seek_pts is None and not self._is_fresh):
            self._open(threads=threads)
        container, stream = self._container, self._stream
        assert container is not None
        self._run += 1
        run = self._run
        self._is_fresh = False
        if seek_pts is not None:
            try:
                container.seek(seek_pts, stream=stream)
            except av.error.FFmpegError:
                self.close()
                return
        for packet in self._packets(container, stream):
            for picture in self._decode(stream, packet):
                if picture.pts is None:
                    picture.pts = picture.dts
                if picture.is_corrupt:
                    self._note(picture.pts, "decoded with errors")
                yield picture
                if run != self._run:
                    raise RuntimeError(
                        f"{self._film.path}: the reader has moved on, this run of frames is over"
                    )

    def _open(self, *, threads: bool) -> None:
        self.close()
        path = self._film.path
        try:
            container = av.open(str(path.absolute()), metadata_errors="replace")
        except (av.error.FFmpegError, OSError) as error:
            raise SourceError(f"{path}: cannot be opened any more ({error}); put the film back") from error
        pictures = {stream.index: stream for stream in container.streams.video}
        if self._film.video_index not in pictures:
            container.close()
            raise SourceError(
                f"{path}: changed since it was examined: stream {self._film.video_index} is no video"
            )
        for other in container.streams:
            other.discard = Discard.default if other.index == self._film.video_index else Discard.all
        self._container, self._stream = container, pictures[self._film.video_index]
        self._stream.thread_type = "AUTO" if threads else "NONE"
        if not threads:
            self._stream.codec_context.thread_count = 1
        self._threads, self._is_fresh = threads, True

    def _packets(
        self, container: InputContainer, stream: VideoStream
    ) -> Iterator["av.Packet[VideoStream] | None"]:
        """The packets with data, then None to flush. A read error ends the film like a cut-off file."""
        try:
            for packet in container.demux(stream):
                # empty packets (dropped frames in AVI) would end the decoding
                if packet.size:
                    yield packet
        except av.error.FFmpegError as error:
            self._note(None, f"reading broke off: {error.strerror}")
        yield None

    def _decode(self, stream: VideoStream, packet: "av.Packet[VideoStream] | None") -> list[av.VideoFrame]:
        try:
            return stream.codec_context.decode(packet)
        except av.error.BlockingIOError as error:
            raise SourceError(
                f"{self._film.path}: the decoder is stuck ({error}); it cannot be decoded"
            ) from error
        except av.error.FFmpegError as error:
            self._note(None if packet is None else packet.pts, error.strerror or type(error).__name__)
            return []

    def _note(self, pts: int | None, message: str) -> None:
        self.is_damaged = True
        if not self._threads and (pts, message) not in self.faults:
            self.faults.append((pts, message))
