"""MOV films with boxes that FFmpeg does not write as told: edit lists, titles in old encodings, hidden edges."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tests.kindfilms import FRAMES, H264, Maker, ffmpeg
from tests.media import make_film


def edited(*edits: tuple[int, int, float]) -> Maker:
    """A MOV whose edit list has these durations in ms, times in the film in ms (-1: nothing) and speeds."""

    def make(path: Path) -> None:
        bare = path.with_name("bare.mov")
        make_film(bare, frames=24, time_base=Fraction(1, 1000), gop=6, b_frames=0, **H264)
        data = bare.read_bytes()
        scale = int.from_bytes(data[data.index(b"mdhd") + 16 :][:4])
        told = b"".join(
            duration.to_bytes(4)
            + (at if at < 0 else at * scale // 1000).to_bytes(4, signed=True)
            + round(speed * 65536).to_bytes(4)
            for duration, at, speed in edits
        )
        listed = bytes(4) + len(edits).to_bytes(4) + told
        box = (8 + len(listed)).to_bytes(4) + b"elst" + listed
        data = data.replace(b"edts", b"free")
        path.write_bytes(_with_box(data, b"edts", box, (b"moov", b"trak")))
        bare.unlink()

    return make


def titled(*entries: tuple[int, bytes]) -> Maker:
    """A MOV whose title is there in these languages, by Apple's numbers, in the encodings of the Macintosh."""
    texts = b"".join(len(text).to_bytes(2) + language.to_bytes(2) + text for language, text in entries)
    return with_user_data(box(b"\xa9nam", texts))


def box(name: bytes, content: bytes) -> bytes:
    """A box of MOV and MP4."""
    return (8 + len(content)).to_bytes(4) + name + content


def with_user_data(content: bytes, *, name: bytes = b"udta", way: Sequence[bytes] = (b"moov",)) -> Maker:
    """A MOV or MP4 with this user data, of the file or of its track, which says nothing else."""

    def make(path: Path) -> None:
        bare = path.with_name(f"bare{path.suffix}")
        make_film(bare, frames=FRAMES, **H264)
        path.write_bytes(_with_box(bare.read_bytes().replace(b"udta", b"free"), name, content, way))
        bare.unlink()

    return make


def with_hidden_edges(left: int, right: int, top: int, bottom: int, **film_options: Any) -> Maker:
    """A film whose container hides columns and lines: `clap` in MOV and MP4, PixelCrop in Matroska."""

    def make(path: Path) -> None:
        bare, mov = path.with_name("bare.mov"), path.with_name("hidden.mov")
        make_film(bare, **({"frames": FRAMES} | H264 | film_options))
        with av.open(str(bare)) as film:
            size = film.streams.video[0].codec_context.width, film.streams.video[0].codec_context.height
        shown = (size[0] - left - right, 1, size[1] - top - bottom, 1, left - right, 2, top - bottom, 2)
        clap = b"".join(number.to_bytes(4, signed=True) for number in shown)
        mov.write_bytes(_with_box(bare.read_bytes(), b"clap", clap))
        ffmpeg("-i", mov, "-c", "copy", "-map", "0", path)
        bare.unlink()
        mov.unlink()

    return make


_TO_ENTRY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")


def _with_box(data: bytes, name: bytes, content: bytes, way: Sequence[bytes] = _TO_ENTRY) -> bytes:
    """A MOV file whose index comes last, with one more box in its first track, there where `way` leads."""
    made, at, is_done = b"", 0, False
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + size]
        if kind == way[0] and not is_done:
            is_done = True
            if len(way) > 1:
                body = _with_box(body, name, content, way[1:])
            elif kind != b"stsd":
                body += (8 + len(content)).to_bytes(4) + name + content
            else:
                entry = body[8:] + (8 + len(content)).to_bytes(4) + name + content
                body = body[:8] + len(entry).to_bytes(4) + entry[4:]
        made += (8 + len(body)).to_bytes(4) + kind + body
        at += size
    return made
