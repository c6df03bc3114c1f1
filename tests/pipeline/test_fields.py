"""Fields: each frame's own order, films whose headers hide them, and what deinterlacing gives."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from pipeline.errors import SourceError
from pipeline.fields import FieldCount, as_counted, merge_fields, order_of, refuse_fields, take_fields
from pipeline.media import FilmInfo, Frame, Plane
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.plan_file import read_plan, write_plan
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.media import make_film, picture


def _combed(count: int = 12, *, depth: int = 8) -> list[Plane]:
    """Frames whose bottom fields are half a frame later."""
    woven = []
    for number in range(count):
        top, bottom = (picture(2 * number + late, depth=depth) for late in (0, 1))
        both = top.copy()
        both[1::2] = bottom[1::2]
        woven.append(both)
    return woven


def _scan(film: FilmInfo) -> Plan:
    return scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())


@pytest.mark.parametrize("first", ["top", "bottom"])
def test_the_plan_counts_what_the_frames_say(tmp_path: Path, first: Literal["top", "bottom"]) -> None:
    make_film(tmp_path / "film.mkv", frames=_combed(), interlaced="tff" if first == "top" else "bff")
    plan = _scan(probe(tmp_path / "film.mkv"))
    assert plan.fields == FieldCount(**{first: 12})
    write_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json").fields == plan.fields


def test_frames_win_over_the_headers(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=2, interlaced="tff")
    film = probe(tmp_path / "film.mkv")
    assert order_of(as_counted(film, FieldCount(progressive=30))) == "progressive"
    assert order_of(as_counted(film, FieldCount(progressive=30, bottom=1))) == "bottom"
    assert as_counted(film, FieldCount(progressive=3, top=1)) is film
    assert as_counted(film, None) is film


def test_interlaced_films_are_refused_on_request(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=2, interlaced="bff")
    film = probe(tmp_path / "film.mkv")
    with pytest.raises(SourceError, match=r"film\.mkv: is interlaced \(bottom field first\).*would work"):
        take_fields(film, "refuse")
    with pytest.raises(SourceError, match=r"film\.mkv: 3 of its 10 frames are interlaced"):
        refuse_fields(film, FieldCount(progressive=7, top=2, bottom=1))
    assert take_fields(film, "keep") is film


@pytest.mark.parametrize(
    "pixel_format", ["gray", "gray10le", "gray12le", "gray16le", "yuv420p", "yuv422p10le", "bgr0"]
)
def test_deinterlaced_frames_keep_their_times_and_lose_their_combs(tmp_path: Path, pixel_format: str) -> None:
    depth = 8 if "1" not in pixel_format else int(pixel_format.partition("le")[0][-2:])
    still = picture(0, depth=depth)
    frames: list[Plane] = [np.where(np.arange(48)[:, None] % 2, still, still // 4 * 3)] * 6
    make_film(tmp_path / "film.mkv", frames=frames, pixel_format=pixel_format, interlaced="tff")
    film = probe(tmp_path / "film.mkv")
    with FrameReader(film) as kept, FrameReader(take_fields(film, "deinterlace")) as made:
        before, after = list(kept.frames()), list(made.frames())
    assert [frame.pts for frame in after] == [frame.pts for frame in before]
    assert not any(frame.is_interlaced for frame in after)
    assert after[0].luma.dtype == before[0].luma.dtype
    assert int(after[2].luma.max()) < 2**depth
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(other.luma[0:40:2], one.luma[0:40:2])  # the first field is kept


def test_a_part_of_a_deinterlaced_film_is_that_of_the_whole(tmp_path: Path) -> None:
    make_film(
        tmp_path / "film.mkv",
        frames=_combed(24),
        codec="libx264",
        gop=8,
        interlaced="tff",
        pixel_format="yuv420p",
    )
    film = take_fields(probe(tmp_path / "film.mkv"), "deinterlace")
    plan = _scan(film)
    assert plan.is_deinterlaced
    assert plan.fields == FieldCount(progressive=24)
    with FrameReader(film, timeline=plan.timeline) as reader:
        for start, end in ((16, 24), (0, 3), (9, 12), (23, 24)):
            assert [f.pts for f in reader.read(start, end)] == plan.timeline.pts[start:end].tolist()


def test_progressive_frames_pass_the_deinterlacer_untouched(tmp_path: Path) -> None:
    planes = make_film(tmp_path / "film.mkv", frames=5, pixel_format="gray10le")
    film = take_fields(probe(tmp_path / "film.mkv"), "deinterlace")
    with FrameReader(film) as reader:
        for frame, plane in zip(reader.frames(), planes, strict=True):
            np.testing.assert_array_equal(frame.luma, plane)


def test_too_small_a_film_is_not_deinterlaced(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=2, size=(2, 2), interlaced="tff")
    film = take_fields(probe(tmp_path / "film.mkv"), "deinterlace")
    with FrameReader(film) as reader, pytest.raises(SourceError, match="2x2 is too small"):
        list(reader.frames())


def test_merged_fields_show_no_comb() -> None:
    luma = np.full((48, 64), 200, np.uint8)
    luma[1::2] = 100
    np.testing.assert_array_equal(merge_fields(luma), np.full((48, 64), 150))
    assert Frame(pts=0, luma=luma).luma is luma
