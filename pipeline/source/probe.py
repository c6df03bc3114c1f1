"""Describes a film by its headers and its first decoded frame: streams, pixel format, colour tags, field order."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Literal, cast

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from pipeline.errors import SourceError
from pipeline.fields import TELLING_CODECS
from pipeline.limits import DEFAULT_LIMITS, Limits, check_pixels
from pipeline.media import HINT, FilmInfo
from pipeline.read_monitor import reading
from pipeline.regular_file import refuse_special_file
from pipeline.source.color_tags import describe_color
from pipeline.source.luma_planes import describe_pixels
from pipeline.source.open_media import open_whole, read_packets, set_up_decoder
from pipeline.source.streams import describe_chapter, describe_stream, fraction, header_rate, kind_of
from pipeline.source.tag_text.tag_decoder import decoder_of, notes_on_tags, tags_of
from pipeline.source.tag_text.user_data import unread_track_tags
from pipeline.source.unnamed_metadata import (
    ask_filters,
    asks_for_grain,
    container_crop,
    has_odd_edits,
    hint_tracks,
    holds_two_jpegs,
    picture_orientation,
)
from pipeline.support.table import cure

FieldOrder = Literal["progressive", "tt", "bb", "tb", "bt", "unknown"]

_FIELD_ORDERS: Mapping[int, FieldOrder] = {1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}
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
    if head[4:8] in (b"moof", b"styp", b"sidx"):
        return (
            "is a part of a streamed MP4 without the part that begins it; put that one (the initialisation segment) "
            "in front of it"
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
        found = ", ".join(sorted({kind_of(s) for s in container.streams})) or "no streams"
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
    for packet in islice(read_packets(container, stream), _PROBED_PACKETS):
        try:
            frames: list[av.VideoFrame] = packet.decode()
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
    tags = tags_of(container)
    decoder = decoder_of(container, tags)
    is_mov = container.format.name.startswith("mov")
    hints = hint_tracks(path) if is_mov else frozenset()
    known = [s.metadata for s in container.streams]
    unread = dict(enumerate(unread_track_tags(path, known))) if is_mov else {}
    return FilmInfo(
        path=path,
        container=container.format.name,
        streams=tuple(
            replace(s, codec=HINT) if s.index in hints else s
            for s in (describe_stream(s, decoder, more=unread.get(s.index)) for s in container.streams)
        ),
        video_index=stream.index,
        width=frame.width,
        height=frame.height,
        sample_aspect=fraction(stream.sample_aspect_ratio) or Fraction(1),
        pixel_format=pixel_format,
        color=describe_color(stream.codec_context, frame, chroma_site=chroma_site),
        field_order=_field_order(order, fields),
        field_order_from_header=order,
        orientation=picture_orientation(frame),
        crop=container_crop(container, stream, frame),
        has_film_grain=asks_for_grain(path, stream),
        has_odd_edits=is_mov and has_odd_edits(path, stream.index),
        time_base=Fraction(stream.time_base.numerator, stream.time_base.denominator),
        rate_from_header=header_rate(stream),
        duration_seconds_from_header=None if duration is None else duration / av.time_base,
        tags=decoder.tags(tags)[0],
        notes=notes_on_tags(container, decoder, tags, what="the film"),
        chapters=tuple(describe_chapter(chapter, decoder) for chapter in container.chapters()),
        limits=limits,
        has_silent_frames=is_woven or (fields == "P" and stream.codec_context.name not in TELLING_CODECS),
    )


def _field_order(header: FieldOrder, fields: str) -> FieldOrder:
    """The field order in the header, corrected by the first frame; `fields` is as `ask_filters` gives it.

    A progressive first frame does not overrule an interlaced header, because films mix both.
    """
    if fields == "P":
        return "progressive" if header == "unknown" else header
    first = {"T": "t", "B": "b"}[fields]
    return header if header.startswith(first) else cast(FieldOrder, first * 2)
