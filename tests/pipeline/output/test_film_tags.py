"""Tags of the film arrive, and the notice takes none away."""

from collections.abc import Sequence
from pathlib import Path

import av
import pytest

from pipeline.output.container_table import CONTAINERS
from pipeline.source.probe import probe
from tests.kindfilms import ffmpeg
from tests.media import make_film
from tests.muxed import X264, finish


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, {"comment": "notice"}),
        ({"comment": "theirs"}, {"comment": "theirs", "description": "notice"}),
        (
            {"comment": "theirs", "description": "also theirs"},
            {"comment": "theirs\nnotice", "description": "also theirs"},
        ),
        ({"comment": "notice"}, {"comment": "notice"}),
    ],
    ids=["free", "comment taken", "both taken", "already there"],
)
def test_notice_takes_no_tag_away(tmp_path: Path, source: dict[str, str], expected: dict[str, str]) -> None:
    make_film(tmp_path / "film.mkv", frames=3, tags=source)
    finish(probe(tmp_path / "film.mkv"), tmp_path / "out.mkv", tags={"comment": "notice"})
    with av.open(str(tmp_path / "out.mkv")) as out:
        found = {key.lower(): value for key, value in out.metadata.items()}
    assert {key: found[key] for key in ("comment", "description") if key in found} == expected


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_every_tag_that_the_table_promises_arrives(tmp_path: Path, suffix: str) -> None:
    names: Sequence[str] = sorted(CONTAINERS[suffix].tags or ())
    tags = {name: "1922" if name == "date" else f"the {name}" for name in names}
    make_film(tmp_path / "film.mkv", frames=2, tags=tags)
    report, _ = finish(probe(tmp_path / "film.mkv"), tmp_path / f"out{suffix}", settings=X264, tags={})
    assert not report.converted
    with av.open(str(tmp_path / f"out{suffix}")) as out:
        assert {name: out.metadata.get(name) for name in names} == tags


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov"])
def test_titles_of_tracks_of_mp4_arrive(tmp_path: Path, suffix: str) -> None:
    make_film(tmp_path / "bare.mp4", frames=3, audio=1, codec="libx264", pixel_format="yuv420p")
    told = ("-metadata:s:a", "title=Der Ton", "-metadata:s:v", "title=Das Bild")
    ffmpeg("-i", tmp_path / "bare.mp4", "-c", "copy", *told, tmp_path / "film.mp4")
    film = probe(tmp_path / "film.mp4")
    assert [stream.tag("title") for stream in film.streams] == ["Das Bild", "Der Ton"]
    report, _ = finish(film, tmp_path / f"out{suffix}", settings=X264)
    kept = probe(tmp_path / f"out{suffix}")
    assert [stream.tag("title") for stream in kept.streams] == ["Das Bild", "Der Ton"]
    assert not any(key.lower() == "name" for stream in kept.streams for key, _ in stream.tags)
    assert not [line for line in report.converted if "stream" in line]


def test_tags_of_single_streams_are_kept_or_listed(tmp_path: Path) -> None:
    make_film(tmp_path / "bare.mkv", frames=3, audio=1)
    told = ("-metadata:s:a", "SOURCE=nitrate", "-metadata:s:a", "title=Ton", "-metadata:s:v", "GAUGE=9.5 mm")
    ffmpeg("-i", tmp_path / "bare.mkv", "-c", "copy", *told, tmp_path / "film.mkv")
    film = probe(tmp_path / "film.mkv")
    report, _ = finish(film, tmp_path / "out.mkv")
    assert not [line for line in report.converted if "stream" in line]
    kept = probe(tmp_path / "out.mkv")
    assert (kept.streams[0].tag("GAUGE"), kept.streams[1].tag("SOURCE")) == ("9.5 mm", "nitrate")
    report, _ = finish(film, tmp_path / "out.mp4", settings=X264)
    assert [line for line in report.converted if "stream" in line] == [
        "tag GAUGE of video stream 0, '9.5 mm', is left out",
        "tag SOURCE of audio stream 1, 'nitrate', is left out",
    ]
