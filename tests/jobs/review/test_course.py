import numpy as np
import pytest

from jobs.review.course import Course, FrameFigures


def course(count: int) -> Course:
    made = Course()
    for number in range(count):
        made.push(FrameFigures(chroma=number, flicker=number % 7, exposure=0.5))
    return made


def test_few_frames_are_shown_one_by_one() -> None:
    shown = course(5).shown(most=10)
    assert shown.tolist() == [[0, 0, 0.5], [1, 1, 0.5], [2, 2, 0.5], [3, 3, 0.5], [4, 4, 0.5]]


def test_many_are_put_together_and_no_flicker_is_lost() -> None:
    shown = course(700).shown(most=100)
    assert shown.shape == (100, 3)
    assert shown[:, 0] == pytest.approx(np.arange(100) * 7 + 3)
    assert set(shown[:, 1]) == {6}


def test_no_frames_are_no_values() -> None:
    assert Course().shown(most=10).shape == (0, 3)
