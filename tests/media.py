"""Films made on the fly, with a content that a test knows sample for sample.

`make_film` writes a moving picture with any codec, pixel format, clock and container that PyAV can write,
and returns the luma planes that it put in. FFV1 in NUT gives every plane and every time back exactly (in a
finer time base), Matroska rounds times to a millisecond, MPEG-PS and MPEG-TS may add the muxer's delay.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import av
import av.filter
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image

from pipeline.media import Plane
from pipeline.render.scheduling import leave_real_time
from tests.pictures import fill_frame, picture

__all__ = ["COLOR_CODES", "ColorTags", "damage_film", "fill_frame", "make_film", "picture"]

COLOR_CODES: dict[str, dict[str, int]] = {
    "matrix": {"gbr": 0, "bt709": 1, "unspecified": 2, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9},
    "primaries": {"bt709": 1, "unspecified": 2, "bt470bg": 5, "smpte170m": 6, "bt2020": 9},
    "transfer": {"bt709": 1, "unspecified": 2, "gamma28": 5, "smpte170m": 6, "smpte2084": 16},
    "range": {"limited": 1, "full": 2},
}
"""FFmpeg's numbers of the colour tags that the tests use."""

_SUBTITLE_SECONDS = Fraction(1, 4)
_AUDIO_RATE = 48000
_AUDIO_CODECS = {".nut": "pcm_s16le", ".mkv": "flac", ".mov": "pcm_s16le", ".avi": "pcm_s16le", ".mp4": "aac"}


@dataclass(frozen=True, kw_only=True)
class ColorTags:
    """Colour tags of a film that is made; a None is left to the encoder."""

    matrix: str | None = None
    primaries: str | None = None
    transfer: str | None = None
    range: Literal["limited", "full"] | None = None


def make_film(
    path: Path,
    *,
    frames: int | Sequence[Plane] = 24,
    size: tuple[int, int] = (64, 48),
    pixel_format: str = "gray",
    codec: str = "ffv1",
    rate: Fraction = Fraction(25),
    time_base: Fraction | None = None,
    pts: Sequence[int] | None = None,
    start: int = 0,
    cuts: Sequence[int] = (),
    color: ColorTags = ColorTags(),
    sample_aspect: Fraction | None = None,
    rotation_degrees: int = 0,
    interlaced: Literal["tff", "bff"] | None = None,
    b_frames: int | None = None,
    gop: int | None = None,
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    audio: int = 0,
    audio_offset_seconds: Fraction = Fraction(0),
    subtitles: int = 0,
    chapters: Sequence[tuple[Fraction, Fraction, str]] = (),
    attachments: Sequence[tuple[str, str, bytes]] = (),
    cover: bool = False,
    tags: Mapping[str, str] | None = None,
) -> list[Plane]:
    """Write a film and return the luma planes that were encoded, in presentation order.

    `frames` is a count or the planes themselves (right-aligned, at the pixel format's depth); `cuts` are the
    frame numbers at which the scene changes. Frame n has the time `pts[n]`, else `start + n * one frame`, in
    units of `time_base` (1/rate). `rotation_degrees` is the clockwise turn of a player (MP4 and MOV). Audio
    tracks are tones that last as long as the picture; subtitles (SubRip) and attachments need Matroska. RGB
    formats get R = G = B = luma, chroma is neutral.
    """
    base = time_base or 1 / rate
    planes = _planes(frames, size=size, pixel_format=pixel_format, cuts=cuts, full=color.range == "full")
    height, width = planes[0].shape
    times = list(pts) if pts is not None else [start + round(n / rate / base) for n in range(len(planes))]
    seconds = (times[-1] - times[0]) * base + 1 / rate
    with av.open(str(path), "w", options=dict(container_options or {})) as out:
        out.metadata.update(tags or {})
        video = out.add_stream(codec, rate=rate, options=dict(options or {}))
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = width, height, pixel_format
        video.time_base = base
        video.codec_context.time_base = base
        _describe(video, color=color, aspect=sample_aspect, interlaced=interlaced, b_frames=b_frames, gop=gop)
        if rotation_degrees:
            video.set_display_rotation(-rotation_degrees)
        tones = [_add_tone(out, path, track) for track in range(audio)]
        texts = [_add_subtitle(out, track) for track in range(subtitles)]
        for name, mimetype, data in attachments:
            out.add_attachment(name, mimetype, data)
        picture_stream = _add_cover(out, path) if cover else None
        if chapters:
            out.set_chapters([_chapter(number, *chapter) for number, chapter in enumerate(chapters)])
        out.start_encoding()
        leave_real_time()
        if picture_stream is not None:
            _write_cover(out, picture_stream)
        _write_pictures(out, video, planes, times, base, interlaced)
        begin = times[0] * base
        for track, tone in enumerate(tones):
            _write_tone(out, tone, track=track, start=begin + audio_offset_seconds, seconds=seconds)
        for track, text in enumerate(texts):
            _write_subtitle(out, text, track=track, start=begin)
    return planes


