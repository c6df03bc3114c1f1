"""Small films of many containers and codecs, and ways to spoil their bytes; all of it follows from a seed."""

import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import av

from tests.media import ColorTags, make_film

_FRAMES = 12
_EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_SUFFIXES = (".mkv", ".mp4", ".avi", ".mpg", ".ts", ".nut", ".mov", ".webm", ".dat", "")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A film that is whole."""

    name: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A film that is not."""

    source: str
    mutation: str
    suffix: str
    data: bytes


_FILMS: dict[str, dict[str, Any]] = {
    "ffv1_gray.mkv": {},
    "ffv1_gray16.nut": {"pixel_format": "gray16le", "audio": 1},
    "ffv1_v3.avi": {"pixel_format": "yuv420p", "options": {"level": "3", "slicecrc": "1", "slices": "4"}},
    "h264.mp4": {"codec": "libx264", "pixel_format": "yuv420p", "audio": 1, "b_frames": 2},
    "h264_parts.mp4": {
        "codec": "libx264",
        "pixel_format": "yuv420p",
        "audio": 1,
        "gop": 4,
        "container_options": {"movflags": "frag_keyframe+empty_moov"},
    },
    "h264_streams.mkv": {
        "codec": "libx264",
        "pixel_format": "yuv420p",
        "audio": 2,
        "subtitles": 2,
        "cover": True,
        "attachments": [("notes.txt", "text/plain", b"of the reel")],
        "chapters": [(Fraction(0), Fraction(1, 5), "One"), (Fraction(1, 5), Fraction(2, 5), "Two")],
        "tags": {"title": "A film"},
    },
    "h264.ts": {"codec": "libx264", "pixel_format": "yuv420p", "audio": 1},
    "h264.flv": {"codec": "libx264", "pixel_format": "yuv420p"},
    "hevc10.mkv": {
        "codec": "libx265",
        "pixel_format": "yuv420p10le",
        "options": {"x265-params": "log-level=none"},
    },
    "mpeg2.mpg": {"codec": "mpeg2video", "pixel_format": "yuv420p", "audio": 1},
    "mpeg2_fields.ts": {"codec": "mpeg2video", "pixel_format": "yuv420p", "interlaced": "tff"},
    "mpeg1.mpg": {"codec": "mpeg1video", "pixel_format": "yuv420p"},
    "mpeg4.avi": {"codec": "mpeg4", "pixel_format": "yuv420p", "audio": 1, "b_frames": 2},
    "mjpeg.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p", "color": ColorTags(range="full")},
    "prores.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le", "audio": 1},
    "vp8.webm": {"codec": "libvpx", "pixel_format": "yuv420p"},
    "vp9.webm": {"codec": "libvpx-vp9", "pixel_format": "yuv420p", "options": {"deadline": "realtime"}},
    "av1.mkv": {"codec": "libsvtav1", "pixel_format": "yuv420p", "options": {"preset": "12"}},
    "raw.nut": {"codec": "rawvideo", "pixel_format": "gray"},
    "raw.mov": {"codec": "rawvideo", "pixel_format": "yuv422p", "audio": 1},
    "huffyuv.avi": {"codec": "huffyuv", "pixel_format": "yuv422p"},
    "utvideo.avi": {"codec": "utvideo", "pixel_format": "yuv420p"},
    "png.mov": {"codec": "png", "pixel_format": "rgb24", "rotation_degrees": 90},
    "wmv.asf": {"codec": "wmv2", "pixel_format": "yuv420p"},
    "flv1.flv": {"codec": "flv", "pixel_format": "yuv420p"},
    "dnxhr.mxf": {
        "codec": "dnxhd",
        "pixel_format": "yuv422p",
        "size": (256, 120),
        "options": {"profile": "dnxhr_lb"},
    },
    "theora.ogv": {"codec": "libtheora", "pixel_format": "yuv420p"},
    "jpeg2000.mxf": {"codec": "jpeg2000", "pixel_format": "yuv422p10le"},
    "qtrle.mov": {"codec": "qtrle", "pixel_format": "rgb24"},
    "gif.gif": {"codec": "gif", "pixel_format": "gray"},
}


