"""What `probe` says of films whose properties are known, and how it refuses what is no film."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import pytest
from av.stream import Disposition
from av.video.stream import VideoStream

from pipeline.errors import SourceError
from pipeline.media import Chapter, ColorDescription, Orientation
from pipeline.source.probe import probe
from tests.media import ColorTags, make_film


def test_every_stream_is_listed_and_the_film_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "everything.mkv"
    make_film(
        path,
        audio=2,
        subtitles=1,
        cover=True,
        attachments=[("font.ttf", "font/ttf", b"font")],
        tags={"title": "The Street"},
        chapters=[(Fraction(0), Fraction(1, 2), "one"), (Fraction(1, 2), Fraction(24, 25), "two")],
    )
    film = probe(path)
    assert [s.kind for s in film.streams] == ["video", "audio", "audio", "subtitle", "attachment", "video"]
    assert [s.codec for s in film.streams] == ["ffv1", "flac", "flac", "subrip", "none", "mjpeg"]
    assert film.video.codec == "ffv1"
    assert film.streams[5].disposition == ("attached_pic",)
    assert [s.tag("LANGUAGE") for s in film.streams[1:4]] == ["eng", "deu", "eng"]
    assert dict(film.tags)["title"] == "The Street"
    nano = Fraction(1, 10**9)
    assert film.chapters == (
        Chapter(start=0, end=500 * 10**6, time_base=nano, title="one"),
        Chapter(start=500 * 10**6, end=960 * 10**6, time_base=nano, title="two"),
    )


def test_cover_in_mp4_is_not_the_film(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mp4", codec="libx264", pixel_format="yuv420p", audio=1, cover=True)
    film = probe(tmp_path / "a.mp4")
    assert film.video.codec == "h264"
    assert [s.codec for s in film.streams if "attached_pic" in s.disposition] == ["mjpeg"]


@pytest.mark.parametrize(
    ("pixel_format", "depth", "chroma", "value_range"),
    [
        ("gray", 8, "gray", "full"),
        ("gray10le", 10, "gray", "full"),
        ("gray16le", 16, "gray", "full"),
        ("yuv420p", 8, "420", "limited"),
        ("yuv411p", 8, "411", "limited"),
        ("yuv410p", 8, "410", "limited"),
        ("yuv440p", 8, "440", "limited"),
        ("yuv422p10le", 10, "422", "limited"),
        ("yuv444p12le", 12, "444", "limited"),
        ("yuva420p", 8, "420", "limited"),
        ("bgr0", 8, "rgb", "full"),
        ("gbrp10le", 10, "rgb", "full"),
    ],
)
def test_pixel_formats(tmp_path: Path, pixel_format: str, depth: int, chroma: str, value_range: str) -> None:
    make_film(tmp_path / "a.nut", frames=1, size=(33, 21), pixel_format=pixel_format)
    film = probe(tmp_path / "a.nut")
    assert (film.width, film.height) == (33, 21)
    assert film.pixel_format.name == pixel_format
    assert (film.pixel_format.depth, film.pixel_format.chroma) == (depth, chroma)
    assert film.color.range == value_range


def test_color_tags_aspect_and_time_base(tmp_path: Path) -> None:
    make_film(
        tmp_path / "a.mp4",
        codec="libx264",
        pixel_format="yuv420p",
        rate=Fraction(24000, 1001),
        time_base=Fraction(1, 24000),
        sample_aspect=Fraction(16, 15),
        color=ColorTags(matrix="smpte170m", primaries="bt470bg", transfer="gamma28", range="full"),
    )
    film = probe(tmp_path / "a.mp4")
    assert film.color == ColorDescription(
        matrix="smpte170m", primaries="bt470bg", transfer="gamma28", range="full", chroma_site="left"
    )
    assert film.sample_aspect == Fraction(16, 15)
    assert film.rate_from_header == Fraction(24000, 1001)
    assert film.time_base == Fraction(1, 24000)
    assert type(film.time_base) is type(film.sample_aspect) is Fraction


def test_untagged_film_is_unspecified(tmp_path: Path) -> None:
    make_film(tmp_path / "a.nut", pixel_format="yuv422p")
    assert probe(tmp_path / "a.nut").color == ColorDescription()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_the_clockwise_turn_of_the_player(tmp_path: Path, degrees: int) -> None:
    make_film(tmp_path / "a.mp4", codec="libx264", pixel_format="yuv420p", rotation_degrees=degrees)
    film = probe(tmp_path / "a.mp4")
    assert film.orientation == Orientation(degrees=degrees)
    assert (film.width, film.height) == (64, 48)


@pytest.mark.parametrize(
    ("name", "codec", "order"),
    [("a.nut", "ffv1", "tff"), ("a.mkv", "libx264", "bff"), ("a.mpg", "mpeg2video", "tff")],
)
def test_field_order(tmp_path: Path, name: str, codec: str, order: Literal["tff", "bff"]) -> None:
    make_film(tmp_path / name, codec=codec, pixel_format="yuv420p", interlaced=order)
    assert probe(tmp_path / name).field_order[0] == order[0]


def test_start_time_and_progressive(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", start=50)
    film = probe(tmp_path / "a.mkv")
    assert film.video.start_pts == 2000
    assert film.field_order == "progressive"


def test_a_film_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "concat:a film & ünïcödé 'quote'.nut"
    make_film(tmp_path / "a.nut")
    (tmp_path / "a.nut").rename(path)
    monkeypatch.chdir(tmp_path)
    assert probe(Path(path.name)).width == 64


def _no_file(path: Path) -> None:
    """Leave nothing there."""


def _folder(path: Path) -> None:
    path.mkdir()


def _empty(path: Path) -> None:
    path.touch()


def _text(path: Path) -> None:
    path.write_text("Reel 3 is missing; sée the shelf list.\n" * 20)


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 16)


def _sound_only(path: Path) -> None:
    _make_without_film(path, cover=False)


def _cover_only(path: Path) -> None:
    _make_without_film(path, cover=True)


def _make_without_film(path: Path, *, cover: bool) -> None:
    """A film's sound, and its cover picture if asked for."""
    whole = path.with_name("whole.mp4")
    make_film(whole, codec="libx264", pixel_format="yuv420p", audio=1, cover=True)
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        kept = {}
        for stream in source.streams:
            if stream.type == "audio" or (cover and stream.disposition & Disposition.attached_pic):
                kept[stream.index] = target.add_stream_from_template(stream)
                kept[stream.index].disposition = stream.disposition
        for packet in source.demux(*(source.streams[index] for index in kept)):
            if packet.size:
                packet.stream = kept[packet.stream_index]
                target.mux(packet)


