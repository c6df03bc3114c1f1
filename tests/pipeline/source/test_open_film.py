from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SettingsError, SourceError
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.open_film import probe_film_or_stills
from pipeline.timeline import Timeline
from tests.kindfilms import ffmpeg
from tests.media import make_film


@pytest.mark.parametrize(
    "name", ["a %d 'b'.mkv", "film%04d.mkv", "concat:a|b.mkv", "subfile,,start,0.mkv", "*.mkv"]
)
def test_odd_names_are_names_of_files(tmp_path: Path, name: str) -> None:
    make_film(tmp_path / name, frames=3)
    assert probe_film_or_stills(tmp_path / name).path.name == name


@pytest.mark.parametrize(("name", "codec"), [("film.h264", "libx264"), ("film.hevc", "libx265")])
def test_pictures_of_a_raw_stream_are_counted(tmp_path: Path, name: str, codec: str) -> None:
    """B-frames too: in a container the same stream has times, and the same pictures in the same order."""
    quiet = {"x265-params": "log-level=0"} if codec == "libx265" else {"bf": "2"}
    make_film(tmp_path / "film.mkv", frames=20, codec=codec, pixel_format="yuv420p", options=quiet)
    ffmpeg("-i", tmp_path / "film.mkv", "-c", "copy", tmp_path / name)  # coded again it may differ
    with pytest.raises(SettingsError, match="has times"):
        probe_film_or_stills(tmp_path / "film.mkv", rate=Fraction(18))
    with (
        FrameReader(probe_film_or_stills(tmp_path / name)) as reader,
        pytest.raises(SourceError, match=r"raw stream.* rate: 24"),
    ):
        list(reader.frames())
    film = probe_film_or_stills(tmp_path / name, rate=Fraction(18))
    assert film.time_base == Fraction(1, 18)
    with FrameReader(film) as reader, FrameReader(probe_film_or_stills(tmp_path / "film.mkv")) as other:
        frames = list(reader.frames())
        expected = [frame.luma for frame in other.frames()]
    assert [frame.pts for frame in frames] == list(range(20))
    for frame, luma in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.luma, luma)
    timeline = Timeline(
        pts=np.arange(20), luma_hash=np.array([luma_hash(frame.luma) for frame in frames], np.uint64)
    )
    with FrameReader(film, timeline=timeline) as reader:
        assert [frame.pts for frame in reader.read(11, 14)] == [11, 12, 13]
        assert [frame.pts for frame in reader.read(3, 5)] == [3, 4]
