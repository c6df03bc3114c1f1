"""Titles of QuickTime are read in the encoding that their language tells."""

from pathlib import Path

import av
import pytest

from pipeline.source.probe import probe
from pipeline.source.tag_text.quicktime import mac_texts
from tests.mov_films import titled
from tests.muxed import finish

JAPANESE, GREEK, KOREAN, POLISH, RUSSIAN, GERMAN, OF_ISO = 11, 14, 23, 25, 32, 2, 0x15C7


@pytest.mark.parametrize(
    ("language", "text", "coding"),
    [
        (JAPANESE, "東京物語", "shift-jis"),
        (GREEK, "Δάφνις και Χλόη", "mac-greek"),
        (KOREAN, "아리랑", "euc-kr"),  # FFmpeg cuts it
        (POLISH, "Mocny człowiek", "mac-latin2"),
        (RUSSIAN, "Октябрь", "mac-cyrillic"),
    ],
)
def test_the_language_tells_the_encoding(tmp_path: Path, language: int, text: str, coding: str) -> None:
    data = text.encode(coding)
    titled((language, data))(tmp_path / "film.mov")
    film = probe(tmp_path / "film.mov")
    assert dict(film.tags)["title"] == text
    assert f"tag title of the film: read as {coding}; its bytes are {data.hex(' ')}" in film.notes
    finish(film, tmp_path / "out.mkv")
    with av.open(tmp_path / "out.mkv") as container:
        assert container.metadata["title"] == text


def test_western_texts_and_utf_8_are_ffmpegs(tmp_path: Path) -> None:
    for language, data in ((GERMAN, "Grün".encode("mac-roman")), (OF_ISO, "Grün".encode())):
        titled((language, data))(tmp_path / "film.mov")
        film = probe(tmp_path / "film.mov")
        assert dict(film.tags)["title"] == "Grün"
        assert film.notes == ()


def test_every_language_of_an_entry_is_seen(tmp_path: Path) -> None:
    titled((GERMAN, b"Oktober"), (RUSSIAN, "Октябрь".encode("mac-cyrillic")))(tmp_path / "film.mov")
    (text,) = mac_texts(tmp_path / "film.mov")
    assert text.data.decode(text.coding) == "Октябрь"


def test_a_text_that_its_language_does_not_fit_is_left_alone(tmp_path: Path) -> None:
    titled((JAPANESE, b"\x81 caf\x8e"))(tmp_path / "film.mov")
    assert mac_texts(tmp_path / "film.mov") == ()