def _no_moov(path: Path) -> None:
    make_film(path, codec="libx264", pixel_format="yuv420p")
    data = path.read_bytes()
    assert data.index(b"moov") > data.index(b"mdat")
    path.write_bytes(data[: data.index(b"moov") - 4])


def _no_beginning(path: Path) -> None:
    parts = {"movflags": "frag_keyframe+empty_moov"}
    make_film(path, codec="libx264", pixel_format="yuv420p", gop=6, container_options=parts)
    data = path.read_bytes()
    path.write_bytes(data[data.index(b"moof") - 4 :])


def _float_samples(path: Path) -> None:
    with av.open(str(path), "w", format="mov") as target:
        stream = target.add_stream("exr", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "grayf32le"
        target.mux(stream.encode(av.VideoFrame(64, 48, "grayf32le")))
        target.mux(stream.encode(None))


def _no_frame(path: Path) -> None:
    make_film(path, codec="libx264", pixel_format="yuv420p")
    data = bytearray(path.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (_no_file, "no such file"),
        (_folder, "is a folder"),
        (_empty, "empty file"),
        (_text, "text file"),
        (_noise, "cannot be read as a film"),
        (_sound_only, "no video stream (found: audio)"),
        (_cover_only, "a cover picture but no film"),
        (_no_moov, "moov"),
        (_no_beginning, "the initialisation segment"),
        (_float_samples, "grayf32le"),
        (_no_frame, "no frame of video stream 0 (h264) can be decoded"),
    ],
)
def test_what_is_no_film_is_refused_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], make: Callable[[Path], None], found: str
) -> None:
    path = tmp_path / "film.mp4"
    make(path)
    capfd.readouterr()
    with pytest.raises(SourceError) as caught:
        probe(path)
    message = str(caught.value)
    assert found in message
    assert message.startswith(str(path))
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")
