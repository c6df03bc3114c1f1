"""A film of every kind in the table becomes what the table promises: kept, converted or refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from jobs.cli.main import main
from pipeline.source.frame_reader import FrameReader
from pipeline.source.luma_planes import luma_plane
from pipeline.source.probe import probe
from pipeline.support.table import KINDS, Kind, markdown
from tests import kindfilms
from tests.comparison import compare
from tests.graded import color_flat
from tests.kindfilms import JUMPY, MPEG, Maker, film, with_sound
from tests.media import ColorTags
from tests.pictures import picture

ROOT = Path(__file__).parents[3]
Check = Callable[[Path, Path], None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A film of a kind, and what has to become of it."""

    kind: str
    make: Maker
    source: str = "film.mkv"
    output: str = "out.mkv"
    arguments: tuple[str, ...] = ("--preset", "archival")
    refused: str | None = None
    """What the line of the refusal says; None where the film is coloured."""
    check: Check | None = None
    """What else holds, of source and output."""


def _same(*names: str) -> Check:
    """These members of `FilmInfo` are equal, a dot reaches into them."""

    def check(source: Path, output: Path) -> None:
        before, after = probe(source), probe(output)
        for name in names:
            mine, theirs = before, after
            for part in name.split("."):
                mine, theirs = getattr(mine, part), getattr(theirs, part)
            assert mine == theirs, name

    return check


def _format(name: str) -> Check:
    def check(source: Path, output: Path) -> None:
        assert probe(output).pixel_format.name == name

    return check


def _size(width: int, height: int) -> Check:
    def check(source: Path, output: Path) -> None:
        film = probe(output)
        assert (film.width, film.height) == (width, height)

    return check


def _eight_bits(source: Path, output: Path) -> None:
    assert probe(output).pixel_format.depth == 8


def _flags(source: Path, output: Path) -> None:
    """Every frame is flagged as its source's."""
    assert _interlaced(source) == _interlaced(output)
    assert all(_interlaced(source)), "the test needs interlaced frames"


def _interlaced(path: Path) -> list[bool]:
    with av.open(str(path)) as container:
        return [frame.interlaced_frame for frame in container.decode(video=0)]


def _color_untouched(source: Path, output: Path) -> None:
    """The last frames are the source's in every plane; the first are not."""
    before, after = _planes(source), _planes(output)
    assert before[16:] == after[16:]
    assert before[0] != after[0]


def _planes(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]


def _slate(source: Path, output: Path) -> None:
    """Timecode and reel, wherever the container keeps them."""
    with av.open(str(output)) as container:
        tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    found = [{key.lower(): value for key, value in some.items()} for some in tags]
    assert any(some.get("timecode") == "01:00:00:00" for some in found)
    assert any(some.get("reel_name") == "A001" for some in found)


def _starts_at(seconds: Fraction) -> Check:
    def check(source: Path, output: Path) -> None:
        film = probe(output)
        assert film.video.start_pts is not None
        assert film.video.start_pts * film.time_base == seconds

    return check


ARCHIVAL = ("--preset", "archival")
ACCESS = ("--preset", "access")
MOV = ("--preset", "mezzanine")
GOING = ("--preset", "archival", "--set", "damage=keep-going")
STUDIO = ("--preset", "studio")
LOSS = ("--preset", "access", "--set", "allow_loss=true")
H264 = {"codec": "libx264", "pixel_format": "yuv420p"}
LARGE = {"size": (256, 144), "pixel_format": "yuv420p"}