def damage_film(source: Path, target: Path, *, packets: Collection[int], seed: int = 0) -> None:
    """Copy a film's picture and spoil a few bytes in the packets of these numbers (in coding order)."""
    rng = np.random.default_rng(seed)
    with av.open(str(source)) as whole, av.open(str(target), "w") as broken:
        stream = broken.add_stream_from_template(whole.streams.video[0])
        for number, packet in enumerate(p for p in whole.demux(whole.streams.video[0]) if p.size):
            data = np.array(bytearray(bytes(packet)))
            if number in packets:
                data[rng.integers(len(data) // 4, len(data), 8)] ^= 0x55
            copy = av.Packet(data.tobytes())
            copy.stream, copy.time_base = stream, packet.time_base
            copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
            copy.is_keyframe = packet.is_keyframe
            broken.mux(copy)


def _planes(
    frames: int | Sequence[Plane],
    *,
    size: tuple[int, int],
    pixel_format: str,
    cuts: Sequence[int],
    full: bool,
) -> list[Plane]:
    if not isinstance(frames, int):
        return list(frames)
    video_format = av.VideoFormat(pixel_format)
    full = full or video_format.is_rgb or pixel_format.startswith("yuvj")
    depth = video_format.components[0].bits
    return [
        picture(n, size=size, depth=depth, full_range=full, scene=sum(n >= cut for cut in cuts))
        for n in range(frames)
    ]


def _describe(
    video: VideoStream,
    *,
    color: ColorTags,
    aspect: Fraction | None,
    interlaced: str | None,
    b_frames: int | None,
    gop: int | None,
) -> None:
    context = video.codec_context
    if color.matrix:
        context.colorspace = COLOR_CODES["matrix"][color.matrix]
    if color.primaries:
        context.color_primaries = COLOR_CODES["primaries"][color.primaries]
    if color.transfer:
        context.color_trc = COLOR_CODES["transfer"][color.transfer]
    if color.range:
        context.color_range = COLOR_CODES["range"][color.range]
    if aspect is not None:
        context.sample_aspect_ratio = aspect
    if b_frames is not None:
        context.max_b_frames = b_frames
    if gop is not None:
        context.gop_size = gop
    if interlaced:
        context.flags |= av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
        context.field_order = {"tff": 2, "bff": 3}[interlaced]


def _write_pictures(
    out: OutputContainer,
    video: VideoStream,
    planes: Sequence[Plane],
    times: Sequence[int],
    base: Fraction,
    interlaced: str | None,
) -> None:
    assert video.pix_fmt is not None
    for luma, time in zip(planes, times, strict=True):
        frame = fill_frame(luma, video.pix_fmt)
        frame.pts, frame.time_base = time, base
        frame.color_range = video.codec_context.color_range
        frame.colorspace = video.codec_context.colorspace
        if interlaced:
            frame = _flag_fields(frame, interlaced)
        out.mux(video.encode(frame))
    out.mux(video.encode(None))


def _flag_fields(frame: av.VideoFrame, order: str) -> av.VideoFrame:
    """The same frame, flagged as interlaced."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    graph.link_nodes(source, graph.add("setfield", order), graph.add("buffersink")).configure()
    graph.push(frame)
    flagged = graph.pull()
    assert isinstance(flagged, av.VideoFrame)
    return flagged


def _add_tone(out: OutputContainer, path: Path, track: int) -> AudioStream:
    stream = out.add_stream(_AUDIO_CODECS.get(path.suffix, "mp2"), rate=_AUDIO_RATE, layout="mono")
    assert isinstance(stream, AudioStream)
    stream.metadata["language"] = ("eng", "deu", "fra")[track % 3]
    return stream


def _write_tone(
    out: OutputContainer, stream: AudioStream, *, track: int, start: Fraction, seconds: Fraction
) -> None:
    count, first = round(seconds * _AUDIO_RATE), round(start * _AUDIO_RATE)
    wave = 8000 * np.sin(np.arange(count) * (2 * np.pi * 220 * (track + 1) / _AUDIO_RATE))
    for begin in range(0, count, 1024):
        part = np.ascontiguousarray(wave[None, begin : begin + 1024].astype(np.int16))
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.rate, frame.pts, frame.time_base = _AUDIO_RATE, first + begin, Fraction(1, _AUDIO_RATE)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _add_subtitle(out: OutputContainer, track: int) -> Any:
    stream = out.add_mux_stream("subrip")
    stream.time_base = Fraction(1, 1000)
    stream.metadata["language"] = ("eng", "deu", "fra")[track % 3]
    return stream


def _write_subtitle(out: OutputContainer, stream: Any, *, track: int, start: Fraction) -> None:
    for number in range(2):
        packet = av.Packet(f"Title {number + 1} of track {track + 1}".encode())
        packet.stream = stream
        packet.time_base = Fraction(1, 1000)
        packet.pts = packet.dts = round((start + number * _SUBTITLE_SECONDS) * 1000)
        packet.duration = round(_SUBTITLE_SECONDS * 1000)
        out.mux(packet)


def _cover_jpeg() -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture(0, full_range=True)).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def _add_cover(out: OutputContainer, path: Path) -> Any:
    """A cover picture: an attachment in Matroska, else a stream of one packet (returned)."""
    if path.suffix in (".mkv", ".webm"):
        out.add_attachment("cover.jpg", "image/jpeg", _cover_jpeg())
        return None
    stream = out.add_stream("mjpeg")
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
    stream.disposition = av.stream.Disposition.attached_pic
    return stream


def _write_cover(out: OutputContainer, stream: Any) -> None:
    packet = av.Packet(_cover_jpeg())
    packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, 0, 0, True
    out.mux(packet)


def _chapter(number: int, start: Fraction, end: Fraction, title: str) -> Any:
    milli = Fraction(1, 1000)
    return {
        "id": number + 1,
        "start": round(start / milli),
        "end": round(end / milli),
        "time_base": milli,
        "metadata": {"title": title},
    }
