"""Films as numbered stills: luma exactly, numbers, metadata, folders that are whole or absent."""

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from pipeline.color.integer_luma import convert_luma
from pipeline.errors import OutputError
from pipeline.media import ColorFrame, FilmInfo, Orientation
from pipeline.output.mux import MuxReport
from pipeline.output.stills_mux import mux_stills
from pipeline.output.stills_write import stills_picture
from pipeline.render.encoder import output_format
from pipeline.render.frame_writer import FrameWriter
from pipeline.render.output_picture import OutputPicture, output_picture
from pipeline.render.settings import EncodeSettings
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.open_film import probe_film_or_stills
from pipeline.source.probe import probe
from pipeline.stills.chroma import luma_of_rgb
from pipeline.stills.dpx import dpx_orientation, dpx_timecode, read_dpx_head
from pipeline.stills.exr import read_exr_header
from pipeline.target import target_of
from pipeline.timeline import Timeline
from tests.media import ColorTags, make_film
from tests.stills_films import lie_as, make_stills

_CODED = EncodeSettings(codec="ffv1", options={"level": "3"}, chroma="444")
RATE = Fraction(24000, 1001)


def _timeline(film: FilmInfo) -> Timeline:
    with FrameReader(film) as reader:
        frames = [(frame.pts, luma_hash(frame.luma)) for frame in reader.frames()]
    pts, hashes = zip(*frames, strict=True)
    return Timeline(pts=np.array(pts, np.int64), luma_hash=np.array(hashes, np.uint64))


def _segment(film: FilmInfo, path: Path) -> OutputPicture:
    """One segment of the whole film: its own luma, and colours that go round the wheel, up to the strongest."""
    picture = output_picture(film, pixel_format=output_format(film, _CODED))
    depth = picture.pixel_format.depth
    turn = np.linspace(0, 2 * np.pi, film.width * film.height).reshape(film.height, film.width)
    centre, reach = 1 << (depth - 1), 0.49 * 2**depth
    dtype = np.uint8 if depth == 8 else np.uint16
    cb, cr = ((centre + reach * wave(turn)).astype(dtype) for wave in (np.sin, np.cos))
    with (
        FrameReader(film) as reader,
        FrameWriter(
            path, film=film, settings=_CODED, width=film.width, height=film.height, color=picture.color
        ) as writer,
    ):
        for frame in reader.frames():
            writer.write(ColorFrame(pts=frame.pts, luma=frame.luma, cb=cb, cr=cr))
    return picture


def _mux(
    film: FilmInfo, output: Path, segment: Path, *, start_number: int | None = None, **more: bool
) -> MuxReport:
    picture = _segment(film, segment)
    return mux_stills(
        film,
        [segment],
        target_of(output),
        timeline=_timeline(film),
        picture=picture,
        start_number=start_number,
        statement="Colours are predicted.",
        timecode=lambda number: f"01:00:00:{number:02d}",
        allow_loss=more.get("allow_loss", False),
        overwrite=more.get("overwrite", False),
    )


@pytest.mark.parametrize("suffix", [".dpx", ".exr", ".png", ".tif"])
@pytest.mark.parametrize(
    ("source_suffix", "pixel_format"),
    [
        (".dpx", "gbrp10be"),
        (".dpx", "gbrp12le"),
        (".png", "gray"),
        (".tif", "gray16le"),
        (".exr", "grayf32le"),
    ],
)
def test_luma_of_the_stills_is_the_source_s_sample_for_sample(
    source_suffix: str, pixel_format: str, suffix: str, tmp_path: Path
) -> None:
    pattern = tmp_path / "in" / f"a_%03d{source_suffix}"
    planes = make_stills(pattern, pixel_format=pixel_format, count=3, first=41, size=(33, 19))
    film = probe_film_or_stills(pattern, rate=RATE)
    output = tmp_path / "out" / f"b_%05d{suffix}"
    _mux(film, output, tmp_path / "s.nut")
    assert sorted(path.name for path in output.parent.iterdir()) == [
        f"b_000{n}{suffix}" for n in (41, 42, 43)
    ]
    result = probe_film_or_stills(output, rate=RATE)
    picture = stills_picture(
        output_picture(film, pixel_format=output_format(film, _CODED)), target_of(output)
    )
    assert result.pixel_format.depth == picture.pixel_format.depth >= film.pixel_format.depth
    with FrameReader(result) as reader:
        for frame, luma in zip(reader.frames(), planes, strict=True):
            back = convert_luma(
                frame.luma,
                depth=result.pixel_format.depth,
                range="full",
                to_depth=film.pixel_format.depth,
                to_range="full",
            )
            assert np.array_equal(back, luma)
    assert list(tmp_path.glob("*.partial")) == []


