"""What each container keeps of the streams of a film, and what it is refused for."""

from io import BytesIO
from pathlib import Path

import av
import pytest
from av.stream import Disposition
from PIL import Image

from pipeline.errors import OutputError
from pipeline.output.container_table import CONTAINERS
from pipeline.output.containers import check_container
from pipeline.source.probe import probe
from pipeline.target import target_of
from tests.media import make_film
from tests.muxed import NOTICE, X264, finish, packets, rich_film, streams


def test_matroska_keeps_everything(tmp_path: Path) -> None:
    film = rich_film(tmp_path / "film.mkv")
    output = tmp_path / "out.mkv"
    report, _ = finish(film, output)
    assert streams(output) == streams(film.path)
    assert not report.converted and not report.lost and len(report.kept) == 6
    for kind in ("audio", "subtitle"):
        for number in range(2):
            assert packets(output, kind, number=number) == packets(film.path, kind, number=number)
    with av.open(str(output)) as out, av.open(str(film.path)) as source:
        assert out.chapters() == source.chapters()
        assert [s.disposition for s in out.streams] == [s.disposition for s in source.streams]
        ours, theirs = ({k.lower(): v for k, v in c.metadata.items()} for c in (out, source))
        assert {k: ours.get(k) for k in theirs if k != "encoder"} == {
            k: v for k, v in theirs.items() if k != "encoder"
        }
        assert ours["comment"] == NOTICE["comment"]
        cover, theirs_cover = (next(p for p in c.demux(video=1) if p.size) for c in (out, source))
        assert bytes(cover) == bytes(theirs_cover)


def test_matroska_attaches_pictures_of_any_kind(tmp_path: Path) -> None:
    """FFmpeg takes attached pictures of some types for covers, what is in them or not."""
    scan = BytesIO()
    Image.new("L", (16, 16), 90).save(scan, "tiff")
    files = [
        ("scan.tif", "image/tiff", scan.getvalue()),
        ("poster.jpg", "image/jpeg", b"no JPEG"),
        ("a.webp", "image/webp", b"RIFF"),
    ]
    make_film(tmp_path / "film.mkv", attachments=files)
    report, _ = finish(probe(tmp_path / "film.mkv"), tmp_path / "out.mkv")
    assert report.lost == ()
    with av.open(tmp_path / "out.mkv") as out:
        found = {
            (s.metadata["filename"], s.metadata["mimetype"]) for s in out.streams if "mimetype" in s.metadata
        }
    assert found == {(name, mimetype) for name, mimetype, _ in files}
    whole = (tmp_path / "out.mkv").read_bytes()
    assert all(data in whole for _, _, data in files)


def test_mp4_names_what_it_cannot_hold_and_who_can(tmp_path: Path) -> None:
    film = rich_film(tmp_path / "film.mkv")
    output = tmp_path / "out.mp4"
    with pytest.raises(OutputError, match=r"font\.ttf.*\.mkv") as failure:
        check_container(film, target_of(output), video_codec="libx264")
    assert "\n" not in str(failure.value)
    with pytest.raises(OutputError, match=r"font\.ttf"):
        finish(film, output, settings=X264)
    assert not output.exists() and not list(tmp_path.glob("*.partial"))


def test_mp4_converts_subtitles_and_lists_losses(tmp_path: Path) -> None:
    film = rich_film(tmp_path / "film.mkv")
    output = tmp_path / "out.mp4"
    report, _ = finish(film, output, settings=X264, allow_loss=True, faststart=True)
    assert report.lost == ("attachment stream 5 (font.ttf)",)
    assert sum("mov_text" in line for line in report.converted) == 2
    kinds = [(kind, codec) for kind, codec, _ in streams(output) if kind != "data"]
    assert kinds[:1] == [("video", "h264")] and kinds[-1] == ("video", "mjpeg")
    assert [codec for kind, codec in kinds if kind == "subtitle"] == ["mov_text", "mov_text"]
    with av.open(str(output)) as out:
        assert [c["metadata"]["title"] for c in out.chapters()] == ["First", "Zweite – ü"]
        assert out.metadata["title"] == "A reel; with = signs"
        assert out.metadata["comment"] == f"{NOTICE['comment']}\nLENDER: The archive"
    data = output.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_second_picture_is_copied_in_its_place(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", size=(32, 32), frames=6, codec="mpeg4", pixel_format="yuv420p")
    make_film(tmp_path / "b.mkv", frames=6)
    with (
        av.open(str(tmp_path / "both.mkv"), "w") as out,
        av.open(str(tmp_path / "a.mkv")) as a,
        av.open(str(tmp_path / "b.mkv")) as b,
    ):
        pairs = [(c, out.add_stream_from_template(c.streams.video[0])) for c in (a, b)]
        pairs[1][1].disposition = Disposition.default
        for container, stream in pairs:
            for packet in container.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    film = probe(tmp_path / "both.mkv")
    assert film.video_index == 1, "the test needs a film that is not the first stream"
    finish(film, tmp_path / "out.mkv", settings=X264)
    assert [codec for _, codec, _ in streams(tmp_path / "out.mkv")] == ["mpeg4", "h264"]
    assert packets(tmp_path / "out.mkv", "video") == packets(film.path, "video")


@pytest.mark.parametrize(
    ("suffix", "codec", "can"), [(".mov", "ffv1", r"\.mkv"), (".webm", "libx264", r"\.mp4")]
)
def test_container_that_cannot_hold_the_picture_is_refused(
    tmp_path: Path, suffix: str, codec: str, can: str
) -> None:
    make_film(tmp_path / "film.nut", frames=2)
    with pytest.raises(OutputError, match=can):
        check_container(probe(tmp_path / "film.nut"), target_of(tmp_path / f"out{suffix}"), video_codec=codec)


def test_unknown_suffix_names_the_known(tmp_path: Path) -> None:
    make_film(tmp_path / "film.nut", frames=2)
    with pytest.raises(OutputError, match=", ".join(CONTAINERS)):
        check_container(probe(tmp_path / "film.nut"), target_of(tmp_path / "out.avi"), video_codec="ffv1")
