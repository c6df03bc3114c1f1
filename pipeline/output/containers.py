"""What a container can hold: for every stream of a film whether it is copied, converted or lost.

FFmpeg answers which codecs a muxer takes; `pipeline.output.container_table` says what FFmpeg does not, or answers
wrongly.
"""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

import av
from av.codec.codec import UnknownCodecError

from pipeline.errors import OutputError
from pipeline.media import HINT, FilmInfo, StreamInfo
from pipeline.messages import first_few
from pipeline.output.clean_aperture import needs_stand_in
from pipeline.output.constant_rate import check_codec, keeps_turn, rate_fault, steady_rate, stills_losses
from pipeline.output.container_table import (
    ACM,
    CONTAINERS,
    Container,
    container_of,
    sound_change,
    sound_encoder,
)
from pipeline.target import Target

_TEXT = frozenset({"subrip", "text", "webvtt", "mov_text", "ass"})
"""Subtitles of characters: they can be converted into each other, but for the styles of `ass`."""

Treatment = Literal["video", "copy", "convert", "attach", "remade", "lost"]
"""`video` is the picture that is colourised, `attach` a cover that becomes an attached file, `remade` what
the muxer writes anew from what it knows (timecode, titles of chapters)."""


@dataclass(frozen=True, kw_only=True)
class StreamPlan:
    """What becomes of one stream of the source."""

    index: int
    """Its index in the source."""
    how: Treatment
    encoder: str | None
    """FFmpeg's encoder for a conversion."""
    note: str
    """One line for a person: what it is and what happens to it."""
    text_coding: str | None = None
    """Python's name of the encoding of subtitles that are converted; None for UTF-8."""
    unshown_pts: frozenset[int] = frozenset()
    """Times of texts that get lost because they are shown for no time."""


@dataclass(frozen=True, kw_only=True)
class ContainerPlan:
    """What becomes of every stream of a film in one container."""

    container: Container
    streams: tuple[StreamPlan, ...]
    converted: tuple[str, ...]
    """One line for every conversion."""
    lost: tuple[str, ...]
    """One line for everything that the container cannot hold."""
    rate: Fraction | None = None
    """Frames per second that every frame keeps, where the container asks for that."""


def check_container(
    film: FilmInfo, output: Target, *, video_codec: str, allow_loss: bool = False
) -> ContainerPlan:
    """What becomes of the film's streams in `output`, for a picture coded as `video_codec` (or encoder).

    Raises OutputError where the container cannot hold that codec, or, unless `allow_loss`, cannot hold all
    streams: the message names each of them and the containers that could.
    """
    container = container_of(output)
    codec = _canonical(video_codec, mode="w")
    if output.is_numbered:
        check_codec(output, codec)
    if not _shows(container, codec):
        able = ", ".join(suffix for suffix, other in CONTAINERS.items() if _shows(other, codec))
        raise OutputError(f"cannot write {output}: it cannot hold {codec} video; {able} can")
    plan = _plan(film, container, codec, keeps_turn=keeps_turn(film, output))
    if output.is_numbered:
        plan = replace(plan, lost=plan.lost + stills_losses(film, output))
    if container.rates and plan.rate is None:
        raise OutputError(f"cannot write {output}: {rate_fault(film.rate_from_header, container)}")
    if plan.lost and not allow_loss:
        able = ", ".join(
            suffix
            for suffix, other in CONTAINERS.items()
            if _shows(other, codec) and not _plan(film, other, codec).lost
        )
        cure = f"{able} can" if able else "no container here can"
        lost = first_few(plan.lost, separator="; ", characters=200)
        raise OutputError(f"cannot write {output}: it cannot hold {lost}. {cure}; or allow the loss")
    return plan


def keeps_crop(container: Container, codec: str) -> bool:
    """Whether the container can say which edges of a picture in that codec are hidden; MOV carries it there."""
    mov = CONTAINERS[".mov"]
    return container.pose and (codec in _muxer_codecs(mov.muxer) - mov.refuses or needs_stand_in(codec))