def test_another_program_s_luma_of_the_stills_is_the_source_s_too(tmp_path: Path) -> None:
    """Pillow reads what libvips wrote; luma by the weights of BT.709, rounded."""
    planes = make_stills(tmp_path / "in" / "%03d.png", pixel_format="gray", count=2)
    film = probe_film_or_stills(tmp_path / "in" / "%03d.png", rate=RATE)
    _mux(film, tmp_path / "out" / "%03d.png", tmp_path / "s.nut")
    for number, luma in enumerate(planes, start=1):
        rgb = np.asarray(Image.open(tmp_path / "out" / f"{number:03d}.png"))
        assert rgb.shape == (48, 64, 3)
        assert np.ptp(rgb.astype(int), axis=2).max() > 100  # it is in colour
        assert np.array_equal(luma_of_rgb(rgb), luma)


@pytest.mark.parametrize(("range", "pixel_format"), [("limited", "yuv420p10le"), ("full", "gray10le")])
def test_a_film_becomes_stills_numbered_from_one_or_as_asked(
    range: Literal["limited", "full"], pixel_format: str, tmp_path: Path
) -> None:
    planes = make_film(tmp_path / "a.nut", frames=4, pixel_format=pixel_format, rate=Fraction(24))
    film = probe(tmp_path / "a.nut")
    assert film.color.range == range
    _mux(film, tmp_path / "out" / "%04d.dpx", tmp_path / "s.nut")
    _mux(film, tmp_path / "more" / "%04d.dpx", tmp_path / "t.nut", start_number=1001)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"000{n}.dpx" for n in (1, 2, 3, 4)]
    assert (tmp_path / "more" / "1004.dpx").is_file()
    result = probe_film_or_stills(tmp_path / "out" / "%04d.dpx", rate=Fraction(24))
    assert result.video.tag("timecode") == "01:00:00:00"
    with FrameReader(result) as reader:
        for frame, luma in zip(reader.frames(), planes, strict=True):
            back = convert_luma(frame.luma, depth=10, range="full", to_depth=10, to_range=range)
            assert np.array_equal(back, luma)


def test_what_stills_cannot_hold_is_an_error_or_a_listed_loss(tmp_path: Path) -> None:
    make_film(
        tmp_path / "a.mkv",
        frames=3,
        audio=1,
        subtitles=1,
        chapters=[(Fraction(0), Fraction(1, 25), "One")],
        tags={"title": "A film"},
    )
    film = replace(probe(tmp_path / "a.mkv"), sample_aspect=Fraction(4, 3))
    output = tmp_path / "out" / "%04d.png"
    with pytest.raises(
        OutputError, match=r"audio stream 1.*subtitle stream 2.*1 chapters.*tags title.*aspect.*4:3"
    ):
        _mux(film, output, tmp_path / "s.nut")
    assert not output.parent.exists()
    report = _mux(film, output, tmp_path / "s.nut", allow_loss=True)
    assert len(report.lost) == 5


