"""What a container says of its streams and chapters."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import CodecContext
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from pipeline.media import Chapter, StreamInfo, StreamKind
from pipeline.source.tag_text.tag_decoder import TagDecoder

_KINDS: Mapping[str, StreamKind] = {
    "video": "video",
    "audio": "audio",
    "subtitle": "subtitle",
    "attachment": "attachment",
}


def describe_stream(
    stream: Stream, decoder: TagDecoder, *, more: Mapping[str, str] | None = None
) -> StreamInfo:
    """The StreamInfo of one stream, as the container and the stream's header describe it; `decoder` is the file's.

    `more` are tags of it that FFmpeg does not read.
    """
    context = stream.codec_context
    sound = context if isinstance(context, AudioCodecContext) and _is_known(context) else None
    return StreamInfo(
        index=stream.index,
        sample_format=sound.format.name if sound is not None and sound.format is not None else "",
        channels=sound.layout.nb_channels if sound is not None else 0,
        kind=kind_of(stream),
        codec=_codec(stream),
        time_base=fraction(stream.time_base) or Fraction(1, av.time_base),
        start_pts=stream.start_time,
        tags=_titled(decoder.tags(stream.metadata | (dict(more) if more else {}))[0]),
        disposition=tuple(flag.name for flag in Disposition if flag.name and stream.disposition & flag),
    )


def describe_chapter(chapter: Mapping[str, Any], decoder: TagDecoder) -> Chapter:
    tags, _ = decoder.tags(chapter["metadata"])
    title = next((value for key, value in tags if key.lower() == "title"), "")
    return Chapter(
        start=chapter["start"],
        end=chapter["end"],
        time_base=fraction(chapter["time_base"]) or Fraction(1, av.time_base),
        title=title,
    )


def header_rate(stream: VideoStream) -> Fraction | None:
    """Frames per second. Of DV the average is 60,000, its ticks, for FFmpeg, and the base rate that of its frames."""
    average, base = fraction(stream.average_rate), fraction(stream.base_rate)
    return base if average and base and average > 2 * base else average


def fraction(value: Any) -> Fraction | None:
    """PyAV's rational number as a Fraction; None where it is unset or zero."""
    return Fraction(value.numerator, value.denominator) if value else None


def kind_of(stream: Stream) -> StreamKind:
    return _KINDS.get(stream.type, "data")


def _titled(tags: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The tags of a stream; FFmpeg reads the title of a track of MP4 and MOV as `name`, and writes it as `title`."""
    if any(key.lower() == "title" for key, _ in tags):
        return tags
    return tuple(("title" if key == "name" else key, value) for key, value in tags)


def _codec(stream: Stream) -> str:
    """FFmpeg's name of the codec; `none` where the stream is not known."""
    context: CodecContext | None = stream.codec_context
    if context is None and stream.type == "data":
        return stream.name or "none"
    return context.codec.canonical_name if context is not None and _is_known(context) else "none"


def _is_known(context: CodecContext) -> bool:
    """Whether the header is complete enough for a muxer: sound needs a sample rate, a picture needs a size."""
    if isinstance(context, AudioCodecContext):
        return context.sample_rate > 0
    return not isinstance(context, VideoCodecContext) or min(context.width, context.height) > 0