def _plan(film: FilmInfo, container: Container, codec: str, *, keeps_turn: bool = False) -> ContainerPlan:
    streams, converted, lost = [], [], []
    for stream in film.streams:
        how, change = _treatment(film, stream, container)
        note = f"{_name(stream)}{': ' if change else ''}{change}"
        encoder = _encoder(stream, container) if how == "convert" else None
        streams.append(StreamPlan(index=stream.index, how=how, encoder=encoder, note=note))
        if how == "lost":
            lost.append(note)
        elif change:
            converted.append(note)
            if _codec(stream) == "ass":
                lost.append(f"the styles of {_name(stream)}")
    if film.chapters and not container.chapters:
        lost.append(f"{len(film.chapters)} chapters")
    if film.chapters and container.muxer in ("mp4", "mov") and (first := film.chapters[0]).start > 0:
        seconds = float(first.start * first.time_base)
        converted.append(
            f"its first chapter, from {seconds:.3f} s on: for some players it begins with the film"
        )
    if film.crop is not None and not keeps_crop(container, codec):
        lost.append(f"that players hide its edges, {film.crop}")
    turn = str(film.orientation)
    if turn and not (container.pose or keeps_turn):
        lost.append(f"that players show it {turn}")
    elif not film.orientation.is_exact:
        converted.append("its display matrix stretches the picture too, of which only the turn is kept")
    return ContainerPlan(
        container=container,
        streams=tuple(streams),
        converted=tuple(converted),
        lost=tuple(lost),
        rate=steady_rate(film.rate_from_header, container),
    )


def _treatment(film: FilmInfo, stream: StreamInfo, container: Container) -> tuple[Treatment, str]:
    """How the stream is treated, and in words what changes (empty if nothing does)."""
    codec = _codec(stream)
    if stream.index == film.video_index:
        return "video", ""
    if stream.kind == "attachment":
        return ("copy" if container.attachments else "lost"), ""
    if "attached_pic" in stream.disposition:
        if container.attachments:
            return ("attach" if codec != "none" or stream.tag("mimetype") else "lost"), ""
        return ("copy" if codec in container.covers else "lost"), ""
    if stream.kind == "data":
        return _data_treatment(film, stream, container)
    if stream.kind == "audio" and container.sound and codec != "none":
        return "convert", f"becomes {container.sound} at 48 kHz, as long as the picture"
    if _holds(container, codec):
        return "copy", "is copied, and not coloured" if stream.kind == "video" else ""
    if stream.kind == "audio" and (encoder := sound_encoder(container, stream)) is not None:
        return "convert", sound_change(encoder)
    if stream.kind == "subtitle" and codec in _TEXT and container.text:
        return "convert", f"becomes {container.text}"
    return "lost", ""


def _data_treatment(film: FilmInfo, stream: StreamInfo, container: Container) -> tuple[Treatment, str]:
    if stream.tag("timecode"):
        return "remade", "" if container.timecode else "its first timecode becomes a tag of the picture"
    if film.chapters and _codec(stream) == "bin_data":
        return "remade", ""  # the chapters' titles as a track: chapters are kept on their own
    if stream.codec == HINT:
        return "remade", "is left out: it tells servers how to send the other streams"
    if _codec(stream) == "dvd_nav_packet":
        return "remade", "is left out: it points to places on the DVD"
    return "lost", ""


_ENCODERS: Mapping[str, str] = MappingProxyType({"subrip": "srt", "mov_text": "mov_text", "webvtt": "webvtt"})


def _encoder(stream: StreamInfo, container: Container) -> str | None:
    if stream.kind == "audio":
        return container.sound or sound_encoder(container, stream)
    return _ENCODERS[container.text] if container.text else None


def _shows(container: Container, codec: str) -> bool:
    """Whether it can hold the film's picture in that codec."""
    return codec in container.pictures if container.pictures is not None else _holds(container, codec)


def _holds(container: Container, codec: str) -> bool:
    """Whether it can hold another stream of that codec."""
    if container.pictures is not None:
        return False
    acm = ACM if container.muxer == "matroska" else frozenset[str]()
    return codec not in container.refuses and (codec in acm or codec in _muxer_codecs(container.muxer))


def _name(stream: StreamInfo) -> str:
    kind = "cover" if "attached_pic" in stream.disposition else stream.kind
    unknown = "no known codec" if stream.kind in ("video", "audio", "subtitle") else ""
    details = [stream.codec if stream.codec != "none" else unknown, stream.tag("language") or ""]
    details.append(stream.tag("title") or stream.tag("filename") or "")
    return f"{kind} stream {stream.index} ({', '.join(filter(None, details))})".replace(" ()", "")


def _codec(stream: StreamInfo) -> str:
    return _canonical(stream.codec, mode="r")


def _canonical(name: str, *, mode: str) -> str:
    """The codec's own name for that of one of its decoders or encoders, e.g. `mp3` for `mp3float`."""
    for direction in (mode, "r", "w"):
        try:
            return av.codec.Codec(name, "w" if direction == "w" else "r").canonical_name
        except UnknownCodecError:
            continue
    return name


@functools.cache
def _muxer_codecs(muxer: str) -> frozenset[str]:
    """Codecs that FFmpeg's muxer takes."""
    with av.open(os.devnull, "w", format=muxer) as container:
        names = container.supported_codecs
    return frozenset(_canonical(name, mode="r") for name in names)