@pytest.mark.parametrize(("depth", "low", "high"), [(8, 3, 250), (10, 64, 941), (10, 63, 940)])
def test_luma_beyond_black_and_white_is_clipped_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, depth: int, low: int, high: int
) -> None:
    dtype = np.uint8 if depth == 8 else np.uint16
    frames = [np.full((48, 64), 64 << (depth - 8), dtype) for _ in range(4)]
    frames[1][:8], frames[2][-8:] = low, high
    name = "yuv420p" if depth == 8 else "yuv420p10le"
    make_film(tmp_path / "a.nut", frames=frames, pixel_format=name, color=ColorTags(range="limited"))
    _mux(probe(tmp_path / "a.nut"), tmp_path / "out" / "%03d.png", tmp_path / "s.nut")
    (told,) = caplog.messages
    black, white = 16 << (depth - 8), 235 << (depth - 8)
    count = (low < black) + (high > white)
    assert told.startswith(f"a.nut: {count} of 4 frames have luma beyond black or white")
    assert f"({min(low, black)} to {max(high, white)} in a range of {black} to {white})" in told


def test_luma_within_its_range_is_not_spoken_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = [np.full((48, 64), code, np.uint8) for code in (16, 235, 100, 0, 255)]
    for range, count in (("limited", 3), ("full", 5)):
        path = tmp_path / f"{range}.mkv"
        make_film(path, frames=frames[:count], pixel_format="yuv420p", color=ColorTags(range=range))  # type: ignore[arg-type]
        _mux(probe(path), tmp_path / range / "%03d.png", tmp_path / f"{range}.s.nut")
    assert caplog.messages == []


def test_times_that_keep_no_rate_are_refused(tmp_path: Path) -> None:
    make_film(tmp_path / "a.nut", frames=4, rate=Fraction(25), pts=[0, 1, 4, 5])
    with pytest.raises(OutputError, match=r"one rate, the film has frame 2 "):
        _mux(probe(tmp_path / "a.nut"), tmp_path / "out" / "%04d.png", tmp_path / "s.nut")


