"""Timecodes: counted on from the film's own, drop-frame where it is, the clock where there is none."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from pipeline.media import FilmInfo
from pipeline.timecode import Timecode, clock_time, find_timecode
from pipeline.timeline import Timeline
from tests.films import film_info


def test_frames_are_counted_from_nothing_without_a_timecode() -> None:
    timecode = _find(Fraction(24))
    assert timecode is not None
    assert [timecode.at(number) for number in (0, 23, 24, 24 * 3600)] == [
        "00:00:00:00",
        "00:00:00:23",
        "00:00:01:00",
        "01:00:00:00",
    ]


def test_the_film_s_own_timecode_goes_on() -> None:
    timecode = _find(Fraction(25), text="10:59:59:24")
    assert timecode is not None
    assert [timecode.at(number) for number in (0, 1)] == ["10:59:59:24", "11:00:00:00"]


def test_drop_frame_leaves_numbers_out_but_every_tenth_minute() -> None:
    """SMPTE 12M: after 00:00:59;29 comes 00:01:00;02, after 00:09:59;29 comes 00:10:00;00."""
    timecode = _find(Fraction(30000, 1001), text="00:00:00;00")
    assert timecode is not None
    assert [timecode.at(number) for number in (1799, 1800, 17981, 17982, 107892)] == [
        "00:00:59;29",
        "00:01:00;02",
        "00:09:59;29",
        "00:10:00;00",
        "01:00:00;00",
    ]


@pytest.mark.parametrize("text", ["01:00:00;00", "00:01:00;02", "23:59:59;29"])
def test_a_drop_frame_start_is_its_own_first_frame(text: str) -> None:
    timecode = _find(Fraction(30000, 1001), text=text)
    assert timecode is not None
    assert timecode.at(0) == text


@pytest.mark.parametrize("text", ["", "now", "00:00:00:30", "1:2:3"])
def test_a_timecode_that_is_none_counts_from_nothing(text: str) -> None:
    assert _find(Fraction(24), text=text) == Timecode(rate=24)


def test_a_film_of_no_even_rate_has_none() -> None:
    assert find_timecode(_film(Fraction(24)), _timeline([0, 42, 200, 300])) is None
    assert find_timecode(replace(_film(Fraction(24)), rate_from_header=None), _timeline([0, 42])) is None


def test_clock_time() -> None:
    assert clock_time(Fraction(3725) + Fraction(1, 3)) == "01:02:05.333"
    assert clock_time(Fraction(-1, 2)) == "-00:00:00.500"


def _find(rate: Fraction, *, text: str | None = None) -> Timecode | None:
    """Of a film whose times are milliseconds, as Matroska has them."""
    pts = [round(number * 1000 / rate) for number in range(50)]
    return find_timecode(_film(rate, text=text), _timeline(pts))


def _film(rate: Fraction, *, text: str | None = None) -> FilmInfo:
    film = film_info(time_base=Fraction(1, 1000))
    tags = () if text is None else (("TIMECODE", text),)
    streams = (replace(film.streams[0], tags=tags),)
    return replace(film, rate_from_header=rate, streams=streams)


def _timeline(pts: list[int]) -> Timeline:
    return Timeline(pts=np.array(pts, np.int64), luma_hash=np.zeros(len(pts), np.uint64))


@pytest.mark.parametrize(
    ("rate", "start"), [(Fraction(25), "10:00:00:00"), (Fraction(30000, 1001), "00:58:00;02")]
)
def test_a_timecode_leads_back_to_its_frame(rate: Fraction, start: str) -> None:
    timecode = _find(rate, text=start)
    assert timecode is not None
    numbers = [0, 1, 29, 1798, 1799, 1800, 17982, 100_000]
    assert [timecode.number(timecode.at(number)) for number in numbers] == numbers
    assert timecode.number("00:00:00:00") == -timecode.start
    assert timecode.number("noon") is None
