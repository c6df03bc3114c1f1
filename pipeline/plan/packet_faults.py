"""Finds damage before anything is decoded, by reading every packet of the picture once.

It finds incomplete packets, FFV1 slices whose CRC fails, places where the demuxer lost its way and searched for the
next packet, and files that end early. Decoders and demuxers pass over all of these.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import av
import av.error
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from pipeline.errors import SourceError
from pipeline.media import FilmInfo
from pipeline.plan.damage import Damage
from pipeline.plan.ffv1_crc import broken_slices, has_slice_crc
from pipeline.plan.truncation import missing_bytes
from pipeline.progress import StageProgress
from pipeline.read_monitor import ReadTracker, reading
from pipeline.source.decoding_times import has_decoding_times_only, shown_times
from pipeline.source.ffmpeg_log import ERROR, errors_in, listening
from pipeline.source.open_film import open_film
from pipeline.source.open_media import read_packets


@dataclass(frozen=True, kw_only=True)
class PacketScan:
    """What a scan of the packets found."""

    damage: tuple[Damage, ...]
    """In the order of the packets."""
    pts: Sequence[int]
    """Of the packets that are to be shown and have a time, in their order."""


def scan_packets(film: FilmInfo, *, progress: StageProgress | None = None) -> PacketScan:
    """Reads all packets of the film and reports the stage `packets`.

    Raises SourceError where the file cannot be opened. No other thread of the process may decode
    meanwhile, see `ffmpeg_log`.
    """
    pts = array("q")
    missing = missing_bytes(film.path) if film.sequence is None else 0
    try:
        with reading(film.path, film.limits) as tracker, open_film(film) as container:
            pictures = {stream.index: stream for stream in container.streams.video}
            if film.video_index not in pictures:
                raise SourceError(f"{film.path}: stream {film.video_index} is no video any more")
            for other in container.streams:
                other.discard = Discard.default if other.index == film.video_index else Discard.all
            picture = pictures[film.video_index]
            found = list(_scan(container, picture, pts, progress, tracker))
            if has_decoding_times_only(container, picture) and pts:
                pts = shown_times(pts, delay=picture.codec_context.reorder_depth)
            if film.is_counted:  # packets have other times than the pictures, which are counted
                found, pts = [replace(damage, pts=None) for damage in found], array("q")
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"{film.path}: cannot be opened any more ({error}); put the film back") from error
    if missing:
        message = f"the file is cut off, {missing:,} bytes are missing"
        found.append(Damage(pts=None, fault="broken off", told=message))
    return PacketScan(damage=tuple(found), pts=pts)


def _scan(
    container: InputContainer,
    stream: VideoStream,
    shown_pts: "array[int]",
    progress: StageProgress | None,
    tracker: ReadTracker,
) -> Iterator[Damage]:
    """The damage in the order of the packets; adds the times of packets to `shown_pts`."""
    context = stream.codec_context
    has_crc = context.name == "ffv1" and has_slice_crc(context.extradata or b"")
    is_decoded_in_order = has_decoding_times_only(container, stream)
    last: int | None = None
    count = 0
    packets = read_packets(container, stream)
    while True:
        with listening(ERROR) as log:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                yield Damage(pts=last, fault="broken off", told=f"reading broke off: {error.strerror}")
                return
        for message in errors_in([line for line in log if line[1] == container.format.name])[:1]:
            yield Damage(pts=last, fault="file", told=message)
        if packet is None:
            return
        if not packet.size:
            continue
        pts = packet.pts if packet.pts is not None else packet.dts
        tracker.frame(pts)
        time = packet.dts if is_decoded_in_order else packet.pts
        if time is not None and not packet.is_discard:
            shown_pts.append(time)
        last = pts if last is None or (pts is not None and pts > last) else last
        if packet.is_corrupt:
            yield Damage(pts=pts, fault="concealed", told="the file holds only a part of it")
        failed = broken_slices(bytes(packet)) if has_crc else None
        if failed is not None:
            yield Damage(pts=pts, fault="crc", told=failed)
        count += 1
        if progress is not None:
            progress("packets", count, None)