CASES = [
    Case(kind="8-bit", make=film(), check=_format("yuv444p")),
    *(
        Case(kind="deep", make=film(pixel_format=name), check=_same("pixel_format.depth"))
        for name in ("yuv420p9le", "gray10le", "yuv422p12le", "yuv420p14le", "gray16le")
    ),
    Case(
        kind="deep",
        make=film(pixel_format="gray16le"),
        output="out.mp4",
        arguments=ACCESS,
        check=_eight_bits,
    ),
    Case(kind="deep", make=kindfilms.xyz, source="film.nut", refused="xyz12le holds no luma of 8 to 16 bits"),
    *(
        Case(
            kind="range",
            make=film(pixel_format="yuv420p", color=ColorTags(range=name)),
            check=_same("color.range"),
        )
        for name in ("full", "limited")
    ),
    Case(kind="grey", make=film(pixel_format="gray"), check=_format("yuv444p")),
    *(
        Case(kind="yuv", make=film(pixel_format=name), check=_format(name))
        for name in ("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p")
    ),
    Case(kind="rgb", make=film(pixel_format="bgr0"), check=_format("yuv444p")),
    Case(kind="rgb", make=film(pixel_format="gbrp10le"), check=_format("yuv444p10le")),
    Case(kind="transparent", make=film(pixel_format="yuva420p"), check=_format("yuv420p")),
    Case(kind="odd-size", make=film(size=(63, 47)), check=_size(63, 47)),
    Case(kind="odd-size", make=film(size=(63, 47), pixel_format="yuv420p"), check=_size(63, 47)),
    Case(kind="odd-size", make=film(size=(63, 47)), output="out.mp4", arguments=ACCESS, check=_size(64, 48)),
    Case(kind="odd-size", make=film(), output="out.mxf", arguments=STUDIO, refused="at least 256x120"),
    Case(kind="anamorphic", make=film(sample_aspect=Fraction(16, 15))),
    Case(kind="rotated", make=film(rotation_degrees=90, **H264), source="film.mp4"),
    Case(kind="hdr", make=kindfilms.hdr, check=_same("color.matrix", "color.primaries", "color.transfer")),
    Case(kind="one-frame", make=film(frames=1)),
    Case(kind="tiny", make=film(size=(2, 2), frames=3)),
    Case(kind="tiny", make=film(size=(16, 16))),
    Case(kind="4k", make=film(frames=[np.tile(picture(0), (45, 60))], pixel_format="yuv420p")),
    *(Case(kind="interlaced", make=film(interlaced=order, **MPEG), check=_flags) for order in ("tff", "bff")),
    Case(
        kind="interlaced",
        make=film(interlaced="tff", **MPEG),
        arguments=("--preset", "archival", "--set", "interlaced=refuse"),
        refused="interlaced",
    ),
    Case(
        kind="interlaced",
        make=film(interlaced="tff", size=(256, 144), **MPEG),
        output="out.mxf",
        arguments=STUDIO,
        refused="Interlaced encoding is not supported",
    ),
    Case(
        kind="field-coded",
        make=film(interlaced="tff", codec="prores_ks", pixel_format="yuv422p10le"),
        source="film.mov",
        check=_flags,
    ),
    Case(kind="telecined", make=kindfilms.telecined, check=_flags),
    Case(kind="variable-rate", make=film(pts=JUMPY, time_base=Fraction(1, 1000))),
    Case(
        kind="variable-rate",
        make=film(pts=JUMPY, time_base=Fraction(1, 1000), **LARGE),
        output="out.mxf",
        arguments=STUDIO,
        refused="it has one rate",
    ),
    Case(kind="gaps", make=film(pts=[*range(6), *range(256, 262)]), source="film.nut"),
    Case(kind="gaps", make=film(pts=[*range(6), *range(256, 262)], **H264), source="film.mp4"),
    Case(
        kind="gaps",
        make=film(pts=[*range(6), *range(256, 262)], **LARGE),
        output="out.mxf",
        arguments=STUDIO,
        refused="one rate",
    ),
    Case(kind="start", make=film(start=250, audio=1), source="film.nut"),
    Case(kind="start", make=film(start=250, audio=1, **MPEG), source="film.ts"),
    Case(
        kind="start",
        make=film(start=250, audio=1, **LARGE),
        source="film.nut",
        output="out.mxf",
        arguments=STUDIO,
        check=_starts_at(Fraction(0)),
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
    Case(
        kind="text-subtitles",
        make=film(subtitles=1, **LARGE),
        output="out.mxf",
        arguments=STUDIO,
        refused="subtitle stream 1",
    ),
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
    Case(
        kind="chapters",
        make=film(chapters=[(Fraction(0), Fraction(1, 5), "One")], **LARGE),
        output="out.mxf",
        arguments=STUDIO,
        refused="1 chapters",
    ),
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
            check=_slate,
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
    Case(kind="mixed", make=kindfilms.mixed, check=_color_untouched),
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
]


def _name(case: Case) -> str:
    return f"{case.kind} {case.source} {case.arguments[1]} {case.output}"


def test_every_row_has_a_film() -> None:
    assert {case.kind for case in CASES} == set(KINDS)


def test_every_refusal_has_a_film() -> None:
    refusing = {kind.name for kind in KINDS.values() if kind.refused}
    assert refusing - {case.kind for case in CASES if case.refused} == set()


def test_every_row_says_what_becomes_of_it() -> None:
    with pytest.raises(ValueError, match="nothing becomes"):
        Kind(name="empty", title="Empty")


def test_the_readme_shows_the_table() -> None:
    assert markdown() in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_film_becomes_what_the_table_promises(
    case: Case, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "films").mkdir()
    source, output = tmp_path / "films" / case.source, tmp_path / "out" / case.output
    output.parent.mkdir()
    case.make(source)
    arguments = ["-q", *case.arguments, "--set", "report=false"]
    code = color_flat(source, output, *arguments, work=tmp_path / "work")
    told = [line for line in capfd.readouterr().err.splitlines() if "error:" in line]
    if case.refused is not None:
        assert code == 1
        assert len(told) == 1, told
        assert re.search(case.refused, told[0]), told
        assert KINDS[case.kind].cure in told[0]
        assert [path for path in output.parent.iterdir() if not path.name.startswith(".")] == []
        return
    assert code == 0, told
    found = compare(source, output)
    if case.output.endswith(".mkv"):
        assert found.faults == []
        assert found.luma
        _keeps_tags(source, output)
    assert found.frames > 0
    if case.check is not None:
        case.check(source, output)


def test_the_network_takes_a_deep_film_too(tmp_path: Path) -> None:
    kindfilms.hdr(tmp_path / "film.mkv")
    small = ("--set", "color.short_side=128", "--set", "report=false", "--preset", "archival", "-q")
    assert main(["colorize", str(tmp_path / "film.mkv"), "-o", str(tmp_path / "out.mkv"), *small]) == 0
    assert compare(tmp_path / "film.mkv", tmp_path / "out.mkv").faults == []


def test_numbered_stills_become_a_film(tmp_path: Path) -> None:
    pattern, output = tmp_path / "%06d.tif", tmp_path / "out.mkv"
    kindfilms.stills(pattern)
    small = ("--set", "color.short_side=128", "--set", "report=false", "--set", "rate=24", "-q")
    assert main(["colorize", str(pattern), "-o", str(output), "--preset", "archival", *small]) == 0
    with FrameReader(probe(output)) as reader:
        for number, frame in enumerate(reader.frames(), start=1):
            with av.open(str(tmp_path / f"{number:06d}.tif")) as still:
                np.testing.assert_array_equal(frame.luma, luma_plane(next(still.decode(video=0))))
    assert number == kindfilms.FRAMES


def _keeps_tags(source: Path, output: Path) -> None:
    before, after = (
        {key.lower(): value for key, value in probe(path).tags if key.lower() != "encoder"}
        for path in (source, output)
    )
    brands = {"major_brand", "minor_version", "compatible_brands"}
    if source.suffix != ".mxf":  # whose tags tell of the file
        assert {key: after.get(key) for key in before if key not in brands} == {
            key: value for key, value in before.items() if key not in brands
        }
    assert "predicted" in after["comment"]
