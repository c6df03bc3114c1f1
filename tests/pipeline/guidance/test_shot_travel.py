"""Hints that go through a whole shot: the same in one piece or in segments, whoever asks first."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from pipeline.colorize.optical_flow import Flow, Luma
from pipeline.guidance.hints.travel import Carried, carry, start
from pipeline.guidance.shot_travel import KeyTravel

FRAMES = 150
SHAPE = 28, 40


def guides(first: int, stop: int) -> Iterator[Luma]:
    """A texture that drifts to the right, half a sample a frame."""
    random = np.random.default_rng(3)
    wide = cv2.resize(random.integers(40, 200, (14, 80), np.uint8), (320, 56), interpolation=cv2.INTER_CUBIC)
    for number in range(first, stop):
        yield np.ascontiguousarray(np.roll(wide, number, axis=1)[:, 120:200])


def travel(number: int) -> KeyTravel:
    return KeyTravel(number, SHAPE, span=range(FRAMES), read=guides, tolerance=8.0)


@pytest.mark.parametrize("key", [0, 70, 149])
def test_segments_get_what_the_whole_shot_gets(key: int) -> None:
    everything = frozenset(range(FRAMES))
    whole = travel(key).through(range(FRAMES), everything)
    assert sorted(whole) == list(range(FRAMES))
    piecewise = travel(key)
    parts: dict[int, Carried] = {}
    for segment in (range(100, 150), range(60), range(50, 110)):  # in any order, with overlaps
        parts |= piecewise.through(segment, everything)
    for number in range(FRAMES):
        for name in ("places", "trust"):
            np.testing.assert_array_equal(getattr(whole[number], name), getattr(parts[number], name))


def test_each_step_is_one_link_of_the_flow() -> None:
    flow = Flow(SHAPE, tolerance=8.0)
    for luma in guides(20, 25):
        flow.push(luma)
    ahead = back = start(SHAPE)
    for link in flow.to_previous:
        ahead = carry(ahead, link)
    for link in reversed(flow.to_next):
        back = carry(back, link)
    forward = travel(20).through(range(20, 25), frozenset({24}))
    backward = travel(24).through(range(20, 25), frozenset({20}))
    np.testing.assert_array_equal(forward[24].places, ahead.places)
    np.testing.assert_array_equal(backward[20].trust, back.trust)


def test_only_frames_that_are_wanted_are_given() -> None:
    assert sorted(travel(10).through(range(5, 20), frozenset({3, 7, 10, 12, 40}))) == [7, 10, 12]


@pytest.mark.parametrize("frames", [range(1), range(65), range(60, 65), range(64, 70), range(128, 129)])
def test_frames_are_given_again(frames: range) -> None:
    # On the way frames 0, 64 and 128 are kept: who asked again for one of them, and for none before it, got none.
    asked = travel(140)
    first = asked.through(range(FRAMES), frozenset(frames))
    again = asked.through(frames, frozenset(frames))
    assert sorted(again) == list(frames)
    for number in frames:
        np.testing.assert_array_equal(first[number].places, again[number].places)
