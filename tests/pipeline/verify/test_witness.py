"""FFmpeg's own program says of an archival film what it says of its source: luma, times, streams."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.graded import color_flat
from tests.listing import differences, listing, luma_md5
from tests.media import make_film

FILMS: dict[str, dict[str, Any]] = {
    "grey 16": {"pixel_format": "gray16le"},
    "odd 4:2:0": {"pixel_format": "yuv420p10le", "size": (63, 47)},
    "12 bits": {"pixel_format": "yuv422p12le", "rate": Fraction(24000, 1001)},
    "fields": {"codec": "mpeg2video", "pixel_format": "yuv420p", "interlaced": "bff"},
    "many streams": {"audio": 2, "subtitles": 2, "cover": True, "attachments": [("a.ttf", "font/ttf", b"a")]},
}


@pytest.mark.parametrize("name", FILMS)
def test_ffmpeg_finds_the_same_luma_times_and_streams(name: str, tmp_path: Path) -> None:
    source, output = tmp_path / "film.mkv", tmp_path / "out.mkv"
    make_film(source, frames=12, **FILMS[name])
    options = ["-q", "--preset", "archival", "--set", "report=false"]
    assert color_flat(source, output, *options, work=tmp_path / "work") == 0
    before, after = luma_md5(source), luma_md5(output)
    assert len(before) == 12
    assert [frame.md5 for frame in after] == [frame.md5 for frame in before]
    assert len({frame.md5 for frame in before}) == 12, "the test needs frames that differ"
    for mine, theirs in zip(before, after, strict=True):
        assert abs(mine.seconds - theirs.seconds) <= Fraction(1, 1000)
    assert differences(source, output) == []


def test_the_witness_sees_what_is_missing(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", frames=12, audio=2)
    make_film(tmp_path / "b.mkv", frames=12, audio=1, size=(62, 48))
    assert len(differences(tmp_path / "a.mkv", tmp_path / "b.mkv")) == 3
    assert [stream.codec for stream in listing(tmp_path / "a.mkv")] == ["ffv1", "flac", "flac"]
    assert [f.md5 for f in luma_md5(tmp_path / "a.mkv")] != [f.md5 for f in luma_md5(tmp_path / "b.mkv")]
