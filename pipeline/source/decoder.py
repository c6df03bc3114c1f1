"""Decodes the pictures of a film from its beginning or from a seek on, and handles the corner cases of PyAV.

Which of them are the right frames is for `pipeline.source.frame_reader` to check.
"""

from collections.abc import Iterator

import av
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from pipeline.errors import SourceError
from pipeline.limits import FrameLimits
from pipeline.media import FilmInfo
from pipeline.read_monitor import board
from pipeline.source.decoding_times import DecodingClock, has_decoding_times_only
from pipeline.source.ffmpeg_log import ERROR, errors_in, listening, unheard
from pipeline.source.open_film import open_film, still_of_frame
from pipeline.source.open_media import read_packets, set_up_decoder
from pipeline.stills.exr import FLOAT_FORMATS, coded_picture

Fault = tuple[int | None, str]
"""Damage: (pts of the packet or picture, None where it has none; the decoder's message)."""
_STRICT = "crccheck+bitstream+buffer+explode"
"""FFmpeg's `err_detect` with which a decoder reports damage and gives no picture for it."""
_LENIENT = "crccheck+bitstream+buffer"
"""`err_detect` with which a decoder logs damage and conceals it."""


class PictureSource:
    """Decodes one film, one run of `pictures` at a time: starting a run ends the one before."""

    def __init__(self, film: FilmInfo) -> None:
        """Opens the film. Raises SourceError where it cannot be opened, or is no longer the film that was described."""
        self._film = film
        self._run = 0
        self._container: InputContainer | None = None
        self._is_fresh = False
        self._threads, self._watched = True, False
        self.is_damaged = False
        """Whether any run met damage."""
        self.newest_pts: int | None = None
        """The latest time of the run's packets that are to be shown; None where they have none of their own."""
        self.faults: list[Fault] = []
        """The damage met by runs with one thread; only these can say where it is."""
        self._tracker = board().open(film.path, film.limits)
        try:
            self._open(threads=True)
        except BaseException:
            self._tracker.close()
            raise

    @property
    def reorders(self) -> bool:
        """Whether the film has B-frames, so that pictures are coded in another order than they are shown."""
        return self._stream.codec_context.has_b_frames

    def close(self) -> None:
        """Closes the film and ends the run."""
        self._shut()
        self._tracker.close()

    def pictures(
        self, *, seek_pts: int | None, threads: bool, watched: bool = False
    ) -> Iterator[av.VideoFrame]:
        """Yields pictures in presentation order, from the key frame at or before `seek_pts`, or from the beginning.

        The `pts` of a picture is None only where FFmpeg cannot guess it either. Damaged packets are skipped and
        recorded in `faults`. A seek may land late or fail: then the run begins late or is empty. Raises SourceError
        for the frame that exceeds the film's limits, RuntimeError for a run that another one has ended.

        A run that is `watched` also finds damage that a decoder would conceal without an error. With threads such a
        run is valid up to the first fault only, where the decoder drops the picture; with one thread the decoder
        conceals the damage and reports it.
        """
        if self._film.is_counted and seek_pts is not None:
            return  # its pictures are counted from the first one on
        if self._is_other(threads, watched) or (seek_pts is None and not self._is_fresh):
            self._open(threads=threads, watched=watched)
        container, stream, tracker = self._container, self._stream, self._tracker
        limits = FrameLimits(self._film.limits, name=str(self._film.path), time_base=self._film.time_base)
        assert container is not None
        tracker.busy()
        self._run += 1
        run = self._run
        self._is_fresh = False
        if seek_pts is not None:
            try:
                container.seek(seek_pts, stream=stream)
            except av.error.FFmpegError:
                self._shut()
                return
        number, clock = 0, DecodingClock()
        self.newest_pts = None
        for packet in self._packets(container, stream):
            self._see(packet)
            for picture in self._decode(stream, packet):
                if self._film.is_counted:
                    picture.pts, picture.time_base = number, self._film.time_base
                    number += 1
                elif self._has_decoding_times_only:
                    picture.pts = clock.time(picture.dts)
                elif picture.pts is None:
                    picture.pts = picture.dts
                if picture.format.name in FLOAT_FORMATS:
                    picture = coded_picture(picture, name=str(still_of_frame(self._film, picture.pts)))
                if picture.is_corrupt:
                    self._note(picture.pts, "decoded with errors")
                limits.take(picture.pts)
                tracker.frame(picture.pts)
                tracker.idle()
                yield picture
                tracker.busy()
                if run != self._run:
                    raise RuntimeError(
                        f"{self._film.path}: the reader has moved on, this run of frames is over"
                    )
        tracker.idle()

    def _shut(self) -> None:
        """Closes container and decoder, and ends the run."""
        self._run += 1
        if self._container is not None:
            with unheard():
                self._container.close()
                self._container = None
                del self._stream  # with which its decoder goes

    def _is_other(self, threads: bool, watched: bool) -> bool:
        return self._container is None or (threads, watched) != (self._threads, self._watched)

    def _open(self, *, threads: bool, watched: bool = False) -> None:
        self._shut()
        self._tracker.busy()
        path = self._film.path
        try:
            container = open_film(self._film)
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
        self._has_decoding_times_only = has_decoding_times_only(container, self._stream)
        self._stream.thread_type = "AUTO" if threads else "NONE"
        if not threads:
            self._stream.codec_context.thread_count = 1
        watching = {"err_detect": _STRICT if threads else _LENIENT} if watched else {}
        set_up_decoder(self._stream.codec_context, most_pixels=self._film.limits.pixels, options=watching)
        self._tracker.idle()
        self._threads, self._watched, self._is_fresh = threads, watched, True

    def _packets(
        self, container: InputContainer, stream: VideoStream
    ) -> Iterator["av.Packet[VideoStream] | None"]:
        """Yields the packets with data, then None to flush the decoder. A read error counts as the end of the film."""
        try:
            for packet in read_packets(container, stream):
                # empty packets (dropped frames in AVI) would end the decoding
                if packet.size:
                    yield packet
        except av.error.FFmpegError as error:
            self._note(None, f"reading broke off: {error.strerror}")
        yield None

    def _see(self, packet: "av.Packet[VideoStream] | None") -> None:
        if packet is None or packet.pts is None or packet.is_discard:
            return
        if not self._has_decoding_times_only and not self._film.is_counted:
            self.newest_pts = packet.pts if self.newest_pts is None else max(self.newest_pts, packet.pts)

    def _decode(self, stream: VideoStream, packet: "av.Packet[VideoStream] | None") -> list[av.VideoFrame]:
        try:
            if self._watched and not self._threads:
                return self._watch(stream, packet)
            return stream.codec_context.decode(packet)
        except av.error.BlockingIOError as error:
            raise SourceError(
                f"{self._film.path}: the decoder is stuck ({error}); it cannot be decoded"
            ) from error
        except av.error.MemoryError as error:
            where = "at its end" if packet is None else f"at pts {packet.pts}"
            raise SourceError(
                f"{self._film.path}: no memory for what the decoder asks for {where}; the film is damaged "
                "there, or memory is short"
            ) from error
        except av.error.FFmpegError as error:
            self._note(self._time(packet), error.strerror or type(error).__name__)
            return []

    def _watch(self, stream: VideoStream, packet: "av.Packet[VideoStream] | None") -> list[av.VideoFrame]:
        """Decodes a packet and records what the decoder logs as an error."""
        with listening(ERROR) as log:
            pictures = stream.codec_context.decode(packet)
        for message in errors_in(log)[:1]:
            self._note(self._time(packet), message)
        return pictures

    def _time(self, packet: "av.Packet[VideoStream] | None") -> int | None:
        return None if packet is None or self._film.is_counted else packet.pts

    def _note(self, pts: int | None, message: str) -> None:
        self.is_damaged = True
        if not self._threads and (pts, message) not in self.faults:
            self.faults.append((pts, message))
