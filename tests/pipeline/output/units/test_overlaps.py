"""Recordings that were joined, whose sounds overlap where the second begins."""

from pathlib import Path

import pytest

from pipeline.output.units.overlaps import Overlaps
from pipeline.source.probe import probe
from tests.kindfilms import ffmpeg
from tests.muxed import FFV1, X264, finish

PIECE = (
    "-f",
    "lavfi",
    "-i",
    "testsrc2=s=64x48:r=25:d=0.4,hue=s=0",
    "-f",
    "lavfi",
    "-i",
    "sine=330:r=48000:d=0.5",
)


def joined(path: Path, *sound: str) -> None:
    """MPEG-TS, one behind the other: the second begins at 0.44 s, while the sound of the first lasts to 0.5 s."""
    data = b""
    for number in range(2):
        offset = ("-output_ts_offset", str(0.44 * number), "-muxdelay", "0", "-muxpreload", "0")
        ffmpeg(*PIECE, "-c:v", "mpeg2video", "-ac", "2", *sound, *offset, path)
        data += path.read_bytes()
    path.write_bytes(data)


@pytest.mark.parametrize("codec", ["mp2", "ac3"])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_overlapping_sounds_are_kept_and_listed(tmp_path: Path, codec: str, suffix: str) -> None:
    joined(tmp_path / "film.ts", "-c:a", codec, "-strict", "-2")
    film = probe(tmp_path / "film.ts")
    report, _ = finish(film, tmp_path / f"out{suffix}", settings=FFV1 if suffix == ".mkv" else X264)
    (line,) = (line for line in report.lost if "go back" in line)
    assert line.startswith(f"audio stream 1 ({codec}): its times go back to 0.4")


def test_a_long_way_back_is_no_overlap() -> None:
    overlaps = Overlaps(tick_ns=1000)
    assert overlaps.expected(5_000_000_000) == (5_000_000_000, 0)
    assert overlaps.expected(4_900_000_000) == (5_000_000_000, 1000)
    assert overlaps.expected(4_950_000_000) == (5_000_000_000, 2000)
    assert overlaps.expected(5_100_000_000) == (5_100_000_000, 0)
    assert overlaps.expected(1_000_000_000) == (1_000_000_000, 0)
    assert str(overlaps) == (
        "its times go back to 4.900 s, as of recordings joined: packets come up to 0.100 s later"
    )
