"""A small film for every row of the table of kinds, made on the fly; what has no row has no film here.

`make_film` writes most of them. FFmpeg's command line adds what PyAV cannot write: sounds of other codecs, styled
subtitles, edit lists.
"""

import subprocess
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg

from pipeline.matroska.dropped import tag_texts
from pipeline.matroska.header import read_header
from pipeline.media import Plane
from tests.matroska_films import rebuild, simple, tag
from tests.media import ColorTags, damage_film, make_film
from tests.pictures import picture

Maker = Callable[[Path], object]

FRAMES = 12
JUMPY = (0, 40, 80, 130, 135, 400, 560, 576, 592, 800, 840, 841)
"""Milliseconds of a film of variable rate."""
MPEG: dict[str, Any] = {"codec": "mpeg2video", "pixel_format": "yuv420p"}
H264: dict[str, Any] = {"codec": "libx264", "pixel_format": "yuv420p"}


def film(**options: Any) -> Maker:
    """A film of twelve frames."""
    return partial(_film, **options)


def _film(path: Path, **options: Any) -> list[Plane]:
    return make_film(path, **({"frames": FRAMES} | options))


def ffmpeg(*arguments: str | Path) -> None:
    """Runs FFmpeg's command line."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def with_sound(*options: str, source: str = "sine=330:r=48000", **film_options: Any) -> Maker:
    """A film with a sound that FFmpeg codes by these options."""

    def make(path: Path) -> None:
        bare = path.with_name(f"bare{path.suffix}")
        make_film(bare, frames=FRAMES, **film_options)
        sound = ("-f", "lavfi", "-i", source)
        ffmpeg("-i", bare, *sound, "-map", "0", "-map", "1", "-c:v", "copy", "-t", "0.48", *options, path)
        bare.unlink()

    return make


def styled_subtitles(path: Path) -> None:
    """Subtitles in ASS, with a style of their own."""
    texts = path.with_name("texts.ass")
    texts.write_text(
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
        "Style: Odd,Serif,31\n\n[Events]\nFormat: Layer, Start, End, Style, Text\n"
        "Dialogue: 0,0:00:00.00,0:00:00.30,Odd,{\\i1}A title\n",
        encoding="utf-8",
    )
    bare = path.with_name("bare.mkv")
    make_film(bare, frames=FRAMES)
    ffmpeg("-i", bare, "-i", texts, "-map", "0", "-map", "1", "-c", "copy", "-c:s", "ass", path)
    bare.unlink()
    texts.unlink()


def picture_subtitles(path: Path) -> None:
    """A PGS subtitle: a picture that is shown, empty, from 0 to 0.2 s."""
    bare, texts = path.with_name("bare.mkv"), path.with_name("texts.sup")
    make_film(bare, frames=FRAMES)
    shown = bytes.fromhex("0040003010000080000000")
    with texts.open("wb") as file:
        for time in (0, 18_000):
            for kind, data in ((0x16, shown), (0x80, b"")):
                head = b"PG" + time.to_bytes(4) + bytes(4) + bytes([kind]) + len(data).to_bytes(2)
                file.write(head + data)
    ffmpeg("-i", bare, "-f", "sup", "-i", texts, "-map", "0", "-map", "1", "-c", "copy", path)
    bare.unlink()
    texts.unlink()


def data_stream(path: Path) -> None:
    """A stream of KLV data beside the picture, in MPEG-TS."""
    bare = path.with_name("bare.ts")
    make_film(bare, frames=FRAMES, **MPEG)
    with av.open(str(bare)) as source, av.open(str(path), "w") as out:
        pictures = out.add_stream_from_template(source.streams.video[0])
        data: Any = out.add_data_stream("klv")
        out.start_encoding()
        for number, packet in enumerate(p for p in source.demux(video=0) if p.size):
            if number == 1:
                told = av.Packet(bytes.fromhex("060e2b34") + bytes(16))
                told.stream, told.time_base = data, packet.time_base
                told.pts = told.dts = packet.dts
                out.mux(told)
            packet.stream = pictures
            out.mux(packet)
    bare.unlink()


def two_pictures(path: Path) -> None:
    """A small grey second picture, and sound, beside the first."""
    first, second = path.with_name("first.mkv"), path.with_name("second.mkv")
    make_film(first, frames=FRAMES, audio=1)
    make_film(second, frames=FRAMES, size=(32, 32))
    ffmpeg("-i", first, "-i", second, "-map", "0:v", "-map", "1:v", "-map", "0:a", "-c", "copy", path)
    first.unlink()
    second.unlink()


def cut_in(path: Path) -> None:
    """An MP4 that begins in mid-GOP, by an edit list."""
    whole = path.with_name("whole.mp4")
    make_film(whole, frames=24, codec="libx264", pixel_format="yuv420p", gop=12, b_frames=2, audio=1)
    ffmpeg("-ss", "0.2", "-i", whole, "-map", "0", "-c", "copy", path)
    whole.unlink()


def telecined(path: Path) -> None:
    """Film at 24 frames/s as fields at 60: of five frames two are made of two pictures."""
    photographed = [picture(number) for number in range(FRAMES)]
    fields = [photographed[n] for n in range(FRAMES) for _ in range(2 + n % 2)]
    frames = []
    for top, bottom in zip(fields[::2], fields[1::2], strict=True):
        woven = top.copy()
        woven[1::2] = bottom[1::2]
        frames.append(woven)
    rate = Fraction(30000, 1001)
    make_film(path, frames=frames, interlaced="tff", rate=rate, **MPEG)


def backwards(path: Path) -> None:
    """Two MPEG-TS files one after the other: the clock goes back."""
    parts = [path.with_name(name) for name in ("one.ts", "two.ts")]
    for part in parts:
        make_film(part, frames=FRAMES, **MPEG)
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()


def changing_size(path: Path) -> None:
    """An MPEG-TS whose pictures become smaller halfway."""
    parts = [path.with_name(name) for name in ("one.ts", "two.ts")]
    make_film(parts[0], frames=FRAMES, **MPEG)
    make_film(parts[1], frames=FRAMES, size=(48, 32), start=FRAMES, **MPEG)
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()


def xyz(path: Path) -> None:
    """A picture of a digital cinema package: XYZ, which has no luma to keep."""
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:d=0.2", "-pix_fmt", "xyz12le", "-c:v", "rawvideo", path)


def damaged(path: Path) -> None:
    """Two packets of an FFV1 film are spoilt, which its checksums tell."""
    whole = path.with_name("whole.mkv")
    make_film(whole, frames=FRAMES, options={"level": "3", "slicecrc": "1", "g": "1", "slices": "4"})
    damage_film(whole, path, packets=(4, 5))
    whole.unlink()


def cut_off(path: Path) -> None:
    """The last third of the file is missing."""
    make_film(path, frames=FRAMES, options={"level": "3", "slicecrc": "1", "g": "1", "slices": "4"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def stills(path: Path) -> None:
    """The numbered stills of a pattern, in 16 bits."""
    bare = path.with_name("bare.mkv")
    make_film(bare, frames=FRAMES, pixel_format="gray16le")
    ffmpeg("-i", bare, "-start_number", "1", path)
    bare.unlink()


def stills_with_a_gap(path: Path) -> None:
    """The same, but one is missing."""
    stills(path)
    path.with_name(path.name % 7).unlink()


def mixed(path: Path) -> None:
    """A grey shot and one in colours, of sixteen frames each."""
    grey, color = path.with_name("grey.mkv"), path.with_name("color.mkv")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x72:r=24,hue=s=0", "-frames:v", "16", "-c:v", "ffv1", grey)
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=96x72:r=24,negate", "-frames:v", "16", "-c:v", "ffv1", color)
    joined = "[0:v][1:v]concat=n=2:v=1,format=yuv420p"
    ffmpeg("-i", grey, "-i", color, "-filter_complex", joined, "-c:v", "ffv1", path)
    grey.unlink()
    color.unlink()


def with_timecode(*, codec: str, suffix: str, reel: str = "A001") -> Maker:
    """A film of 256x144 as studios write it, with timecode, reel name and PCM."""

    def make(path: Path) -> None:
        bare = path.with_name(f"bare{suffix}")
        make_film(
            bare, frames=FRAMES, size=(256, 144), rate=Fraction(24), pixel_format="yuv422p10le", codec="ffv1"
        )
        options = ["-profile:v", "dnxhr_hqx"] if codec == "dnxhd" else []
        place = "-metadata:s:v:0" if path.suffix == ".mov" else "-metadata"
        names = [place, f"reel_name={reel}", "-metadata", "material_package_name=A001C002"]
        sound = ("-f", "lavfi", "-i", "sine=330:r=48000", "-t", "0.5", "-c:a", "pcm_s24le")
        ffmpeg("-i", bare, *sound, "-c:v", codec, *options, *names, "-timecode", "01:00:00:00", path)
        bare.unlink()

    return make


def hdr(path: Path) -> None:
    """Grey, tagged PQ."""
    color = ColorTags(matrix="bt2020nc", primaries="bt2020", transfer="smpte2084", range="limited")
    make_film(path, frames=FRAMES, pixel_format="yuv420p10le", color=color)


def nested_tags(path: Path) -> None:
    """A Matroska film with an actor and his part, twice."""
    make_film(path, frames=FRAMES)
    rebuild(
        path, tags=[tag(*(simple("ACTOR", actor, simple("CHARACTER", "Hero")) for actor in ("One", "Two")))]
    )


def keeps_nested_tags(source: Path, output: Path) -> None:
    """Every tag of `nested_tags` is in the output."""
    found = [text for one in read_header(output).tags for text in tag_texts(one)]
    assert found[:4] == ["ACTOR=One", "ACTOR/CHARACTER=Hero", "ACTOR=Two", "ACTOR/CHARACTER=Hero"]
