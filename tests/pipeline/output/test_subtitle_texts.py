"""Texts of subtitles that are converted: all of them are in the film, or the report says which are not."""

from pathlib import Path

import av
import pytest

from pipeline.output.mux import MuxReport
from pipeline.source.probe import probe
from tests.kindfilms import ffmpeg
from tests.media import make_film
from tests.muxed import finish

SRT = """1
00:00:00,100 --> 00:00:00,500
Oben

2
00:00:00,300 --> 00:00:00,600
Zugleich

3
00:00:00,900 --> 00:00:00,900
Nie
"""


def subtitled(path: Path, *, codec: str = "copy", srt: str = SRT) -> None:
    path.with_name("texts.srt").write_text(srt, encoding="utf-8")
    bare = path.with_name("bare.mkv")
    make_film(bare, codec="libx264", pixel_format="yuv420p")
    texts = path.with_name("texts.srt")
    ffmpeg("-i", bare, "-i", texts, "-map", "0:v", "-map", "1", "-c:v", "copy", "-c:s", codec, path)


def texts_of(path: Path) -> list[str]:
    with av.open(path) as film:
        packets = [packet for packet in film.demux(subtitles=0) if packet.size]
        found = [bytes(packet) for packet in packets]
    if path.suffix == ".mp4":
        found = [data[2:] for data in found if data[:2] != b"\0\0"]
    return [data.decode() for data in found]


def made(source: Path, name: str) -> tuple[list[str], MuxReport]:
    report, _ = finish(probe(source), source.with_name(name))
    return texts_of(source.with_name(name)), report


@pytest.mark.parametrize(
    ("text", "coding"),
    [("Die Büchse", "windows-1252"), ("Łódź żył", "windows-1250"), ("羅生門", "shift-jis")],
)
def test_texts_of_before_utf_8_become_mp4s(tmp_path: Path, text: str, coding: str) -> None:
    """FFmpeg leaves such a text empty, and says nothing of it."""
    data = text.encode(coding)
    subtitled(tmp_path / "film.mkv", srt=SRT.replace("Oben", "X" * len(data)))
    film = tmp_path / "film.mkv"
    film.write_bytes(film.read_bytes().replace(b"X" * len(data), data))
    texts, report = made(film, "out.mp4")
    assert texts == [text, "Zugleich"]
    (line,) = (line for line in report.converted if "read as" in line)
    assert line == (
        f"subtitle stream 1 (subrip): its texts are read as {coding}; the bytes of the first that is not ASCII "
        f"are {data.hex(' ')}"
    )


def test_in_matroska_they_stay_as_they_are(tmp_path: Path) -> None:
    subtitled(tmp_path / "film.mkv", srt=SRT.replace("Oben", "Obxn"))
    film = tmp_path / "film.mkv"
    film.write_bytes(film.read_bytes().replace(b"Obxn", b"Ob\xfcn"))
    finish(probe(film), tmp_path / "out.mkv")
    assert b"Ob\xfcn" in (tmp_path / "out.mkv").read_bytes()


def test_a_text_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    """FFmpeg drops a text of MP4 in UTF-16, as 3GPP allows it."""
    subtitled(tmp_path / "film.mp4", codec="mov_text")
    film = tmp_path / "film.mp4"
    wide = "\ufeffZuü".encode("utf-16-be")
    film.write_bytes(film.read_bytes().replace(b"Zugleich", wide))
    texts, report = made(film, "out.mkv")
    assert texts == ["Oben"]
    assert report.lost == ("1 text of subtitle stream 1 (mov_text) that FFmpeg cannot read, at 0.300 s",)


def test_two_encodings_in_one_stream_are_not_guessed(tmp_path: Path) -> None:
    subtitled(tmp_path / "film.mkv", srt=SRT.replace("Oben", "Obxn").replace("Zugleich", "Zügleich"))
    film = tmp_path / "film.mkv"
    film.write_bytes(film.read_bytes().replace(b"Obxn", b"Ob\xfcn"))
    texts, report = made(film, "out.mp4")
    assert texts == ["Zügleich"]
    assert any(line.startswith("1 text of subtitle stream 1 (subrip) that FFmpeg") for line in report.lost)


def test_what_mp4_cannot_show_is_listed(tmp_path: Path) -> None:
    """Its texts follow each other; a last one without a duration gets lost."""
    subtitled(tmp_path / "film.mkv")
    texts, report = made(tmp_path / "film.mkv", "out.mp4")
    assert texts == ["Oben", "Zugleich"]
    name = "subtitle stream 1 (subrip)"
    assert report.lost == (f"the last text of {name}, at 0.900 s, which is shown for no time",)
    assert any(
        line.startswith(f"1 text of {name}, at 0.100 s: shown until the next") for line in report.converted
    )


def test_plain_texts_need_no_words(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", codec="libx264", pixel_format="yuv420p", subtitles=1)
    texts, report = made(tmp_path / "film.mkv", "out.mp4")
    assert texts == ["Title 1 of track 1", "Title 2 of track 1"]
    assert report.lost == ()
    assert [line for line in report.converted if "text" in line and "mov_text" not in line] == []
