"""Hashes of a film: those that FFmpeg has, and places where something changed."""

import subprocess
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import imageio_ffmpeg
import pytest
import xxhash

from pipeline.errors import SourceError
from pipeline.verify.fixity import hash_content, split_hashes
from tests.media import make_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    make_film(path, audio=2, subtitles=1, attachments=[("a.ttf", "font/ttf", b"letters")])
    return path


def test_hashes_are_those_of_file_and_ffmpeg_s_streamhash(film: Path) -> None:
    found = hash_content(film, picture_index=0)
    assert (found.sha256, found.size_bytes) == (sha256(film.read_bytes()).hexdigest(), film.stat().st_size)
    told = subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(film)),
            *("-map", "0:0", "-map", "0:1", "-map", "0:2", "-map", "0:3"),
            *("-c", "copy", "-f", "streamhash", "-hash", "sha256", "-"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    wanted = [line.rpartition("=")[2] for line in told.split()]
    assert [stream.sha256 for stream in found.streams[:4]] == wanted
    assert found.streams[4].kind == "attachment"
    assert found.streams[4].sha256 == sha256(b"letters").hexdigest()
    assert found.broken_off is None


def test_frames_are_in_presentation_order_and_count_their_times(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    make_film(path, pixel_format="yuv420p", codec="libx264", b_frames=2, gop=12)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        times = [packet.pts for packet in packets]
        assert times != sorted(time or 0 for time in times)  # B-frames: coded in another order
        wanted = [
            xxhash.xxh3_64_hexdigest(bytes(packet), seed=packet.pts or 0)
            for packet in sorted(packets, key=lambda packet: packet.pts or 0)
        ]
    (stream,) = hash_content(path, picture_index=0).streams
    assert split_hashes(stream.frames or "") == wanted
    assert stream.packets == 24


def test_seconds_of_sound_are_those_in_which_packets_begin(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    make_film(path, frames=60, audio=1, start=75)
    picture, sound = hash_content(path, picture_index=0).streams
    assert picture.seconds is None
    assert list(sound.seconds or {}) == ["3", "4", "5"]
    assert len({*(sound.seconds or {}).values()}) == 3


def test_another_container_changes_the_file_s_hash_alone(tmp_path: Path) -> None:
    for name in ("film.mkv", "film.nut"):
        make_film(tmp_path / name, codec="ffv1", time_base=Fraction(1, 1000))
    one, other = (hash_content(tmp_path / name, picture_index=0) for name in ("film.mkv", "film.nut"))
    assert one.sha256 != other.sha256
    assert one.streams[0].sha256 == other.streams[0].sha256


def test_places_can_be_left_out(film: Path) -> None:
    for stream in hash_content(film, places=False).streams:
        assert (stream.frames, stream.seconds) == (None, None)


def test_what_is_no_film_is_named(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    path.write_bytes(b"no film at all")
    with pytest.raises(SourceError, match=r"film\.mkv: cannot be read as a film"):
        hash_content(path)
    with pytest.raises(SourceError, match=r"cannot read .*none\.mkv"):
        hash_content(tmp_path / "none.mkv")
