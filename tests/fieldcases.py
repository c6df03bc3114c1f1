"""Films of the kinds of `tests.fieldfilms`, and what has to become of them."""

from fractions import Fraction
from typing import Any

from tests import fieldfilms
from tests.fieldfilms import H264
from tests.kindchecks import Case, keeps_distances, same
from tests.kindfilms import film

ACCESS = ("--preset", "access")
STUDIO = ("--preset", "studio")
HIDDEN: list[tuple[tuple[int, int, int, int], str, str, str, dict[str, Any]]] = [
    ((2, 4, 6, 8), ".mkv", "archival", ".mkv", {}),
    ((1, 0, 0, 5), ".mov", "archival", ".mkv", {"sample_aspect": Fraction(16, 15)}),
    ((0, 3, 2, 0), ".mp4", "access", ".mp4", {"sample_aspect": Fraction(16, 15)}),
    ((8, 8, 2, 2), ".mkv", "mezzanine", ".mov", {"rate": Fraction(24000, 1001)}),
]
"""Edges, source, preset, output, and what else the film is."""

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
            make=fieldfilms.with_hidden_edges(*edges, **options),
            source=f"film{source}",
            output=f"out{output}",
            arguments=("--preset", preset),
            check=same("crop", "sample_aspect"),
        )
        for edges, source, preset, output, options in HIDDEN
    ),
    Case(
        kind="hidden-edges",
        make=fieldfilms.with_hidden_edges(2, 4, 6, 8, size=(256, 144)),
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
]
