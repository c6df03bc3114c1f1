"""Texts of subtitles that are converted: how they are coded where that is not UTF-8, and which of them get lost.

FFmpeg passes over a text that it cannot read. Old SubRip files lie in Matroska with the encoding of their time, though
Matroska says that they are UTF-8.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import av.error
from av.stream import Discard

from pipeline.media import FilmInfo, StreamInfo
from pipeline.output.containers import ContainerPlan, StreamPlan
from pipeline.output.units.packet_units import recoded, text_of, time_ns
from pipeline.read_monitor import reading
from pipeline.source.open_media import open_media, read_packets
from pipeline.source.tag_text.text_coding import guess_coding


@dataclass
class _Texts:
    """What was seen of the texts of one stream."""

    foreign: list[bytes] = field(default_factory=list)
    """Those that are not UTF-8."""
    is_utf_8: bool = False
    """Whether one that is not ASCII is UTF-8."""
    packets: list[Any] = field(default_factory=list)

    def see(self, packet: Any, codec: str) -> None:
        text = text_of(packet, codec)
        if not text.strip():
            return
        self.packets.append(packet)
        try:
            text.decode()
        except UnicodeDecodeError:
            self.foreign.append(text)
        else:
            self.is_utf_8 = self.is_utf_8 or not text.isascii()

    def coding(self, codec: str) -> str | None:
        """Python's name of the encoding that the texts have in place of UTF-8."""
        if not self.foreign or self.is_utf_8 or codec == "mov_text":  # whose packets hold more than text
            return None
        return guess_coding(b"\n".join(self.foreign))


def read_texts(film: FilmInfo, plan: ContainerPlan) -> ContainerPlan:
    """The plan with what the subtitles need that are converted; reads their packets. Raises FFmpegError, OSError."""
    streams = {
        stream.index: stream
        for stream, treated in zip(film.streams, plan.streams, strict=True)
        if treated.how == "convert" and stream.kind == "subtitle"
    }
    if not streams:
        return plan
    treated, converted, lost = list(plan.streams), plan.converted, plan.lost
    with reading(film.path, film.limits) as tracker, open_media(film.path) as container:
        texts = {index: _Texts() for index in streams}
        for stream in container.streams:
            if stream.index not in texts and stream.type != "attachment":
                stream.discard = Discard.all
        for packet in read_packets(container, *(container.streams[index] for index in streams)):
            if packet.size:
                tracker.frame(packet.pts)
                texts[packet.stream.index].see(packet, streams[packet.stream.index].codec)
        for number, found in enumerate(treated):
            if found.index in texts:
                treated[number], changes, losses = _treated(streams[found.index], found, texts[found.index])
                converted, lost = converted + changes, lost + losses
    return replace(plan, streams=tuple(treated), converted=converted, lost=lost)


def _treated(
    stream: StreamInfo, treated: StreamPlan, texts: _Texts
) -> tuple[StreamPlan, tuple[str, ...], tuple[str, ...]]:
    """What becomes of a stream, and lines on what changes and what gets lost."""
    name = f"subtitle stream {stream.index} ({stream.codec})"
    changes: list[str] = []
    losses: list[str] = []
    coding = texts.coding(stream.codec)
    if coding is not None:
        raw = texts.foreign[0][:40].hex(" ")
        changes.append(
            f"{name}: its texts are read as {coding}; the bytes of the first that is not ASCII are {raw}"
        )
    unread = [packet for packet in texts.packets if not _reads(packet, coding)]
    if unread:
        losses.append(f"{_count(unread)} of {name} that FFmpeg cannot read, {_first(unread)}")
    shown = [packet for packet in texts.packets if packet not in unread and packet.pts is not None]
    brief: list[Any] = []
    if treated.encoder == "mov_text":
        early = [one for one, other in pairwise(shown) if one.pts + (one.duration or 0) > other.pts]
        if early:
            changes.append(
                f"{_count(early)} of {name}, {_first(early)}: shown until the next one begins, for MP4 and MOV show "
                "one at a time"
            )
        # FFmpeg ends a track of MP4 with an empty text, in place of one without a duration
        brief = [packet for packet in shown[-1:] if not packet.duration]
        if brief:
            losses.append(f"the last text of {name}, {_first(brief)}, which is shown for no time")
    unshown = frozenset(packet.pts for packet in brief)
    return replace(treated, text_coding=coding, unshown_pts=unshown), tuple(changes), tuple(losses)


def _reads(packet: Any, coding: str | None) -> bool:
    try:
        return bool(packet.stream.codec_context.decode(recoded(packet, coding)))
    except av.error.FFmpegError:
        return False


def _count(packets: list[Any]) -> str:
    return f"{len(packets)} text{'s' if len(packets) > 1 else ''}"


def _first(packets: list[Any]) -> str:
    time = time_ns(packets[0])
    where = "at an unknown time" if time is None else f"at {time / 1e9:.3f} s"
    return f"the first {where}" if len(packets) > 1 else where
