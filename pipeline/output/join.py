"""The packets of all segments as one video stream: re-stamped, never coded again.

Presentation times stay the source's. Decoding times are made for the whole film, out of its timeline: the
concat way of adding up durations drifts, and the decoding times of a segment know nothing of its neighbour.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from pipeline.errors import OutputError
from pipeline.render.packet_sink import film_ticks, open_segment
from pipeline.source.open_media import read_packets
from pipeline.timeline import Timeline


@dataclass(frozen=True, kw_only=True)
class CodedVideo:
    """What all segments of a film must have in common."""

    codec: str
    """FFmpeg's name of the codec."""
    width: int
    height: int
    sample_aspect: Fraction
    """As the codec's headers say; 1 where they do not."""
    pixel_format: str | None
    extradata: bytes
    """The codec's headers."""
    reorder_depth: int
    """Frames that a decoder holds back to put B-frames in order."""


def coded_video(container: InputContainer) -> CodedVideo:
    """The properties of the video in an open segment."""
    context = container.streams.video[0].codec_context
    return CodedVideo(
        codec=context.codec.canonical_name,
        width=context.width,
        height=context.height,
        sample_aspect=Fraction(context.sample_aspect_ratio or 1),
        pixel_format=context.pix_fmt,
        extradata=context.extradata or b"",
        reorder_depth=context.reorder_depth,
    )


def joined_packets(
    segments: Sequence[Path], *, timeline: Timeline, time_base: Fraction
) -> "Iterator[Packet[VideoStream]]":
    """Every packet of the segments, in coding order, with pts, dts and duration in units of `time_base`.

    Decoding times strictly increase and none is after its pts. A packet is given before its segment is read
    to the end: only when the iterator ends without an error has every pts of the timeline been seen once, in
    its place. Raises OutputError naming the segment that is coded unlike the first, or whose frames are
    others than the timeline's.
    """
    wanted: CodedVideo | None = None
    done = 0
    for path in segments:
        with open_segment(path) as container:
            found = coded_video(container)
            wanted = wanted or found
            if found != wanted:
                raise OutputError(f"cannot join {path}: {_difference(found, wanted)}, unlike {segments[0]}")
            seen: list[int] = []
            for pts, packet in _packets(container, path, time_base):
                number = done + len(seen)
                seen.append(pts)
                packet.pts = pts
                packet.dts = _decoding_time(timeline, number, delay=wanted.reorder_depth)
                packet.duration = _duration(timeline, pts)
                packet.time_base = time_base
                if packet.dts > pts:
                    raise OutputError(
                        f"cannot join {path}: packet {len(seen) - 1} (pts {pts}) is out of order"
                    )
                yield packet
        _check(path, np.sort(np.array(seen, np.int64)), timeline, done)
        done += len(seen)
    if done != len(timeline):
        raise OutputError(
            f"cannot join {len(segments)} segments: {done} frames, but the film has {len(timeline)}"
        )


def first_times(timeline: Timeline, *, delay: int) -> tuple[int, int]:
    """The pts and dts of the first packet of the joined stream."""
    return int(timeline.pts[0]), _decoding_time(timeline, 0, delay=delay)


def _packets(
    container: InputContainer, path: Path, time_base: Fraction
) -> "Iterator[tuple[int, Packet[VideoStream]]]":
    """The packets of a segment, with their pts in ticks of the film."""
    first = True
    stream = container.streams.video[0]
    unit = Fraction(stream.time_base or 1)
    for packet in read_packets(container, stream):
        if packet.size == 0:
            continue
        if (
            packet.pts is None
            or (pts := film_ticks(container, packet.pts * unit, time_base=time_base)) is None
        ):
            raise OutputError(f"cannot join {path}: a packet has no time that is one of the film's ticks")
        if first and not packet.is_keyframe:
            raise OutputError(f"cannot join {path}: it does not begin with a keyframe")
        first = False
        yield pts, packet


def _decoding_time(timeline: Timeline, number: int, *, delay: int) -> int:
    """The dts of packet `number`: the pts of the frame `delay` earlier, at the start continued backwards."""
    if number >= delay:
        return int(timeline.pts[min(number - delay, len(timeline) - 1)])
    step = int(timeline.pts[1] - timeline.pts[0]) if len(timeline) > 1 else 1
    return int(timeline.pts[0]) - (delay - number) * step


def _duration(timeline: Timeline, pts: int) -> int:
    """Ticks to the next frame; for the last one, as for the one before it."""
    after = int(np.searchsorted(timeline.pts, pts, side="right"))
    after = min(after, len(timeline) - 1)
    return int(timeline.pts[after] - timeline.pts[after - 1]) if after > 0 else 1


def _check(path: Path, pts: npt.NDArray[np.int64], timeline: Timeline, start: int) -> None:
    """OutputError unless the sorted `pts` are those of the timeline from frame `start` on."""
    expected = timeline.pts[start : start + len(pts)]
    if len(pts) == 0 or len(expected) < len(pts):
        raise OutputError(
            f"cannot join {path}: {len(pts)} frames, but {len(timeline) - start} of the film are left"
        )
    wrong = np.flatnonzero(pts != expected)
    if len(wrong):
        at = int(wrong[0])
        raise OutputError(
            f"cannot join {path}: its frame {at} is at pts {pts[at]}, frame {start + at} of the film is at "
            f"{expected[at]}" + ("; or the segment before it is short" if at == 0 and start else "")
        )


def _difference(found: CodedVideo, wanted: CodedVideo) -> str:
    if found.codec != wanted.codec or found.pixel_format != wanted.pixel_format:
        return f"it is {found.codec} {found.pixel_format}, not {wanted.codec} {wanted.pixel_format}"
    if (found.width, found.height) != (wanted.width, wanted.height):
        return f"it is {found.width}x{found.height}, not {wanted.width}x{wanted.height}"
    return "its codec headers differ"
