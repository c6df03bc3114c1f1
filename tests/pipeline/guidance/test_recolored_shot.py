"""Shots in colour that get a look: what becomes of their chroma, and what stays."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.color.chroma_lab import chroma_to_lab
from pipeline.color.colorimetry import resolve_color
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.segment_colors import own_colors
from pipeline.guidance.recolored_shot import RecoloredShot
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.media import FilmInfo
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.color_films import make_color_film, scene

FRAMES = 16


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> FilmInfo:
    """One shot in colour with black bars above and below."""
    frames = [scene(3, shift=number) for number in range(FRAMES)]
    for frame in frames:
        frame[:8] = frame[-8:] = 0
    return probe(
        make_color_film(tmp_path_factory.mktemp("film") / "film.mkv", frames, pixel_format="yuv420p")
    )


@pytest.fixture(scope="module")
def plan(film: FilmInfo) -> Plan:
    settings = SegmentSettings(segment_frames=8, overlap_frames=0)
    return scan_film(film, shot_settings=ShotSettings(), segment_settings=settings)


def recolored(film: FilmInfo, plan: Plan, look: str, *, strength: float = 1.0) -> list[ProxyFrame]:
    guidance = ShotGuidance(words={}, regions={}, look=look, look_strength=strength)
    made: list[ProxyFrame] = []
    with FrameReader(film, timeline=plan.timeline) as reader:
        for shot in plan.shots:
            one = RecoloredShot(guidance, shot, film=film)
            for segment in plan.segments:
                if segment.shot == shot.index:
                    made += one.colors(reader, segment)
    return made


def own(film: FilmInfo, plan: Plan) -> list[ProxyFrame]:
    with FrameReader(film, timeline=plan.timeline) as reader:
        return [
            own_colors(frame, film=film, height=24, width=32) for frame in reader.read(0, FRAMES, chroma=True)
        ]


def test_a_look_takes_the_place_of_the_colours_at_the_size_of_the_chroma(film: FilmInfo, plan: Plan) -> None:
    before, grey, sepia = own(film, plan), recolored(film, plan, "neutral"), recolored(film, plan, "sepia")
    assert len(grey) == len(sepia) == FRAMES
    for number in (0, 9):
        assert grey[number].cb.shape == (24, 32)
        np.testing.assert_array_equal(grey[number].luma, before[number].luma)
        picture = slice(5, 19)  # inside the bars
        assert np.abs(np.stack((grey[number].cb, grey[number].cr))[:, picture]).max() < 1e-3
        one = sepia[number]
        lab = chroma_to_lab(one.luma, one.cb, one.cr, color=resolve_color(film))
        assert (lab[1:, picture].mean(axis=(1, 2)) > 4).all()
        np.testing.assert_array_equal(one.cb[:4], before[number].cb[:4])


def test_little_of_a_look_changes_little(film: FilmInfo, plan: Plan) -> None:
    """Also of deep colours, whose lightness is not that of a grey of their luma."""
    before, after = own(film, plan)[5], recolored(film, plan, "neutral", strength=0.02)[5]
    assert np.abs(before.cb).max() > 0.15
    np.testing.assert_allclose(after.cb, before.cb, atol=0.02)
    np.testing.assert_allclose(after.cr, before.cr, atol=0.02)


def test_a_palette_is_fitted_to_the_shot_once(film: FilmInfo, plan: Plan, tmp_path: Path) -> None:
    picture = np.full((60, 60, 3), (30, 60, 200), np.uint8)  # blue, green, red: orange
    picture[:20] = (40, 120, 180)
    cv2.imwrite(str(tmp_path / "warm.png"), picture)
    look = str(tmp_path / "warm.png")
    made = recolored(film, plan, look)
    lab = [chroma_to_lab(one.luma, one.cb, one.cr, color=resolve_color(film))[:, 4:20] for one in made]
    assert all(one[1:].mean() > 10 for one in lab)
    second = plan.segments[1]
    with FrameReader(film, timeline=plan.timeline) as reader:
        guidance = ShotGuidance(words={}, regions={}, look=look)
        alone = list(RecoloredShot(guidance, plan.shots[0], film=film).colors(reader, second))
    np.testing.assert_array_equal(alone[0].cb, made[second.start].cb)
