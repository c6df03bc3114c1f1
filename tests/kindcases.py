"""A film of every kind in the table of what is supported, and what has to become of it."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from tests import kindfilms
from tests.fieldcases import FIELD_CASES
from tests.kindchecks import (
    Case,
    has_eight_bits,
    has_format,
    has_size,
    keeps_color,
    keeps_flags,
    keeps_slate,
    same,
    starts_at,
)
from tests.kindfilms import H264, JUMPY, MPEG, Maker, film, with_sound
from tests.media import ColorTags
from tests.pictures import picture

ARCHIVAL = ("--preset", "archival")
ACCESS = ("--preset", "access")
MOV = ("--preset", "mezzanine")
GOING = ("--preset", "archival", "--set", "damage=keep-going")
STUDIO = ("--preset", "studio")
LARGE = {"size": (256, 144), "pixel_format": "yuv420p"}


def _no_mxf(kind: str, make: Maker, refused: str) -> Case:
    return Case(kind=kind, make=make, output="out.mxf", arguments=STUDIO, refused=refused)


CASES = [
    Case(kind="8-bit", make=film(), check=has_format("yuv444p")),
    *(
        Case(kind="deep", make=film(pixel_format=name), check=same("pixel_format.depth"))
        for name in ("yuv420p9le", "gray10le", "yuv422p12le", "yuv420p14le", "gray16le")
    ),
    Case(
        kind="deep",
        make=film(pixel_format="gray16le"),
        output="out.mp4",
        arguments=ACCESS,
        check=has_eight_bits,
    ),
    Case(kind="deep", make=kindfilms.xyz, source="film.nut", refused="xyz12le holds no luma of 8 to 16 bits"),
    *(
        Case(
            kind="range",
            make=film(pixel_format="yuv420p", color=ColorTags(range=name)),
            check=same("color.range"),
        )
        for name in ("full", "limited")
    ),
    Case(kind="grey", make=film(pixel_format="gray"), check=has_format("yuv444p")),
    *(
        Case(kind="yuv", make=film(pixel_format=name), check=has_format(name))
        for name in ("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p")
    ),
    Case(kind="rgb", make=film(pixel_format="bgr0"), check=has_format("yuv444p")),
    Case(kind="rgb", make=film(pixel_format="gbrp10le"), check=has_format("yuv444p10le")),
    Case(kind="transparent", make=film(pixel_format="yuva420p"), check=has_format("yuv420p")),
    Case(kind="odd-size", make=film(size=(63, 47)), check=has_size(63, 47)),
    Case(kind="odd-size", make=film(size=(63, 47), pixel_format="yuv420p"), check=has_size(63, 47)),
    Case(
        kind="odd-size", make=film(size=(63, 47)), output="out.mp4", arguments=ACCESS, check=has_size(64, 48)
    ),
    _no_mxf("odd-size", film(), "at least 256x120"),
    Case(kind="anamorphic", make=film(sample_aspect=Fraction(16, 15))),
    Case(kind="rotated", make=film(rotation_degrees=90, **H264), source="film.mp4"),
    Case(kind="hdr", make=kindfilms.hdr, check=same("color.matrix", "color.primaries", "color.transfer")),
    Case(kind="one-frame", make=film(frames=1)),
    Case(kind="tiny", make=film(size=(2, 2), frames=3)),
    Case(kind="tiny", make=film(size=(16, 16))),
    Case(kind="4k", make=film(frames=[np.tile(picture(0), (45, 60))], pixel_format="yuv420p")),
    *(
        Case(kind="interlaced", make=film(interlaced=order, **MPEG), check=keeps_flags)
        for order in ("tff", "bff")
    ),
    Case(
        kind="interlaced",
        make=film(interlaced="tff", **MPEG),
        arguments=("--preset", "archival", "--set", "interlaced=refuse"),
        refused="interlaced",
    ),
    _no_mxf(
        "interlaced", film(interlaced="tff", size=(256, 144), **MPEG), "Interlaced encoding is not supported"
    ),
    Case(
        kind="field-coded",
        make=film(interlaced="tff", codec="prores_ks", pixel_format="yuv422p10le"),
        source="film.mov",
        check=keeps_flags,
    ),
    Case(kind="telecined", make=kindfilms.telecined, check=keeps_flags),
    Case(kind="variable-rate", make=film(pts=JUMPY, time_base=Fraction(1, 1000))),
    _no_mxf("variable-rate", film(pts=JUMPY, time_base=Fraction(1, 1000), **LARGE), "it has one rate"),
    Case(kind="gaps", make=film(pts=[*range(6), *range(256, 262)]), source="film.nut"),
    Case(kind="gaps", make=film(pts=[*range(6), *range(256, 262)], **H264), source="film.mp4"),
    _no_mxf("gaps", film(pts=[*range(6), *range(256, 262)], **LARGE), "one rate"),
    Case(kind="start", make=film(start=250, audio=1), source="film.nut"),
    Case(kind="start", make=film(start=250, audio=1, **MPEG), source="film.ts"),
    Case(
        kind="start",
        make=film(start=250, audio=1, **LARGE),
        source="film.nut",
        output="out.mxf",
        arguments=STUDIO,
        check=starts_at(Fraction(0)),
    ),
    Case(kind="edit-list", make=kindfilms.cut_in, source="film.mp4"),
    Case(kind="b-frames", make=film(b_frames=2, **H264), source="film.mp4"),
    Case(
        kind="open-gop",
        make=film(frames=24, options={"x264-params": "open-gop=1:keyint=6:bframes=2"}, **H264),
        source="film.ts",
    ),
    Case(kind="no-times", make=kindfilms.backwards, source="film.ts", refused="does not come after"),
    Case(kind="several-videos", make=kindfilms.two_pictures),
    Case(kind="cover", make=film(cover=True, **H264), source="film.mp4"),
    Case(
        kind="cover",
        make=film(cover=True, **H264),
        source="film.mp4",
        output="out.mov",
        arguments=MOV,
        refused="mjpeg",
    ),
    Case(kind="no-sound", make=film()),
    Case(kind="several-sounds", make=film(audio=2, audio_offset_seconds=Fraction(3, 10))),
    Case(kind="pcm", make=film(audio=1, **H264), source="film.mov"),
    Case(kind="ac3", make=with_sound("-c:a", "ac3")),
    Case(kind="surround", make=with_sound("-c:a", "flac", source="anoisesrc=r=48000,aformat=cl=5.1")),
    Case(kind="text-subtitles", make=film(subtitles=2)),
    Case(kind="text-subtitles", make=film(subtitles=2), output="out.mp4", arguments=ACCESS),
    _no_mxf("text-subtitles", film(subtitles=1, **LARGE), "subtitle stream 1"),
    Case(kind="styled-subtitles", make=kindfilms.styled_subtitles),
    Case(
        kind="styled-subtitles",
        make=kindfilms.styled_subtitles,
        output="out.mp4",
        arguments=ACCESS,
        refused="the styles of subtitle stream 1",
    ),
    Case(kind="picture-subtitles", make=kindfilms.picture_subtitles),
    Case(
        kind="picture-subtitles",
        make=kindfilms.picture_subtitles,
        output="out.mp4",
        arguments=ACCESS,
        refused="hdmv_pgs_subtitle",
    ),
    Case(kind="chapters", make=film(chapters=[(Fraction(0), Fraction(1, 5), "Die erste – ü")])),
    _no_mxf("chapters", film(chapters=[(Fraction(0), Fraction(1, 5), "One")], **LARGE), "1 chapters"),
    Case(kind="attachments", make=film(attachments=[("font.ttf", "font/ttf", b"not really a font")])),
    Case(
        kind="attachments",
        make=film(attachments=[("font.ttf", "font/ttf", b"not really a font")]),
        output="out.mp4",
        arguments=ACCESS,
        refused=r"font\.ttf",
    ),
    *(
        Case(
            kind="timecode",
            make=kindfilms.with_timecode(codec=codec, suffix=".mkv"),
            source=f"film{source}",
            output=f"out{output}",
            arguments=("--preset", preset),
            check=keeps_slate,
        )
        for codec, source in (("dnxhd", ".mxf"), ("dnxhd", ".mov"), ("prores_ks", ".mov"))
        for preset, output in (("archival", ".mkv"), ("mezzanine", ".mov"), ("studio", ".mxf"))
    ),
    Case(kind="data", make=kindfilms.data_stream, source="film.ts", refused="data stream 1.*allow the loss"),
    Case(
        kind="data",
        make=kindfilms.data_stream,
        source="film.ts",
        arguments=("--preset", "archival", "--set", "allow_loss=true"),
    ),
    Case(kind="tags", make=film(tags={"title": "A reel; with = signs", "LENDER": "The <archive>"})),
    Case(kind="no-film", make=Path.touch, source="film.mp4", refused="is an empty file"),
    Case(
        kind="no-film", make=lambda path: path.write_text("no film"), source="film.mp4", refused="is a text"
    ),
    Case(
        kind="no-film",
        make=lambda path: path.write_text("ffconcat version 1.0\nfile film.mkv"),
        source="film.mp4",
        refused=r"is a playlist \(concat\) that names other files",
    ),
    Case(
        kind="no-film",
        make=lambda path: kindfilms.ffmpeg("-f", "lavfi", "-i", "sine=330:d=1", path),
        source="film.m4a",
        refused="no video stream",
    ),
    Case(
        kind="sequence",
        make=kindfilms.stills_with_a_gap,
        source="%06d.tif",
        arguments=(*ARCHIVAL, "--set", "rate=24"),
        refused=r"7",
    ),
    Case(kind="mixed", make=kindfilms.mixed, check=keeps_color),
    *(
        Case(
            kind="bomb",
            make=film(frames=7, pts=[*range(6), 400_000], time_base=Fraction(1, 10)),
            source="film.nut",
            arguments=(*ARCHIVAL, "--set", f"limits.{limit}"),
            refused=rf"{told}.* limits\.{limit.partition('=')[0]}",
        )
        for limit, told in (
            ("pixels=3000", r"64x48, 3,072 pixels"),
            ("frames=6", r"frame 6 \(pts \d+\) is one too many"),
            ("hours=10", r"frame 6 \(pts \d+\) comes more than 10 hours"),
            ("rate=4", r"frame 4 \(pts \d+\) is more than the 4th"),
        )
    ),
    Case(
        kind="bomb",
        make=film(frames=7, pts=[*range(6), 400_000], time_base=Fraction(1, 10)),
        source="film.nut",
    ),
    Case(kind="damaged", make=kindfilms.damaged, refused="damaged"),
    Case(kind="damaged", make=kindfilms.damaged, arguments=GOING),
    Case(kind="damaged", make=kindfilms.cut_off, arguments=GOING),
    Case(kind="changing", make=kindfilms.changing_size, source="film.ts", refused="is 48x32"),
    Case(
        kind="any-name",
        make=film(tags={"title": "\"; rm -rf / #'<b>&\N{RIGHT-TO-LEFT OVERRIDE}"}),
        source="-v 100%d [x],;='\"&<b> ü.mkv",
    ),
    Case(kind="matroska-header", make=kindfilms.nested_tags, check=kindfilms.keeps_nested_tags),
    Case(kind="silent-speed", make=film(rate=Fraction(16))),
    Case(
        kind="silent-speed",
        make=film(rate=Fraction(16)),
        arguments=(*ARCHIVAL, "--set", "delivery_rate=24"),
        refused="a master keeps the times of its source",
    ),
    *FIELD_CASES,
]
