from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import SettingsError, SourceError
from pipeline.media import Orientation
from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.open_film import check_stills, probe_film_or_stills
from pipeline.source.picture_tags import as_tagged
from pipeline.timeline import Timeline
from tests.kindfilms import ffmpeg
from tests.media import make_film
from tests.pictures import picture
from tests.stills_films import lie_as, make_stills


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


@pytest.mark.parametrize(
    ("directions", "degrees", "is_mirrored"),
    [
        (0, 0, False),
        (1, 0, True),
        (2, 180, True),
        (3, 180, False),
        (5, 90, False),
        (6, 270, False),
        (0xFFFF, 0, False),
    ],
)
def test_a_dpx_says_how_its_picture_lies(
    tmp_path: Path, directions: int, degrees: int, is_mirrored: bool
) -> None:
    """Some scanners write lines from the bottom up; FFmpeg does not heed it (MediaArea/RAWcooked, pull request 390)."""
    pattern = tmp_path / "%03d.dpx"
    planes = make_stills(pattern, pixel_format="gbrp10be", count=2)
    for number in (1, 2):
        lie_as(tmp_path / f"{number:03d}.dpx", directions)
    film = probe_film_or_stills(pattern, rate=Fraction(24))
    assert (film.orientation.degrees, film.orientation.is_mirrored) == (degrees, is_mirrored)
    with FrameReader(film) as reader:
        np.testing.assert_array_equal(next(iter(reader.frames())).luma, planes[0])


def test_a_dpx_that_lies_otherwise_than_the_first_is_named(tmp_path: Path) -> None:
    make_stills(tmp_path / "%03d.dpx", pixel_format="gbrp10be", count=3)
    lie_as(tmp_path / "002.dpx", 2)
    with pytest.raises(SourceError, match=r"002\.dpx: is 64x48 .* orientation 2, the sequence began as"):
        check_stills(tmp_path / "%03d.dpx")


def test_a_film_lies_as_most_of_its_pictures(tmp_path: Path) -> None:
    """So the report says of a change; the first picture alone says nothing."""
    for number in range(4):
        Image.fromarray(picture(number)).save(tmp_path / f"{number}.tif", tiffinfo={274: 6 if number else 1})
    film = probe_film_or_stills(tmp_path / "%d.tif", rate=Fraction(24))
    assert film.orientation == Orientation()
    plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    assert plan.tags is not None
    assert plan.tags.lines(film.time_base) == (
        "the orientation changes, upright, turned by 90 degrees from frame 1 on (0.042 s): "
        "the whole film is marked turned by 90 degrees",
    )
    assert as_tagged(film, plan.tags).orientation == Orientation(degrees=90)
