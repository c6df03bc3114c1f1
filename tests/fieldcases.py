"""Films of the kinds of `tests.fieldfilms`, and what has to become of them."""

from fractions import Fraction
from typing import Any

from tests import fieldfilms, mov_films
from tests.kindchecks import (
    Case,
    has_fields,
    has_format,
    has_size,
    has_sound,
    keeps_chapters,
    keeps_distances,
    rises_by_one_frame,
    same,
)
from tests.kindfilms import H264, MPEG, film, with_sound

ACCESS = ("--preset", "access")
STUDIO = ("--preset", "studio")
MPEG4: dict[str, Any] = {"codec": "mpeg4", "pixel_format": "yuv420p"}
HIDDEN: list[tuple[tuple[int, int, int, int], str, str, str, dict[str, Any]]] = [
    ((2, 4, 6, 8), ".mkv", "archival", ".mkv", {}),
    ((1, 0, 0, 5), ".mov", "archival", ".mkv", {"sample_aspect": Fraction(16, 15)}),
    ((0, 3, 2, 0), ".mp4", "access", ".mp4", {"sample_aspect": Fraction(16, 15)}),
    ((8, 8, 2, 2), ".mkv", "mezzanine", ".mov", {"rate": Fraction(24000, 1001)}),
]
"""Edges, source, preset, output, and what else the film is."""

TWO_CHAPTERS = [(Fraction(0), Fraction(1, 5), "Eins"), (Fraction(1, 5), Fraction(2, 5), "Zwei")]

