"""Whatever a user may name as a film or sound: a text that names other files is refused, and they stay closed."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from jobs.cli.main import main
from tests.foreign import move_track_out, write_playlist
from tests.graded import color_flat
from tests.media import make_film
from tests.stills_films import make_stills, write_sound

PLAYLISTS = [
    (
        "film.mp4",
        "concat",
        "is a playlist (concat) that names other files or addresses; name the film itself",
    ),
    ("film.m3u8", "hls", "is a playlist (hls) that names other files or addresses; name the film itself"),
    ("film.sdp", "sdp", "is a playlist (sdp) that names other files or addresses; name the film itself"),
    (
        "film.mpd",
        "dash",
        "is a text file whatever its name says; a film file is needed, e.g. MP4, MOV, MKV, AVI, MPEG",
    ),
]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film that plays, with sound, at a path that a playlist can name."""
    path = tmp_path / "own" / "real.ts"
    path.parent.mkdir()
    make_film(path, codec="mpeg2video", pixel_format="yuv420p")
    return path


def _refused(*arguments: str | Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a command that ends with a fault."""
    capsys.readouterr()
    assert main([*map(str, arguments), "-q"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(("name", "kind", "told"), PLAYLISTS)
def test_a_playlist_is_no_film(
    film: Path, name: str, kind: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playlist = write_playlist(film.with_name(name), kind, film)
    job = film.with_name("job.yaml")
    job.write_text(f"input: {name}\noutput: {tmp_path}/out.mkv\n")
    line = f"kinochrome: error: {playlist}: {told}"
    assert _refused("colorize", playlist, "-o", tmp_path / "out.mkv", capsys=capsys) == line
    assert _refused("check", job, capsys=capsys) == line
    assert [path.name for path in tmp_path.iterdir()] == ["own"]
    assert len(list(film.parent.iterdir())) == 3
    assert main(["dataset", str(playlist), "-o", str(tmp_path / "set"), "-q"]) == 1
    assert told in capsys.readouterr().err
    assert len(list(film.parent.iterdir())) == 3


def test_a_text_is_no_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "film.txt"
    text.write_text("A film about a film\n" * 200)
    output = tmp_path / "out.mkv"
    assert "film.txt: is a text file" in _refused("colorize", text, "-o", output, capsys=capsys)
    assert list(tmp_path.iterdir()) == [text]


def test_sound_of_stills_is_no_playlist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_stills(tmp_path / "in" / "a_%04d.dpx", pixel_format="gbrp10be", count=4)
    write_sound(tmp_path / "real.wav", seconds=Fraction(1))
    sound = write_playlist(tmp_path / "sound.wav", "concat", tmp_path / "real.wav")
    stills, output = tmp_path / "in" / "a_%04d.dpx", tmp_path / "out.mov"
    options = ("--rate", "24", "--sound", sound)
    assert "sound.wav: is a playlist (concat)" in _refused(
        "colorize", stills, "-o", output, *options, capsys=capsys
    )


def test_a_graded_proxy_is_no_playlist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film, graded = tmp_path / "film.mkv", tmp_path / "graded"
    make_film(film)
    assert color_flat(film, tmp_path / "first.mkv", "-q", work=tmp_path) == 0
    proxy = graded / "000000.mkv"
    proxy.rename(graded / "real.mkv")
    write_playlist(proxy, "concat", graded / "real.mkv")
    output = tmp_path / "out.mkv"
    line = _refused("colorize", film, "-o", output, "--from-proxy", graded, capsys=capsys)
    assert "000000.mkv: is a playlist (concat)" in line
    assert not output.exists()


def test_pictures_that_are_compared_or_learnt_from_are_no_playlists(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_playlist(film.with_name("clip.mp4"), "concat", film)
    assert "clip.mp4: is a playlist" in _refused("evaluate", clip, "--device", "cpu", capsys=capsys)


def test_an_exchanged_source_is_not_the_one_on_record(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mkv"
    assert color_flat(film, output, "-q", work=tmp_path) == 0
    assert main(["verify", str(output), "--source", str(film), "-q"]) == 0
    film.rename(film.with_name("was.ts"))
    write_playlist(film, "concat", film.with_name("was.ts"))
    assert "is a playlist" in _refused("verify", output, "--source", film, capsys=capsys)
    make_film(film, codec="mpeg2video", pixel_format="yuv420p", frames=23)
    assert "is not the source on record" in _refused("verify", output, "--source", film, capsys=capsys)


@pytest.mark.parametrize("track", [0, 1])
def test_a_track_in_another_file_is_named(
    tmp_path: Path, track: int, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, reference = tmp_path / "whole.mov", tmp_path / "film.mov"
    make_film(whole, codec="mpeg4", pixel_format="yuv420p", audio=1)
    move_track_out(whole, reference, track=track, to=whole)
    with av.open(str(reference), options={"enable_drefs": "1", "use_absolute_path": "1"}) as container:
        assert any(packet.size for packet in container.demux(container.streams[track]))  # it can be followed
    line = _refused("colorize", reference, "-o", tmp_path / "out.mkv", capsys=capsys)
    assert "film.mov: 1 of its tracks lie in other files, which are not opened" in line
