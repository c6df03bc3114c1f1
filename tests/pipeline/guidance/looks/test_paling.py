"""Colours that are named dark pale on light things, and on no others."""

import numpy as np
import pytest

from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.hints.strokes import hints_from_strokes
from pipeline.guidance.looks.paling import ANY_LIGHTNESS, kept_chroma

NAVY = (12.97, 47.5, -64.7)


def test_a_colour_keeps_its_chroma_up_to_some_lightness_and_has_none_at_white() -> None:
    lightness = np.linspace(0, 100, 201).astype(np.float32)
    kept = kept_chroma(lightness, NAVY[0])
    assert (kept[lightness <= 27] == 1).all()
    assert kept[-1] == 0
    falling = kept[lightness >= 28.5]
    np.testing.assert_allclose(
        np.diff(falling), falling[1] - falling[0], atol=1e-4
    )  # as paint mixed with white
    assert kept[lightness == 75] == pytest.approx(0.35, abs=0.01)


def test_a_light_colour_and_one_of_any_lightness_are_obeyed_everywhere() -> None:
    lightness = np.linspace(0, 100, 11).astype(np.float32)
    assert (kept_chroma(lightness, ANY_LIGHTNESS) == 1).all()
    assert (kept_chroma(lightness, 90.0) == 1).all()
    assert (kept_chroma(lightness[:6], 40.0) == 1).all()  # up to L* 50
    many = kept_chroma(lightness[:, np.newaxis], np.array([ANY_LIGHTNESS, 20], np.float32))
    assert (many[:, 0] == 1).all()
    assert many[9, 1] == pytest.approx(10 / 65, abs=1e-4)


def test_a_navy_stroke_is_pale_on_a_white_shirt_and_navy_on_a_dark_one() -> None:
    for light, share in ((90.0, 10 / 72), (20.0, 1.0)):
        lightness = np.full((64, 64), light, np.float32)
        flat = np.zeros((2, 16, 16), np.float32)
        sight = Sight.of(
            lightness=lightness, ab=flat, plain=flat, logits=np.zeros((0, 16, 16), np.float32), maps=()
        )
        mark = PlacedMark(shape="stroke", path=((0.2, 0.5), (0.8, 0.5)), ab=NAVY[1:], lightness=NAVY[0])
        luma = np.full((16, 16), light / 100, np.float32)
        hints = hints_from_strokes(sight, luma, [mark])
        np.testing.assert_allclose(hints.ab[:, 8, 8], share * np.array(NAVY[1:]), rtol=0.02)
        assert hints.confidence[8, 8] == 1
        assert (sight.small_lightness == light).all()
