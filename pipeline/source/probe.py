"""Describes a film by its headers and its first decoded frame: streams, pixel format, colour tags, field order."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import CodecContext
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from pipeline.errors import SourceError
from pipeline.fields import TELLING_CODECS
from pipeline.limits import DEFAULT_LIMITS, Limits, check_pixels
from pipeline.media import Chapter, FilmInfo, StreamInfo, StreamKind
from pipeline.read_monitor import reading
from pipeline.regular_file import refuse_special_file
from pipeline.source.color_tags import describe_color
from pipeline.source.luma_planes import describe_pixels
from pipeline.source.open_media import open_whole, set_up_decoder
from pipeline.source.tag_text import decode_tags
from pipeline.source.unnamed_metadata import (
    ask_filters,
    asks_for_grain,
    container_crop,
    has_odd_edits,
    holds_two_jpegs,
    picture_orientation,
)
from pipeline.support.table import cure

FieldOrder = Literal["progressive", "tt", "bb", "tb", "bt", "unknown"]

_FIELD_ORDERS: Mapping[int, FieldOrder] = {1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}
_KINDS: Mapping[str, StreamKind] = {
    "video": "video",
    "audio": "audio",
    "subtitle": "subtitle",
    "attachment": "attachment",
}
_PROBED_PACKETS = 500
"""Packets of the picture that may fail to decode before the film counts as undecodable."""


def probe(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> FilmInfo:
    """Describes the film at `path`; where headers and first decoded frame differ, the frame counts.

    Raises SourceError, one line, where `path` is missing, a folder, empty or no film, and where the film has no video
    stream, a pixel format that is not read, no frame that decodes, or frames larger than `limits` allows.
    """
    path = Path(path)
    _check_file(path)
    try:
        with (
            reading(path, limits),
            open_whole(path) as container,
        ):
            stream = _choose_picture(path, container)
            limit_pixels(path, stream=stream, limits=limits)
            frame = first_frame(path, container=container, stream=stream)
            return describe_film(path, container=container, stream=stream, frame=frame, limits=limits)
    except av.error.MemoryError as error:
        raise SourceError(
            f"{path}: no memory for what it asks for; it is damaged, or memory is short"
        ) from error
    except av.error.FFmpegError as error:
        raise SourceError(f"{path}: {_explain(path, error)}") from error


def _check_file(path: Path) -> None:
    """Raises SourceError unless `path` is a regular file that can be read and is not empty."""
    refuse_special_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(1)
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file; check the name and the folder") from error
    except IsADirectoryError as error:
        raise SourceError(f"{path}: is a folder; name one film file in it") from error
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror}; check its permissions") from error
    if not head:
        raise SourceError(f"{path}: is an empty file (0 bytes); copy or download the film again")


def _explain(path: Path, error: av.error.FFmpegError) -> str:
    """Why FFmpeg did not open a file, judged by its first 64 KiB."""
    with path.open("rb") as file:
        head = file.read(65536)
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free"):
        return (
            "is an MP4 or MOV file without a readable index (moov atom), for its recording or copying "
            "broke off; copy it again or repair it with a tool that rebuilds the index"
        )
    if b"\0" not in head and _is_text(head):
        return "is a text file whatever its name says; a film file is needed, e.g. MP4, MOV, MKV, AVI, MPEG"
    return f"cannot be read as a film ({error.strerror}); it needs to be a film file that FFmpeg can open"


def _is_text(head: bytes) -> bool:
    # the last character may be cut
    return "�" not in head.decode("utf-8", errors="replace")[:-1]


def _choose_picture(path: Path, container: InputContainer) -> VideoStream:
    """The film's picture: the video stream marked default, else the first.

    Covers do not count, nor do streams of one picture where there are others.
    """
    pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not pictures:
        found = ", ".join(sorted({_kind(s) for s in container.streams})) or "no streams"
        what = (
            "a cover picture but no film" if container.streams.video else f"no video stream (found: {found})"
        )
        raise SourceError(f"{path}: has {what}; a film with a moving picture is needed")
    pictures = [s for s in pictures if s.frames != 1] or pictures  # a preview may be a track of one picture
    picture = next((s for s in pictures if s.disposition & Disposition.default), pictures[0])
    if picture.codec_context is None:
        raise SourceError(
            f"{path}: video stream {picture.index} has a codec that this FFmpeg cannot decode; "
            "convert the film to a common codec, losslessly to FFV1 if possible"
        )
    return picture


def limit_pixels(path: Path, *, stream: VideoStream, limits: Limits) -> None:
    """Applies the limit of pixels to the header of a stream, and sets the decoder to refuse any larger frame.

    Raises SourceError where the header says more pixels than `limits` allows.
    """
    context = stream.codec_context
    check_pixels(limits, width=context.width, height=context.height, where=f"{path}: its picture")
    set_up_decoder(context, most_pixels=limits.pixels)


def first_frame(path: Path, *, container: InputContainer, stream: VideoStream) -> av.VideoFrame:
    """The first frame of a stream that decodes. Raises SourceError where none of its first 500 packets gives one."""
    reason = "its packets hold no picture"
    for packet in islice(container.demux(stream), _PROBED_PACKETS):
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            reason = error.strerror or type(error).__name__
            frames = []
        if frames:
            return frames[0]
    raise SourceError(
        f"{path}: no frame of video stream {stream.index} ({stream.codec_context.name}) can be decoded "
        f"({reason}); the file is damaged or incomplete, another copy is needed"
    )


def describe_film(
    path: Path, *, container: InputContainer, stream: VideoStream, frame: av.VideoFrame, limits: Limits
) -> FilmInfo:
    """The FilmInfo of an open film whose first decoded frame is `frame`.

    Raises SourceError for a pixel format that holds no luma of 8 to 16 bits.
    """
    try:
        pixel_format = describe_pixels(frame.format.name)
    except ValueError as error:
        raise SourceError(f"{path}: {error}; {cure('deep')}") from error
    assert stream.time_base is not None  # a stream that gave a packet has one
    chroma_site, fields = ask_filters(stream, frame)
    order = _FIELD_ORDERS.get(stream.codec_context.field_order, "unknown")
    is_woven = fields == "P" and holds_two_jpegs(path, stream, lines=frame.height)
    if is_woven and order in ("unknown", "progressive"):
        order = "tt"
    duration = container.duration
    tags, notes = decode_tags(container.metadata, what="the film")
    for other in container.streams:
        notes += decode_tags(other.metadata, what=f"stream {other.index}")[1]
    for number, chapter in enumerate(container.chapters(), start=1):
        notes += decode_tags(chapter["metadata"], what=f"chapter {number}")[1]
    return FilmInfo(
        path=path,
        container=container.format.name,
        streams=tuple(describe_stream(s) for s in container.streams),
        video_index=stream.index,
        width=frame.width,
        height=frame.height,
        sample_aspect=_fraction(stream.sample_aspect_ratio) or Fraction(1),
        pixel_format=pixel_format,
        color=describe_color(stream.codec_context, frame, chroma_site=chroma_site),
        field_order=_field_order(order, fields),
        field_order_from_header=order,
        orientation=picture_orientation(frame),
        crop=container_crop(container, stream, frame),
        has_film_grain=asks_for_grain(path, stream),
        has_odd_edits=container.format.name.startswith("mov") and has_odd_edits(path, stream.index),
        time_base=Fraction(stream.time_base.numerator, stream.time_base.denominator),
        rate_from_header=_rate(stream),
        duration_seconds_from_header=None if duration is None else duration / av.time_base,
        tags=tags,
        notes=notes,
        chapters=tuple(_describe_chapter(chapter) for chapter in container.chapters()),
        limits=limits,
        has_silent_frames=is_woven or (fields == "P" and stream.codec_context.name not in TELLING_CODECS),
    )


def _fraction(value: Any) -> Fraction | None:
    """PyAV's rational number as a Fraction; None where it is unset or zero."""
    return Fraction(value.numerator, value.denominator) if value else None


