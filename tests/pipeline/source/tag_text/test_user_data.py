"""Tags of MP4, MOV and 3GP that FFmpeg drops, or takes for something else, arrive."""

from pathlib import Path

import av
import pytest

from pipeline.source.probe import probe
from pipeline.source.tag_text.user_data import with_unread_tags
from tests.kindfilms import ffmpeg
from tests.media import make_film
from tests.mov_films import box, titled, with_user_data
from tests.muxed import finish

GERMAN = (4 << 10 | 5 << 5 | 21).to_bytes(2)  # "deu" of ISO 639, in 15 bits
RUSSIAN = 32  # of the Macintosh
MARK = b"\xfe\xff"


def text_of_3gpp(name: bytes, data: bytes) -> bytes:
    return box(name, bytes(4) + GERMAN + data)


def item(name: bytes, kind: int, data: bytes) -> bytes:
    return box(name, box(b"data", kind.to_bytes(4) + bytes(4) + data))


def named(name: bytes, kind: int, data: bytes) -> bytes:
    """An item of iTunes whose name is a text."""
    head = box(b"mean", bytes(4) + b"com.example") + box(b"name", bytes(4) + name)
    return box(b"----", head + box(b"data", kind.to_bytes(4) + bytes(4) + data))


def items(*parts: bytes, keys: tuple[bytes, ...] = ()) -> bytes:
    handler = box(b"hdlr", bytes(8) + (b"mdta" if keys else b"mdir") + bytes(13))
    names = b"".join((8 + len(key)).to_bytes(4) + b"mdta" + key for key in keys)
    listed = box(b"keys", bytes(4) + len(keys).to_bytes(4) + names) if keys else b""
    return handler + listed + box(b"ilst", b"".join(parts))


def test_titles_of_3gpp(tmp_path: Path) -> None:
    """FFmpeg writes them and does not read them; of a copyright it makes an empty text."""
    told = {"title": "Der Golem", "artist": "Wegener", "copyright": "PAGU", "date": "1920", "genre": "Drama"}
    make_film(tmp_path / "film.mp4", frames=8, codec="libx264", pixel_format="yuv420p")
    options = [part for name, value in told.items() for part in ("-metadata", f"{name}={value}")]
    ffmpeg("-i", tmp_path / "film.mp4", "-c", "copy", *options, tmp_path / "film.3gp")
    with av.open(tmp_path / "film.3gp") as film:
        assert "title" not in film.metadata
    finish(probe(tmp_path / "film.3gp"), tmp_path / "out.mkv")
    with av.open(tmp_path / "out.mkv") as out:
        found = {name.lower(): value for name, value in out.metadata.items()}
    told["performer"] = told.pop("artist")  # FFmpeg's choice among the boxes of 3GPP
    assert found | told == found


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (text_of_3gpp(b"titl", MARK + "Größe".encode("utf-16-be") + b"\0\0"), "title", "Größe"),
        (text_of_3gpp(b"titl", "Größe".encode() + b"\0"), "title", "Größe"),
        (text_of_3gpp(b"titl", b"Gr\xf6\xdfe\0"), "title", "Größe"),
        (text_of_3gpp(b"cprt", b"PAGU\0"), "copyright", "PAGU"),
        (text_of_3gpp(b"albm", b"Filme\0\x05"), "album", "Filme"),
        (box(b"rtng", bytes(12) + GERMAN + b"ab 12\0"), "rating-deu", "ab 12"),
        (box(b"yrrc", bytes(4) + (1920).to_bytes(2)), "date", "1920"),
        (box(b"meta", bytes(4) + items(item(b"\xa9nam", 2, "Größe".encode("utf-16-be")))), "title", "Größe"),
        (
            box(b"meta", bytes(4) + items(item(b"\xa9nam", 3, "東京物語".encode("shift-jis")))),
            "title",
            "東京物語",
        ),
        (box(b"meta", bytes(4) + items(item(b"cnID", 21, (12345).to_bytes(4)))), "cnID", "12345"),
        (box(b"meta", bytes(4) + items(item(b"\xa9mvn", 1, b"Largo"))), "mvn", "Largo"),
        (box(b"meta", bytes(4) + items(named(b"REEL", 2, "Ü 5".encode("utf-16-be")))), "REEL", "Ü 5"),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_texts_in_their_forms(tmp_path: Path, data: bytes, name: str, expected: str, suffix: str) -> None:
    with_user_data(data)(tmp_path / f"film{suffix}")
    assert dict(probe(tmp_path / f"film{suffix}").tags)[name] == expected


def test_names_in_a_list_of_keys(tmp_path: Path) -> None:
    key = b"com.example.reel"
    data = items(item((1).to_bytes(4), 77, (5).to_bytes(4)), keys=(key,))
    with_user_data(data, name=b"meta")(tmp_path / "film.mov")
    assert dict(probe(tmp_path / "film.mov").tags)[key.decode()] == "5"


def test_a_title_in_two_languages(tmp_path: Path) -> None:
    titled((0, b"October"), (RUSSIAN, "Октябрь".encode("mac-cyrillic")))(tmp_path / "film.mov")
    tags = dict(probe(tmp_path / "film.mov").tags)
    assert (tags["title"], tags["title-32"]) == ("October", "Октябрь")


def test_what_ffmpeg_reads_is_there_once(tmp_path: Path) -> None:
    told = {"title": "T", "artist": "A", "comment": "C", "track": "3/9", "hd_video": "1", "synopsis": "Größe"}
    for suffix in (".mp4", ".mov", ".m4v"):
        make_film(tmp_path / f"film{suffix}", frames=4, codec="libx264", pixel_format="yuv420p", tags=told)
        with av.open(tmp_path / f"film{suffix}") as film:
            assert with_unread_tags(tmp_path / f"film{suffix}", film.metadata) == film.metadata


@pytest.mark.parametrize(
    "data", [b"", b"\0", bytes(7), b"\xff" * 40, box(b"titl", b""), box(b"meta", b"\0" * 9)]
)
def test_broken_user_data_says_nothing(tmp_path: Path, data: bytes) -> None:
    with_user_data(data)(tmp_path / "film.mp4")
    assert with_unread_tags(tmp_path / "film.mp4", {"title": "T"}) == {"title": "T"}


@pytest.mark.parametrize(("name", "suffix"), [(b"titl", ".mp4"), (b"tnam", ".mov")])
def test_names_of_tracks(tmp_path: Path, name: bytes, suffix: str) -> None:
    """As HandBrake and QuickTime write them (HandBrake/HandBrake, pull request 2213)."""
    user_data = text_of_3gpp(name, "Kommentar für Gehörlose".encode() + bytes(1))
    with_user_data(user_data, way=(b"moov", b"trak"))(tmp_path / f"film{suffix}")
    film = probe(tmp_path / f"film{suffix}")
    assert film.video.tag("title") == "Kommentar für Gehörlose"
