"""Tags that are not UTF-8 become text, and their bytes are on record."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipeline.source.open_film import probe_film_or_stills
from pipeline.source.probe import probe
from pipeline.source.tag_text.tag_decoder import TagDecoder
from tests.kindfilms import ffmpeg
from tests.media import make_film
from tests.muxed import finish
from tests.stills_films import make_stills, write_sound


def as_read(text: str, coding: str) -> str:
    """Bytes as PyAV gives them."""
    return text.encode(coding).decode(errors="surrogateescape")


@pytest.mark.parametrize("text", ["", "plain", "Der müde Tod", "東京物語 \N{PARTY POPPER}"])
def test_utf_8_stays_as_it_is(text: str) -> None:
    assert TagDecoder().text(text) == (text, None)


def test_every_byte_becomes_some_text() -> None:
    for byte in range(128, 256):
        text, coding = TagDecoder().text(bytes([65, byte, 66]).decode(errors="surrogateescape"))
        assert coding is not None
        text.encode()


def test_texts_of_one_file_have_one_encoding() -> None:
    """Alone the second one is a Danish word: 0xd8 is a letter of both encodings."""
    tags = {
        "title": as_read("Batalion – kytice žižkovská", "windows-1250"),
        "album": as_read("Řeka", "windows-1250"),
    }
    assert TagDecoder().text(tags["album"]) == ("Øeka", "windows-1252")
    decoded, lines = TagDecoder(tags.values()).tags(tags, what="the film")
    assert dict(decoded) == {"title": "Batalion – kytice žižkovská", "album": "Řeka"}
    assert lines[1] == "tag album of the film: read as windows-1250; its bytes are d8 65 6b 61"


def latin(path: Path, name: bytes) -> None:
    """Puts Latin-1 letters where a film has X."""
    path.write_bytes(path.read_bytes().replace(name, name.replace(b"X", b"\xfc")))


def test_a_film_of_the_time_before_utf_8(tmp_path: Path) -> None:
    make_film(tmp_path / "film.avi", frames=4, audio=1, tags={"title": "Der mXde Tod", "artist": "plain"})
    latin(tmp_path / "film.avi", b"Der mXde Tod")
    report, _ = finish(probe(tmp_path / "film.avi"), tmp_path / "out.mkv")
    with av.open(tmp_path / "out.mkv", metadata_errors="strict") as container:
        assert container.metadata["title"] == "Der müde Tod"
    (line,) = (line for line in report.converted if "windows-1252" in line)
    assert line == (
        "tag title of the film: read as windows-1252; its bytes are 44 65 72 20 6d fc 64 65 20 54 6f 64"
    )


def test_titles_of_chapters_too(tmp_path: Path) -> None:
    """FFmpeg copies the bytes of these itself unless it is told the text."""
    make_film(
        tmp_path / "film.mkv",
        frames=8,
        audio=1,
        chapters=[(Fraction(0), Fraction(1, 5), "VorspXl")],
        tags={"a": "b"},
    )
    latin(tmp_path / "film.mkv", b"VorspXl")
    report, _ = finish(probe(tmp_path / "film.mkv"), tmp_path / "out.mkv")
    assert [chapter.title for chapter in probe(tmp_path / "out.mkv").chapters] == ["Vorspül"]
    assert any(line.startswith("tag title of chapter 1: read as windows-1252") for line in report.converted)


def test_tags_of_quicktime_are_likely_the_macintoshs(tmp_path: Path) -> None:
    for suffix, text in ((".mov", "Grün"), (".mp4", "Grźn")):
        film = tmp_path / f"film{suffix}"
        make_film(film, frames=4, codec="libx264", pixel_format="yuv420p", tags={"title": "GrXn"})
        film.write_bytes(film.read_bytes().replace(b"GrXn", b"Gr\x9fn"))
        assert dict(probe(film).tags)["title"] == text


def test_tags_of_the_sound_of_stills_are_listed_too(tmp_path: Path) -> None:
    make_stills(tmp_path / "scan" / "%03d.png", pixel_format="gray", count=2)
    write_sound(tmp_path / "sound.wav", seconds=Fraction(1))
    ffmpeg("-i", tmp_path / "sound.wav", "-metadata", "title=Der mXde Tod", tmp_path / "tagged.wav")
    latin(tmp_path / "tagged.wav", b"Der mXde Tod")
    film = probe_film_or_stills(
        tmp_path / "scan" / "%03d.png", rate=Fraction(24), sound=tmp_path / "tagged.wav"
    )
    assert dict(film.tags)["title"] == "Der müde Tod"
    assert film.notes == (
        "tag title of the sound file: read as windows-1252; its bytes are 44 65 72 20 6d fc 64 65 20 54 6f 64",
    )