def _rate(stream: VideoStream) -> Fraction | None:
    """Frames per second. Of DV the average is 60,000, its ticks, for FFmpeg, and the base rate that of its frames."""
    average, base = _fraction(stream.average_rate), _fraction(stream.base_rate)
    return base if average and base and average > 2 * base else average


def _kind(stream: Stream) -> StreamKind:
    return _KINDS.get(stream.type, "data")


def _is_known(context: CodecContext) -> bool:
    """Whether the header is complete enough for a muxer: sound needs a sample rate, a picture needs a size."""
    if isinstance(context, AudioCodecContext):
        return context.sample_rate > 0
    return not isinstance(context, VideoCodecContext) or min(context.width, context.height) > 0


def _codec(stream: Stream) -> str:
    """FFmpeg's name of the codec; `none` where the stream is not known."""
    context: CodecContext | None = stream.codec_context
    if context is None and stream.type == "data":
        return stream.name or "none"
    return context.codec.canonical_name if context is not None and _is_known(context) else "none"


def describe_stream(stream: Stream) -> StreamInfo:
    """The StreamInfo of one stream, as the container and the stream's header describe it."""
    context = stream.codec_context
    sound = context if isinstance(context, AudioCodecContext) and _is_known(context) else None
    return StreamInfo(
        index=stream.index,
        sample_format=sound.format.name if sound is not None and sound.format is not None else "",
        channels=sound.layout.nb_channels if sound is not None else 0,
        kind=_kind(stream),
        codec=_codec(stream),
        time_base=_fraction(stream.time_base) or Fraction(1, av.time_base),
        start_pts=stream.start_time,
        tags=_titled(decode_tags(stream.metadata, what="")[0]),
        disposition=tuple(flag.name for flag in Disposition if flag.name and stream.disposition & flag),
    )


def _titled(tags: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The tags of a stream; FFmpeg reads the title of a track of MP4 and MOV as `name`, and writes it as `title`."""
    if any(key.lower() == "title" for key, _ in tags):
        return tags
    return tuple(("title" if key == "name" else key, value) for key, value in tags)


def _describe_chapter(chapter: Mapping[str, Any]) -> Chapter:
    tags, _ = decode_tags(chapter["metadata"], what="")
    title = next((value for key, value in tags if key.lower() == "title"), "")
    return Chapter(
        start=chapter["start"],
        end=chapter["end"],
        time_base=_fraction(chapter["time_base"]) or Fraction(1, av.time_base),
        title=title,
    )


def _field_order(header: FieldOrder, fields: str) -> FieldOrder:
    """The field order in the header, corrected by the first frame; `fields` is as `ask_filters` gives it.

    A progressive first frame does not overrule an interlaced header, because films mix both.
    """
    if fields == "P":
        return "progressive" if header == "unknown" else header
    first = {"T": "t", "B": "b"}[fields]
    return header if header.startswith(first) else cast(FieldOrder, first * 2)
