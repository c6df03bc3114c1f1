"""A film at a rate above its own: every frame is shown, in step with its sound, and none is blended."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.render.delivery import deliver
from pipeline.timeline import Timeline
from tests.films import film_info

MS = Fraction(1, 1000)


def timeline(pts: list[int]) -> Timeline:
    return Timeline(pts=np.array(pts, np.int64), luma_hash=np.arange(len(pts), dtype=np.uint64))


@pytest.mark.parametrize(
    ("own", "rate", "cycle"),
    [
        (16, 24, [2, 1]),
        (18, 24, [2, 1, 1]),
        (20, 24, [2, 1, 1, 1, 1]),
        (16, 25, [2, 2, 1, 2, 1, 2, 1, 2, 1, 2, 2, 1, 2, 1, 2, 1]),
        (20, 25, [2, 1, 1, 1]),
        (12, 30, [3, 2]),
    ],
)
def test_the_usual_patterns(own: int, rate: int, cycle: list[int]) -> None:
    film = film_info(time_base=Fraction(1, own), rate=Fraction(own))
    made = deliver(film, timeline(list(range(4 * own))), Fraction(rate))
    assert len(made.timeline) == 4 * rate
    assert sorted(set(made.times.tolist())) == sorted(set(cycle))
    period = len(cycle)
    assert made.times.tolist() == made.times[:period].tolist() * (4 * own // period)
    assert made.times[:period].sum() == sum(cycle)


@given(
    own=st.fractions(Fraction(8), Fraction(20), max_denominator=1001),
    rate=st.sampled_from([Fraction(24), Fraction(25), Fraction(30), Fraction(24000, 1001)]),
    start=st.integers(0, 5000),
    count=st.integers(2, 90),
)
def test_no_frame_is_late_or_missing(own: Fraction, rate: Fraction, start: int, count: int) -> None:
    """Times in milliseconds, as Matroska has them: a frame comes within one delivered frame of its time."""
    pts = [start + round(number / own * 1000) for number in range(count)]
    made = deliver(film_info(time_base=MS, rate=own), timeline(pts), rate)
    assert made.times.min() >= 1
    assert np.array_equal(made.timeline.luma_hash, np.repeat(np.arange(count), made.times))
    for number, time in enumerate(pts):
        late = made.seconds_of(number) - time * MS
        assert -Fraction(1, 5) / rate <= late < 1 / rate + MS
    steps = np.diff(made.timeline.pts) * made.film.time_base
    assert all(abs(step - 1 / rate) <= made.film.time_base for step in steps)
    assert made.film.rate_from_header == rate


def test_frames_that_would_be_left_out_are_an_error() -> None:
    film = film_info(time_base=Fraction(1, 25), rate=Fraction(25))
    with pytest.raises(SourceError, match="24 frames/s would leave out 2 of its frames, the first is frame"):
        deliver(film, timeline(list(range(50))), Fraction(24))


def test_a_frame_of_an_hour_is_an_error() -> None:
    film = film_info(time_base=Fraction(1), rate=Fraction(16))
    with pytest.raises(SourceError, match="frame 1 would be repeated 86376 times"):
        deliver(film, timeline([0, 1, 3600]), Fraction(24))


def test_the_report_line() -> None:
    film = film_info(time_base=Fraction(1, 18), rate=Fraction(18))
    line = deliver(film, timeline(list(range(36))), Fraction(24)).line()
    assert line == (
        "picture: delivered at 24 frames/s, 48 frames for the source's 36 (24 frames once, 12 frames 2 times; it "
        "begins 2:1:1:2:1:1:2:1); frames are repeated, never blended"
    )
