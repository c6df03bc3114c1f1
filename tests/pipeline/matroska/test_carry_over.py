"""What FFmpeg drops of a Matroska header comes along into Matroska, and is listed where it cannot."""

import functools
import struct
from pathlib import Path

import av
import pytest

from pipeline.matroska import header as of
from pipeline.matroska.dropped import tag_texts
from pipeline.matroska.ebml import VOID, Element, master, parse, replaced, unsigned
from pipeline.matroska.header import read_header
from pipeline.output.containers import check_container
from pipeline.output.matroska_header import Carried, carry_plan
from pipeline.source.probe import probe
from pipeline.target import target_of
from tests.matroska_films import chapter, rebuild, simple, tag, text, track_uids
from tests.media import make_film
from tests.muxed import X264, finish

ORDERED = unsigned(of.EDITION_ORDERED, 1)


def chapters(*parts: Element) -> Element:
    return master(of.CHAPTERS, [master(of.EDITION, parts)])


def film(path: Path) -> Path:
    make_film(path, frames=8, audio=1, attachments=[("font.ttf", "font/ttf", b"f" * 50)])
    return path


def texts(path: Path, *, level: int = 50) -> list[str]:
    """The tags of a file's level that belong to the whole film."""
    found = []
    for one in read_header(path).tags:
        targets = one.first(of.TARGETS) or Element(of.TARGETS, b"")
        if targets.number(of.LEVEL, 50) == level and not targets.number(of.OF_TRACK, 0):
            found += tag_texts(one)
    return found