def make_sources(folder: Path, *, besides: Collection[str] = ()) -> list[Source]:
    """The films that this FFmpeg can make, of 12 frames each; made in `folder`, where they stay for the next time."""
    made = []
    for name, options in _FILMS.items():
        if name in besides:
            continue
        path = folder / name
        if not path.exists():
            with contextlib.suppress(av.error.FFmpegError, ValueError, LookupError):
                make_film(path, **{"frames": _FRAMES} | options)
        if path.exists() and path.stat().st_size:
            made.append(Source(name=name, data=path.read_bytes()))
    return made


def mutate(rng: Random, sources: Sequence[Source]) -> Mutant:
    """One of the sources with one to three things done to its bytes; sometimes under a wrong name."""
    source = rng.choice(sources)
    data, names = bytearray(source.data), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice(_CHANGES)
        names.append(change.__name__.strip("_"))
        data = change(rng, data, rng.choice(sources).data)
    suffix = rng.choice(_SUFFIXES) if rng.random() < 0.1 else Path(source.name).suffix
    return Mutant(source=source.name, mutation="+".join(names), suffix=suffix, data=bytes(data))


def _flip_anywhere(rng: Random, data: bytearray, other: bytes) -> bytearray:
    for _ in range(rng.choice((1, 2, 8, 64))):
        _at(rng, data, len(data), lambda old: old ^ 1 << rng.randrange(8))
    return data


def _flip_in_the_header(rng: Random, data: bytearray, other: bytes) -> bytearray:
    for _ in range(rng.choice((1, 2, 8))):
        _at(rng, data, 600, lambda old: rng.randrange(256))
    return data


def _flip_in_the_index(rng: Random, data: bytearray, other: bytes) -> bytearray:
    data.reverse()  # indices stand at the end
    data = _flip_in_the_header(rng, data, other)
    data.reverse()
    return data


def _extreme_number(rng: Random, data: bytearray, other: bytes) -> bytearray:
    for _ in range(rng.choice((1, 3))):
        end = rng.choice((600, len(data)))
        start, size = rng.randrange(max(1, min(end, len(data)))), rng.choice((1, 2, 4, 4, 8))
        number = rng.choice(_EXTREMES) & (1 << 8 * size) - 1
        data[start : start + size] = number.to_bytes(size, rng.choice(("big", "little")))
    return data


def _cut_off(rng: Random, data: bytearray, other: bytes) -> bytearray:
    return data[: rng.randrange(len(data) + 1)]


def _cut_the_beginning(rng: Random, data: bytearray, other: bytes) -> bytearray:
    return data[rng.randrange(min(2000, len(data)) + 1) :]


def _cut_out(rng: Random, data: bytearray, other: bytes) -> bytearray:
    start, end = _part(rng, data)
    return data[:start] + data[end:]


def _double(rng: Random, data: bytearray, other: bytes) -> bytearray:
    start, end = _part(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 1, 7)) + data[end:]


def _move(rng: Random, data: bytearray, other: bytes) -> bytearray:
    start, end = _part(rng, data)
    part, rest = data[start:end], data[:start] + data[end:]
    where = rng.randrange(len(rest) + 1)
    return rest[:where] + part + rest[where:]


def _zero(rng: Random, data: bytearray, other: bytes) -> bytearray:
    start, end = _part(rng, data)
    data[start:end] = bytes(end - start)
    return data


def _swap_header(rng: Random, data: bytearray, other: bytes) -> bytearray:
    size = rng.choice((16, 64, 256, 1024))
    return bytearray(other[:size]) + data[size:]


def _splice(rng: Random, data: bytearray, other: bytes) -> bytearray:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


_CHANGES: tuple[Callable[[Random, bytearray, bytes], bytearray], ...] = (
    _flip_anywhere,
    _flip_anywhere,
    _flip_in_the_header,
    _flip_in_the_header,
    _flip_in_the_index,
    _extreme_number,
    _extreme_number,
    _cut_off,
    _cut_the_beginning,
    _cut_out,
    _double,
    _move,
    _zero,
    _swap_header,
    _splice,
)


def _at(rng: Random, data: bytearray, end: int, change: Callable[[int], int]) -> None:
    if data:
        place = rng.randrange(min(end, len(data)))
        data[place] = change(data[place]) & 255


def _part(rng: Random, data: bytearray) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((4, 64, 512, 4096)))