def test_an_older_folder_is_replaced_as_a_whole_and_stays_where_the_new_one_fails(tmp_path: Path) -> None:
    make_stills(tmp_path / "in" / "%03d.png", pixel_format="gray", count=2)
    film = probe_film_or_stills(tmp_path / "in" / "%03d.png", rate=RATE)
    output = tmp_path / "out" / "%03d.png"
    make_stills(output, pixel_format="gray", count=5)
    old = (output.parent / "005.png").read_bytes()
    with pytest.raises(OutputError, match="folder of that name with something in it"):
        _mux(film, output, tmp_path / "s.nut")
    with pytest.raises(OutputError, match="0 frames arrived, the film has 2"):
        mux_stills(
            film,
            [],
            target_of(output),
            timeline=_timeline(film),
            picture=output_picture(film, pixel_format=output_format(film, _CODED)),
            start_number=None,
            statement="",
            overwrite=True,
        )
    assert (output.parent / "005.png").read_bytes() == old
    _mux(film, output, tmp_path / "s.nut", overwrite=True)
    assert sorted(path.name for path in output.parent.iterdir()) == ["001.png", "002.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "s.nut"]


def test_a_dpx_keeps_timecode_film_edge_code_and_texts_of_its_scan(tmp_path: Path) -> None:
    pattern = tmp_path / "in" / "%03d.dpx"
    make_stills(pattern, pixel_format="gbrp10le", count=2)
    for number, order in ((1, "<"), (2, "<")):
        path = tmp_path / "in" / f"{number:03d}.dpx"
        data = bytearray(path.read_bytes())
        order = ">" if data[:4] == b"SDPX" else "<"
        data[1664:1696] = b"KJ12 3456".ljust(32, b"\0")  # film manufacturer, type, offset, prefix, count
        data[260:460] = b"Reel 7".ljust(200, b"\0")
        struct.pack_into(f"{order}I", data, 1920, 0x01020300 + number)
        path.write_bytes(bytes(data))
    film = probe_film_or_stills(pattern, rate=Fraction(24))
    _mux(film, tmp_path / "out" / "%03d.dpx", tmp_path / "s.nut")
    for number in (1, 2):
        head = read_dpx_head(tmp_path / "out" / f"{number:03d}.dpx")
        assert dpx_timecode(head) == f"01:02:03:0{number}"
        assert head[1664:1673] == b"KJ12 3456"
        assert head[260:266] == b"Reel 7"
        assert head[36:43] == f"{number:03d}.dpx".encode()
        assert struct.unpack_from(">f", head, 1724) == struct.unpack_from(">f", head, 1940) == (24.0,)


def test_an_exr_keeps_attributes_and_a_png_its_tags_with_a_label(tmp_path: Path) -> None:
    make_stills(tmp_path / "e" / "%03d.exr", pixel_format="gbrpf32le", count=1)
    film = probe_film_or_stills(tmp_path / "e" / "%03d.exr", rate=Fraction(24))
    _mux(film, tmp_path / "f" / "%03d.exr", tmp_path / "s.nut")
    attributes = {n: v for n, _, v in read_exr_header(tmp_path / "f" / "001.exr").attributes}
    assert attributes["kinochromeColors"] == b"Colours are predicted."
    assert struct.unpack("<II", attributes["timeCode"]) == (0x01000000, 0)
    Image.fromarray(np.full((48, 64), 90, np.uint8)).save(_folder(tmp_path / "p") / "001.png", dpi=(300, 300))
    film = probe_film_or_stills(tmp_path / "p" / "%03d.png", rate=Fraction(24))
    _mux(film, tmp_path / "q" / "%03d.png", tmp_path / "t.nut")
    with Image.open(tmp_path / "q" / "001.png") as still:
        assert round(still.info["dpi"][0]) == 300
        assert "Colours are predicted." in str(still.info)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_how_a_picture_lies_stays_in_dpx(tmp_path: Path) -> None:
    """Lines from the bottom up, as some scanners write them, in a header that says so."""
    planes = make_stills(tmp_path / "in" / "%03d.dpx", pixel_format="gbrp10be", count=2)
    for number in (1, 2):
        lie_as(tmp_path / "in" / f"{number:03d}.dpx", 2)
    film = probe_film_or_stills(tmp_path / "in" / "%03d.dpx", rate=RATE)
    _mux(film, tmp_path / "out" / "%03d.dpx", tmp_path / "s.nut")
    assert dpx_orientation(read_dpx_head(tmp_path / "out" / "001.dpx")) == 4  # Exif's upside down
    result = probe_film_or_stills(tmp_path / "out" / "%03d.dpx", rate=RATE)
    with FrameReader(result) as reader:
        assert np.array_equal(next(iter(reader.frames())).luma, planes[0])
    with pytest.raises(
        OutputError, match="cannot hold that players show it turned by 180 degrees and then mirrored"
    ):
        _mux(film, tmp_path / "more" / "%03d.tif", tmp_path / "t.nut")


@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_how_a_picture_lies_stays_in_png_and_tiff(suffix: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    picture = Image.fromarray(np.arange(64 * 48, dtype=np.uint32).reshape(48, 64).astype(np.uint8))
    picture.save(tmp_path / "in" / "1.tif", tiffinfo={274: 6})
    film = probe_film_or_stills(tmp_path / "in" / "%d.tif", rate=RATE)
    _mux(film, tmp_path / "out" / f"%d{suffix}", tmp_path / "s.nut")
    with Image.open(tmp_path / "out" / f"1{suffix}") as made:
        assert made.getexif()[274] == 6
    result = probe_film_or_stills(tmp_path / "out" / f"%d{suffix}", rate=RATE)
    assert (result.width, result.height) == (64, 48)
    assert result.orientation == film.orientation == Orientation(degrees=90)
