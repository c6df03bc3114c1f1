"""What a finished film does not say or carry of its source's pictures stands in its report, and is said aloud."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import pytest

from tests import fieldfilms, mov_films
from tests.graded import color_flat
from tests.kindfilms import FRAMES, H264, Maker, film, with_sound
from tests.media import ColorTags

WIDE: dict[str, Any] = {"sample_aspect": Fraction(4, 3)}
PARTS: dict[str, Any] = {"frames": 4}
BT709: dict[str, Any] = {
    "color": ColorTags(matrix="bt709", primaries="bt709", transfer="bt709", range="limited")
}
BT601: dict[str, Any] = {
    "color": ColorTags(matrix="smpte170m", primaries="smpte170m", transfer="smpte170m", range="limited")
}
ACCESS = ("--preset", "access")


def _h264(value_range: Literal["limited", "full"]) -> dict[str, Any]:
    return {**H264, "color": ColorTags(matrix="bt709", range=value_range)}


@pytest.mark.parametrize(
    ("make", "name", "arguments", "converted", "lost"),
    [
        (
            fieldfilms.changing({}, {**WIDE, "frames": 20}, PARTS),
            "film.ts",
            (),
            ["the sample aspect changes, 1:1, 4:3 from frame 12 on (0.680 s), 1:1 from frame 32 on (1.680 s): "
             "the whole film is marked 4:3"],
            [],
        ),
        (
            fieldfilms.changing(BT601, {**BT709, **PARTS}),
            "film.ts",
            (),
            [f"the {name} changes, smpte170m, bt709 from frame 12 on (0.680 s): the whole film is marked smpte170m"
             for name in ("matrix", "primaries", "transfer")],
            [],
        ),
        (
            fieldfilms.changing({**_h264("limited"), **PARTS}, _h264("full")),
            "film.ts",
            (),
            ["the range changes, limited, full from frame 4 on (0.360 s): the whole film is marked full"],
            [],
        ),
        (fieldfilms.changing_jpeg("422", "420"), "film.avi", (), ["the pixel format changes, yuvj422p, yuvj420p"], []),
        (
            fieldfilms.changing({"interlaced": "tff"}, {"interlaced": "bff", **PARTS}),
            "film.ts",
            ACCESS,
            [f"the fields of its frames differ ({FRAMES} top field first, 4 bottom field first): "
             "libx264 codes all as top field first"],
            [],
        ),
        (fieldfilms.changing({"interlaced": "tff"}, {"interlaced": "bff"}), "film.ts", (), [], []),
        (fieldfilms.with_grain, "film.mkv", (), ["film grain, a recipe in the av1 stream, becomes part"], []),
        (fieldfilms.with_grain_message, "film.mkv", (), ["film grain, a recipe in the h264 stream"], []),
        (fieldfilms.with_captions, "film.ts", (), [], ["the closed captions (EIA-608, CEA-708) in the coded picture"]),
        (film(pixel_format="yuva420p"), "film.mkv", (), [], ["the transparency of the picture"]),
        (
            fieldfilms.called_interlaced,
            "film.mkv",
            (),
            ["its header says interlaced, top field first; its pictures say progressive, and are believed"],
            [],
        ),
        (
            fieldfilms.from_tape(48000, 32000),
            "film.dv",
            (),
            [],
            ["audio stream 1 (pcm_s16le): its rate changes to 32000 Hz at 0.120 s, which its header does not say",
             "what DV notes in every frame: when it was recorded"],
        ),
        (fieldfilms.see_through, "film.webm", (), [], ["the transparency of the picture"]),
        (
            fieldfilms.that_goes_on_elsewhere,
            "film.ts",
            (),
            ["video stream 1 (mpeg2video): is copied, and not coloured"],
            [],
        ),
        (fieldfilms.from_a_dvd, "film.vob", (), ["data stream 0 (dvd_nav_packet): is left out"], []),
        (
            with_sound("-c:a", "pcm_s16le", source="anoisesrc=r=48000,aformat=cl=quad", **H264),
            "film.mov",
            (),
            [],
            ["audio stream 1 (pcm_s16le): its layout of channels, quad, is read as 4 channels"],
        ),
        (with_sound("-c:a", "pcm_s16le", source="anoisesrc=r=48000,aformat=cl=5.1", **H264), "film.mov", (), [], []),
        (
            with_sound("-c:a", "pcm_s16le", source="sine=330:r=48000", codec="mpeg2video", pixel_format="yuv420p"),
            "film.mxf",
            ("--preset", "mezzanine"),
            ["tag company_name: ", "tag product_name: ", "tag material_package_umid: "],
            [],
        ),
        (
            mov_films.edited((400, 0, 1), (200, -1, 1), (300, 500, 1)),
            "film.mov",
            (),
            ["its edit list has a pause or another speed, which is not applied"],
            [],
        ),
        (
            film(chapters=[(Fraction(1, 5), Fraction(2, 5), "Zwei")]),
            "film.mkv",
            ACCESS,
            ["its first chapter, from 0.200 s on: for some players"],
            [],
        ),
        (fieldfilms.captured, "film.avi", (), [], []),
        (film(size=(63, 48), pixel_format="yuv420p10le"), "film.mkv", ACCESS,
         ["its 63x48 pictures become 64x48: libx264 codes whole pairs",
          "its samples of 10 bits become samples of 8, each to the nearest step"], []),
        (film(pixel_format="yuv420p"), "film.mkv", (), [], []),
    ],
    ids=["aspect", "colour", "range", "format", "fields", "kept fields", "av1", "h264", "captions", "alpha", "header",
         "sound", "alpha of VP9", "elsewhere", "DVD", "layout", "usual layout", "no layout", "pause", "late chapter",
         "captured", "odd", "plain"],
)  # fmt: skip
def test_nothing_of_the_pictures_changes_in_silence(
    make: Maker,
    name: str,
    arguments: tuple[str, ...],
    converted: list[str],
    lost: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    source, output = tmp_path / name, tmp_path / {(): "out.mkv", ACCESS: "out.mp4"}.get(arguments, "out.mov")
    make(source)
    options = arguments or ("--preset", "archival")
    assert color_flat(source, output, *options, "--set", "report_page=false", work=tmp_path / "work") == 0
    record = json.loads((tmp_path / f"{output.name}.report.json").read_text(encoding="utf-8"))
    said = capfd.readouterr().err
    for found, expected, word in (
        (record["converted"], converted, "changed"),
        (record["lost"], lost, "left out"),
    ):
        assert len(found) == len(expected), found
        for line, beginning in zip(found, expected, strict=True):
            assert line.startswith(beginning)
            assert f"{word}: {line}" in said