FIELD_CASES = [
    *(
        Case(
            kind="rotated",
            make=fieldfilms.turned(*options),
            source=f"film{source}",
            output=f"out{output}",
            arguments=("--preset", preset),
            check=same("orientation"),
        )
        for options, source, preset, output in (
            (("-display_hflip",), ".mp4", "archival", ".mkv"),
            (("-display_vflip",), ".mov", "access", ".mp4"),
            (("-display_rotation", "90", "-display_hflip"), ".mkv", "archival", ".mkv"),
            (("-display_rotation", "30"), ".mp4", "mezzanine", ".mov"),
            (("-display_rotation", "271.5", "-display_hflip"), ".mov", "archival", ".mkv"),
        )
    ),
    Case(
        kind="rotated",
        make=film(rotation_degrees=90, size=(256, 144), **H264),
        source="film.mp4",
        output="out.mxf",
        arguments=STUDIO,
        refused="it cannot hold that players show it turned by 90 degrees",
    ),
    *(
        Case(
            kind="hidden-edges",
            make=mov_films.with_hidden_edges(*edges, **options),
            source=f"film{source}",
            output=f"out{output}",
            arguments=("--preset", preset),
            check=same("crop", "sample_aspect"),
        )
        for edges, source, preset, output, options in HIDDEN
    ),
    Case(
        kind="hidden-edges",
        make=mov_films.with_hidden_edges(2, 4, 6, 8, size=(256, 144)),
        output="out.mxf",
        arguments=STUDIO,
        refused="it cannot hold that players hide its edges, 2, 4, 6, 8",
    ),
    Case(
        kind="changing-tags",
        make=fieldfilms.changing({}, {"sample_aspect": Fraction(4, 3), "frames": 9}),
        source="film.ts",
    ),
    Case(kind="changing-tags", make=fieldfilms.changing_jpeg("422", "420", "gray", "444"), source="film.avi"),
    Case(kind="changing-tags", make=fieldfilms.changing_jpeg("420", "444"), source="film.mov"),
    Case(kind="grain", make=fieldfilms.with_grain),
    Case(kind="grain", make=fieldfilms.with_grain_message),
    Case(kind="side-data", make=fieldfilms.with_captions, source="film.ts"),
    Case(
        kind="changing",
        make=fieldfilms.changing_jpeg("gray", "420"),
        source="film.avi",
        refused=r"frame 6 \(pts \d+\) is 64x48 yuvj420p, the film began as 64x48 gray",
    ),
    *(
        Case(
            kind="clock",
            make=fieldfilms.wrapping(seconds),
            source=f"film{source}",
            output=f"out{output}",
            arguments=("--preset", preset),
            check=keeps_distances,
        )
        for seconds, source, preset, output in (
            (0.2, ".ts", "archival", ".mkv"),
            (0.2, ".ts", "access", ".mp4"),
            (30, ".ts", "archival", ".mkv"),
            (0.1, ".m2ts", "mezzanine", ".mov"),
            (70, ".ts", "archival", ".mkv"),
        )
    ),
    Case(
        kind="clock",
        make=fieldfilms.wrapping(0.2, size=(256, 144)),
        source="film.ts",
        output="out.mxf",
        arguments=STUDIO,
        check=keeps_distances,
    ),
    *(
        Case(
            kind="old-sound",
            make=with_sound("-c:a", codec, *options, **film_options),
            source=f"film{source}",
            output=f"out{output}",
            arguments=("--preset", preset),
            check=has_sound(expected),
        )
        for codec, options, source, preset, output, expected, film_options in (
            ("pcm_s8", (), ".mov", "archival", ".mkv", "pcm_u8", H264),
            ("pcm_u8", ("-ar", "11025"), ".avi", "archival", ".mkv", "pcm_u8", MPEG4),
            ("pcm_u8", ("-ar", "11025"), ".avi", "access", ".mp4", "aac", MPEG4),
            ("adpcm_ima_qt", ("-ar", "22050"), ".mov", "archival", ".mkv", "pcm_s16le", H264),
            ("adpcm_ms", (), ".avi", "archival", ".mkv", "adpcm_ms", MPEG4),
            ("adpcm_ima_wav", (), ".avi", "mezzanine", ".mov", "pcm_s16le", MPEG4),
            ("wmav2", (), ".wmv", "archival", ".mkv", "wmav2", {"codec": "wmv2", "pixel_format": "yuv420p"}),
            ("wmav1", (), ".wmv", "access", ".mp4", "aac", {"codec": "wmv2", "pixel_format": "yuv420p"}),
            ("pcm_dvd", (), ".vob", "archival", ".mkv", "pcm_s16le", MPEG),
            ("pcm_dvd", ("-sample_fmt", "s32", "-ac", "2"), ".vob", "archival", ".mkv", "pcm_s24le", MPEG),
            ("s302m", ("-ac", "2", "-strict", "-2"), ".ts", "archival", ".mkv", "pcm_s16le", MPEG),
            ("pcm_f64be", (), ".mov", "archival", ".mkv", "pcm_f64le", H264),
            ("pcm_s24le", (), ".mov", "access", ".mp4", "aac", H264),
            ("libvorbis", (), ".mkv", "mezzanine", ".mov", "pcm_f32le", H264),
        )
    ),
    Case(
        kind="old-sound",
        make=with_sound("-c:a", "pcm_s16le", source="anoisesrc=r=48000,aformat=cl=hexadecagonal"),
        output="out.mp4",
        arguments=ACCESS,
        refused=r"it cannot hold audio stream 1 \(pcm_s16le\)",
    ),
    *(
        Case(
            kind="rgb", make=fieldfilms.unpacked(pixels), source=f"film{source}", check=has_format("yuv444p")
        )
        for pixels, source in (("gray", ".mov"), ("pal8", ".avi"), ("pal8", ".nut"), ("monow", ".avi"))
    ),
    *(
        Case(
            kind="b-frames",
            make=fieldfilms.in_avi(codec),
            source="film.avi",
            output=f"out{output}",
            arguments=("--preset", preset),
            check=rises_by_one_frame,
        )
        for codec, preset, output in (
            ("h264", "archival", ".mkv"),
            ("h264", "access", ".mp4"),
            ("packed", "archival", ".mkv"),
            ("packed", "mezzanine", ".mov"),
        )
    ),
    Case(
        kind="timecode",
        make=fieldfilms.from_tape(48000),
        source="film.dv",
        output="out.mp4",
        arguments=ACCESS,
    ),
    Case(
        kind="old-sound",
        make=fieldfilms.from_tape(48000, 32000),
        source="film.dv",
        output="out.mp4",
        arguments=ACCESS,
        check=has_sound("aac"),
    ),
    *(
        Case(
            kind="b-frames",
            make=make,
            source=source,
            output=output,
            arguments=("--preset", preset),
            check=rises_by_one_frame,
        )
        for make, source, preset, output in (
            (fieldfilms.in_vfw_matroska, "film.mkv", "archival", "out.mkv"),
            (fieldfilms.in_vfw_matroska, "film.mkv", "access", "out.mp4"),
            (fieldfilms.repacked, "film.mkv", "archival", "out.mkv"),
            (fieldfilms.repacked, "film.mp4", "access", "out.mp4"),
        )
    ),
    Case(kind="field-coded", make=fieldfilms.captured, source="film.avi", check=has_fields),
    Case(kind="transparent", make=fieldfilms.see_through, source="film.webm", check=has_format("yuv420p")),
    Case(kind="several-videos", make=fieldfilms.after_its_preview, source="film.mp4", check=has_size(96, 64)),
    Case(kind="data", make=fieldfilms.from_a_dvd, source="film.vob"),
    Case(kind="several-videos", make=fieldfilms.that_goes_on_elsewhere, source="film.ts"),
    *(
        Case(
            kind="chapters",
            make=film(chapters=TWO_CHAPTERS, **H264),
            source="film.mp4",
            output=output,
            arguments=("--preset", preset),
            check=keeps_chapters,
        )
        for preset, output in (("archival", "out.mkv"), ("access", "out.mp4"))
    ),
    *(
        Case(
            kind="data",
            make=with_sound("-c:a", "aac", "-movflags", "rtphint", **H264),
            source="film.mp4",
            output=output,
            arguments=("--preset", preset),
        )
        for preset, output in (("archival", "out.mkv"), ("access", "out.mp4"))
    ),
    Case(kind="any-name", make=film(**H264), source="reel%04d.mp4", output="reel%04d.mkv"),
]
