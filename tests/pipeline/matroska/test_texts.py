"""Texts of a Matroska header that are not UTF-8 become it, however deep they lie, and the report says so."""

from pathlib import Path

from pipeline.matroska.dropped import tag_texts
from pipeline.matroska.header import read_header
from pipeline.matroska.texts import foreign_texts
from pipeline.source.probe import probe
from tests.matroska_films import rebuild, simple, tag
from tests.media import make_film
from tests.muxed import finish


def old(path: Path) -> Path:
    """A film whose tags were written by a program that did not know of UTF-8."""
    make_film(path, frames=8)
    parts = (
        simple("ACTOR", actor, simple("CHARACTER", role)) for actor, role in (("RXne", "Hxld"), ("Two", "ü"))
    )
    rebuild(path, tags=[tag(*parts)])
    path.write_bytes(path.read_bytes().replace(b"RXne", b"R\xe9ne").replace(b"Hxld", b"H\xe4ld"))
    return path


def test_texts_become_utf_8_and_are_listed_once(tmp_path: Path) -> None:
    source = old(tmp_path / "film.mkv")
    assert foreign_texts(read_header(source)) == [b"R\xe9ne", b"H\xe4ld"]
    report, _ = finish(probe(source), tmp_path / "out.mkv")
    header = read_header(tmp_path / "out.mkv")
    assert foreign_texts(header) == []
    found = [text for one in header.tags for text in tag_texts(one)]
    assert found[:4] == ["ACTOR=Réne", "ACTOR/CHARACTER=Häld", "ACTOR=Two", "ACTOR/CHARACTER=ü"]
    for data in ("52 e9 6e 65", "48 e4 6c 64"):
        assert sum(f"read as windows-1252; its bytes are {data}" in line for line in report.converted) == 1


def test_utf_8_stays_as_it_is(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=8)
    rebuild(
        tmp_path / "film.mkv",
        tags=[tag(simple("ACTOR", "ü", simple("CHARACTER", "Hero")), simple("ACTOR", "b"))],
    )
    report, _ = finish(probe(tmp_path / "film.mkv"), tmp_path / "out.mkv")
    assert not [line for line in report.converted if "read as" in line]
