"""Excerpts: the very frames of the film, from places all over it, from key frames on where it has such."""

from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.media import FilmInfo
from pipeline.plan.excerpts import Excerpt, read_excerpts
from pipeline.plan.shots import ShotSettings
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.probe import probe
from tests.media import make_film


def excerpts_of(film: FilmInfo, *, places: int = 3, frames: int = 24) -> tuple[Excerpt, ...]:
    return read_excerpts(film, places=places, frames=frames, seconds=60, shot_settings=ShotSettings())


def test_excerpts_are_frames_of_the_film_in_order(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=400, codec="libx264", pixel_format="yuv420p", gop=40, b_frames=2)
    film = probe(tmp_path / "film.mkv")
    with FrameReader(film) as reader:
        known = {frame.pts: luma_hash(frame.luma) for frame in reader.frames()}
    found = excerpts_of(film)
    assert [len(excerpt.timeline) for excerpt in found] == [24] * 3
    for excerpt in found:
        pairs = zip(excerpt.timeline.pts.tolist(), excerpt.timeline.luma_hash.tolist(), strict=True)
        assert all(known[pts] == value for pts, value in pairs)
        assert excerpt.shots[0].start == 0
        assert excerpt.shots[-1].end == 24
        assert excerpt.seconds > 0
    numbers = [sorted(known).index(int(excerpt.timeline.pts[0])) for excerpt in found]
    for number, place in zip(
        numbers, (67, 200, 333), strict=True
    ):  # a key frame comes every 40 frames at least
        assert place - 40 <= number <= place
    with FrameReader(film, timeline=found[1].timeline) as reader:
        assert len(list(reader.read(1, 24))) == 23


def test_a_cut_inside_an_excerpt_is_found(tmp_path: Path) -> None:
    make_film(tmp_path / "film.nut", frames=48, cuts=(24,))
    (found,) = excerpts_of(probe(tmp_path / "film.nut"), places=1, frames=48)[:1]
    edges = [shot.end for shot in found.shots]
    assert edges[-1] == len(found.timeline)


def test_a_film_that_is_shorter_than_its_places_has_fewer(tmp_path: Path) -> None:
    make_film(tmp_path / "film.nut", frames=5)
    found = excerpts_of(probe(tmp_path / "film.nut"), places=5)
    assert 1 <= len(found) <= 2
    assert sum(len(excerpt.timeline) for excerpt in found) <= 5


def test_a_film_of_which_nothing_decodes_is_named(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", codec="libx264", pixel_format="yuv420p")
    film = probe(tmp_path / "film.mkv")
    data = bytearray((tmp_path / "film.mkv").read_bytes())
    data[200:] = bytes(len(data) - 200)
    (tmp_path / "film.mkv").write_bytes(data)
    with pytest.raises(SourceError, match=r"film\.mkv"):
        excerpts_of(film)
