"""Tags that are not UTF-8 become text, and their bytes are on record."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipeline.source.probe import probe
from pipeline.source.tag_text import decode_text
from tests.media import make_film
from tests.muxed import finish


def as_read(text: str, coding: str) -> str:
    """Bytes as PyAV gives them."""
    return text.encode(coding).decode(errors="surrogateescape")


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        ("Der müde Tod", "windows-1252"),
        ("René XXX", "windows-1252"),
        ("Amélie Chérie – 1928", "windows-1252"),
        ("ÄÖÜ", "windows-1252"),
        ("テスト", "shift-jis"),
        ("羅生門 Rashomon", "shift-jis"),
        ("キートン", "euc-jp"),
        ("Броненосец Потёмкин (1925)", "windows-1251"),
        ("Человек с киноаппаратом", "koi8-r"),
        ("신과함께", "euc-kr"),
        ("马路天使 1937", "gb18030"),
    ],
)
def test_the_usual_codings_are_known(text: str, coding: str) -> None:
    assert decode_text(as_read(text, coding)) == (text, coding)


@pytest.mark.parametrize("text", ["", "plain", "Der müde Tod", "東京物語 \N{PARTY POPPER}"])
def test_utf_8_stays_as_it_is(text: str) -> None:
    assert decode_text(text) == (text, None)


def test_every_byte_becomes_some_text() -> None:
    for byte in range(128, 256):
        text, coding = decode_text(bytes([65, byte, 66]).decode(errors="surrogateescape"))
        assert coding in ("windows-1252", "latin-1")
        text.encode()


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