def test_tags_that_repeat_and_nest_and_have_levels(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv")
    _, sound = track_uids(source)
    attachment = read_header(source).attachments[0][1]
    rebuild(
        source,
        tags=[
            tag(
                simple("TITLE", "Der müde Tod", bcp47="de-AT"),
                simple("ACTOR", "One", simple("CHARACTER", "Hero")),
                simple("ACTOR", "Two", simple("CHARACTER", "Villain")),
                simple("COMMENT", "from reel 3"),
                simple("ENCODER", "an old one"),
            ),
            tag(simple("TITLE", "The Collection"), level=70),
            tag(simple("ARTIST", "A"), simple("ARTIST", "B"), target=(of.OF_TRACK, sound)),
            tag(simple("TITLE", "a typeface"), target=(of.OF_ATTACHMENT, attachment)),
        ],
    )
    report, _ = finish(probe(source), tmp_path / "out.mkv")
    out = tmp_path / "out.mkv"
    found = texts(out)
    assert [text for text in found if text.startswith(("TITLE", "ACTOR"))] == [
        "TITLE=Der müde Tod",
        "ACTOR=One",
        "ACTOR/CHARACTER=Hero",
        "ACTOR=Two",
        "ACTOR/CHARACTER=Villain",
        "TITLE=a typeface",
    ]
    assert "COMMENT=from reel 3" in found, found
    assert any("Colours are predicted" in text for text in found)
    assert not any("an old one" in text for text in found)
    assert texts(out, level=70) == ["TITLE=The Collection"]
    assert probe(out).streams[1].tag("ARTIST") == "B"  # FFmpeg sees the last one only
    header = read_header(out)
    of_sound = [
        t for t in header.tags if (t.first(of.TARGETS) or t).number(of.OF_TRACK, 0) == track_uids(out)[1]
    ]
    assert [text for t in of_sound for text in tag_texts(t) if "ARTIST" in text] == ["ARTIST=A", "ARTIST=B"]
    (of_font,) = (t for t in header.tags if (t.first(of.TARGETS) or t).number(of.OF_ATTACHMENT, 0))
    assert (of_font.first(of.TARGETS) or of_font).number(of.OF_ATTACHMENT, 0) == header.attachments[0][1]
    assert not [line for line in report.converted if "tag" in line]


def test_chapters_keep_order_titles_nesting_and_flags(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv")
    given = chapters(
        ORDERED,
        chapter(11, 200, [("B first", "en")]),
        chapter(12, 0, [("A second", "en"), ("A zweitens", "de")], chapter(13, 50, [("inside", "en")])),
        chapter(14, 100, [("hidden", "en")], flags=[unsigned(of.CHAPTER_HIDDEN, 1)]),
        chapter(15, 300, [("of the menu", "en")], flags=[master(0x6944, [unsigned(0x6955, 1)])]),
    )
    rebuild(source, chapters=given)
    report, _ = finish(probe(source), tmp_path / "out.mkv")
    assert read_header(tmp_path / "out.mkv").chapters == given
    assert [line for line in report.converted if "ordered edition" in line]
    finish(probe(source), tmp_path / "again.mkv")
    assert (tmp_path / "again.mkv").read_bytes() == (tmp_path / "out.mkv").read_bytes()


@pytest.mark.parametrize(
    "language", [[], [text(of.CHAPTER_LANGUAGE, "eng")], [text(of.CHAPTER_BCP47, "en-GB")]]
)
def test_english_chapters_stay_english(tmp_path: Path, language: list[Element]) -> None:
    """FFmpeg makes them undetermined, said or not; English is Matroska's default."""
    source = film(tmp_path / "film.mkv")
    shown = master(of.DISPLAY, [text(of.CHAPTER_STRING, "The street"), *language])
    one = master(of.CHAPTER, [unsigned(of.CHAPTER_UID, 7), unsigned(of.CHAPTER_START, 0), shown])
    rebuild(source, chapters=chapters(one))
    report, _ = finish(probe(source), tmp_path / "out.mkv")
    assert read_header(tmp_path / "out.mkv").chapters == chapters(one)
    assert report.converted == ()


def test_a_flat_picture_that_is_tilted_in_space_is_listed(tmp_path: Path) -> None:
    """FFmpeg reads its roll and its mirror alone."""
    source = film(tmp_path / "film.mkv")
    pose = [Element(of.POSE_YAW, struct.pack(">f", 45)), Element(of.POSE_PITCH, struct.pack(">d", -20))]
    (picture, _) = read_header(source).tracks
    video = picture.first(of.VIDEO)
    assert video is not None
    tilted = replaced(video, [], [master(of.PROJECTION, [unsigned(of.PROJECTION_TYPE, 0), *pose])])
    rebuild(source, tracks={0: [tilted]})
    report, _ = finish(probe(source), tmp_path / "out.mkv")
    assert [line for line in report.converted if "tilted" in line] == [
        "stream 0 is marked as tilted, by 45 degrees of yaw and -20 of pitch: the mark is left out"
    ]


def test_languages_and_disabled_tracks(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv")
    language = [
        text(of.LANGUAGE, "srp"),
        text(of.LANGUAGE_BCP47, "sr-Latn-RS"),
        unsigned(of.TRACK_ENABLED, 0),
    ]
    rebuild(source, tracks={1: language})
    finish(probe(source), tmp_path / "out.mkv")
    track = read_header(tmp_path / "out.mkv").tracks[1]
    assert (track.text(of.LANGUAGE), track.text(of.LANGUAGE_BCP47)) == ("srp", "sr-Latn-RS")
    assert track.number(of.TRACK_ENABLED, 1) == 0


def test_a_header_that_ffmpeg_carries_whole_is_left_to_it(tmp_path: Path) -> None:
    """FFmpeg is asked for no room behind its header, and writes all that there is."""
    source = film(tmp_path / "film.mkv")
    given = chapters(chapter(1, 0, [("a", "und")]), chapter(2, 100, [("b", "und")]))
    rebuild(source, tags=[tag(simple("ARTIST", "A"), simple("DATE", "1922"))], chapters=given)
    planned = carry_plan(
        probe(source), check_container(probe(source), target_of(tmp_path / "out.mkv"), video_codec="ffv1")
    )
    assert planned == Carried(None, ())
    finish(probe(source), tmp_path / "out.mkv")
    assert {"ARTIST=A", "DATE=1922"} <= set(texts(tmp_path / "out.mkv"))
    assert [one.title for one in probe(tmp_path / "out.mkv").chapters] == ["a", "b"]
    assert room(tmp_path / "out.mkv") < 2000
    rebuild(source, tags=[tag(simple("ARTIST", "A", simple("PART", "b")))])
    finish(probe(source), tmp_path / "again.mkv")
    assert room(tmp_path / "again.mkv") > 2000


def room(path: Path) -> int:
    """Bytes of padding between the header and the first cluster."""
    header = read_header(path)
    data = path.read_bytes()[header.places[of.INFO].start : header.places[of.CLUSTER].start]
    return sum(len(element.payload) for element in parse(data) if element.id == VOID)


def test_descriptions_of_attachments_come_along(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv")
    described(source, "Die Schrift der Titel")
    finish(probe(source), tmp_path / "out.mkv")
    (attachment,) = read_header(tmp_path / "out.mkv").attachments
    assert (attachment.name, attachment.description) == ("font.ttf", "Die Schrift der Titel")
    report, _ = finish(probe(source), tmp_path / "out.mp4", settings=X264, allow_loss=True)
    assert [line for line in report.converted if "description of attachment font.ttf" in line]


def described(path: Path, description: str) -> None:
    """Gives the attachment of a film a description."""
    header = read_header(path)
    place = header.places[of.ATTACHMENTS]
    data = path.read_bytes()
    assert place.end is not None
    (attached,) = Element(0, data[place.payload : place.end]).children
    more = replaced(attached, [of.FILE_DESCRIPTION], [text(of.FILE_DESCRIPTION, description)])
    rebuild(path, attachments=master(of.ATTACHMENTS, [more]))


def test_a_film_of_a_row_stands_in_none_afterwards(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv")
    rebuild(source, info=[Element(of.NEXT_UID, bytes(range(16))), text(of.NEXT_FILE, "reel 2.mkv")])
    report, _ = finish(probe(source), tmp_path / "out.mkv")
    (line,) = (line for line in report.converted if "links to the files" in line)
    assert "000102030405060708090a0b0c0d0e0f, reel 2.mkv" in line


@pytest.mark.parametrize(
    "inside",
    [
        Element(of.TARGETS, b"\x63\xca\x88TAPE"),  # says that it is longer than what holds it
        Element(of.SIMPLE, b"\0\0\0"),
        functools.reduce(lambda inner, _: master(of.SIMPLE, [inner]), range(2000), simple("A", "b")),
    ],
    ids=["longer than what holds it", "no element", "2,000 elements inside each other"],
)
def test_damaged_tags_are_listed(tmp_path: Path, inside: Element) -> None:
    source = film(tmp_path / "film.mkv")
    rebuild(source, tags=[master(of.TAG, [inside])])
    report, _ = finish(probe(source), tmp_path / "out.mkv")
    assert [line for line in report.converted if line.startswith("its header is damaged (")]


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"tags": [tag(simple("ACTOR", "One"), simple("ACTOR", "Two"))]}, "tag ACTOR is there 2 times"),
        ({"tags": [tag(simple("A", "b", simple("C", "d")))]}, "tags inside tags (A=b, A/C=d)"),
        ({"tags": [tag(simple("PART", "2"), level=30)]}, "tags of level 30 (PART=2)"),
        (
            {"chapters": chapters(chapter(1, 200, [("b", "en")]), chapter(2, 0, [("a", "en")]))},
            "out of order: b, a",
        ),
        ({"chapters": chapters(chapter(1, 0, [("a", "ja")]))}, "the language of chapter 'a'"),
        (
            {
                "chapters": chapters(
                    chapter(1, 0, [("a", "en")], flags=[master(0x6944, [unsigned(0x6955, 1)])])
                )
            },
            "chapter 'a' says more than its times and titles (elements 0x6944)",
        ),
        ({"tracks": {1: [text(of.LANGUAGE_BCP47, "pt-BR")]}}, "language pt-BR of stream 1"),
    ],
)
def test_what_another_container_cannot_hold_is_listed(
    tmp_path: Path, parts: dict[str, object], says: str
) -> None:
    source = tmp_path / "film.mkv"
    make_film(source, frames=4, audio=1)
    rebuild(source, **parts)  # type: ignore[arg-type]
    report, _ = finish(probe(source), tmp_path / "out.mp4", settings=X264, allow_loss=True)
    assert [line for line in report.converted if says in line], report.converted


def test_clusters_and_index_stay_where_they_are(tmp_path: Path) -> None:
    """The new header is written into the padding, so that seeking still works."""
    source = film(tmp_path / "film.mkv")
    rebuild(source, chapters=chapters(ORDERED, chapter(1, 0, [("a", "en")])))
    finish(probe(source), tmp_path / "out.mkv")
    with av.open(tmp_path / "out.mkv") as container:
        container.seek(200_000, backward=True)
        (first, *_) = container.decode(video=0)
        assert first.time == pytest.approx(0.2, abs=0.05)


def test_a_file_that_is_no_matroska_has_no_header(tmp_path: Path) -> None:
    for data in (b"", b"text", bytes(3000), b"\x1a\x45\xdf\xa3\x84abcd\x18\x53\x80\x67\xff\xff"):
        (tmp_path / "x.mkv").write_bytes(data)
        assert read_header(tmp_path / "x.mkv").tracks == ()


def test_tags_that_ffmpeg_does_not_find_come_along(tmp_path: Path) -> None:
    """Behind the clusters, without an index that names them."""
    source = film(tmp_path / "film.mkv")
    rebuild(
        source, tags=[tag(simple("ACTOR", "One", simple("B", "c")), simple("COMMENT", "reel 3"))], behind=True
    )
    finish(probe(source), tmp_path / "out.mkv")
    found = texts(tmp_path / "out.mkv")
    assert found == ["ACTOR=One", "ACTOR/B=c", "COMMENT=reel 3", "COMMENT=Colours are predicted"]
