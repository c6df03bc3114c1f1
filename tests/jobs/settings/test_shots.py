"""Ranges of shots: what they name, how they are written, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.settings.shots import format_ranges, parse_ranges
from pipeline.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3-7,12", (3, 4, 5, 6, 7, 12)),
        ("0", (0,)),
        ("0-9:3", (0, 3, 6, 9)),
        ("5-5", (5,)),
        (" 1 - 3 : 2 , 8 ", (1, 3, 8)),
        ("7,2,2-3", (2, 3, 7)),
        ("18-40", (18, 19)),
        ("20-999999999999999999", ()),
        ("0-999999999999999999:7", (0, 7, 14)),
    ],
)
def test_a_range_names_numbers_once_and_in_order(text: str, wanted: tuple[int, ...]) -> None:
    assert parse_ranges(text).pick(20) == wanted


def test_a_range_tells_whether_it_reaches_past_the_end() -> None:
    assert parse_ranges("0-19").reaches_past(19)
    assert not parse_ranges("0-19").reaches_past(20)
    assert not parse_ranges("0-19:18").reaches_past(19)
    assert parse_ranges("3,25").reaches_past(20)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "found nothing"),
        ("3,,4", "an empty part in '3,,4'"),
        ("3-", "'3-'"),
        ("-3", "'-3'"),
        ("a", "'a'"),
        ("1.5", "'1.5'"),
        ("3:2", "'3:2'"),
        ("7-3", "'7-3' runs backwards; 3-7 would work"),
        ("0-9:0", "a step of 0"),
        ("٣", "'٣'"),
        ("1" * 5000, "'111"),
    ],
)
def test_a_faulty_range_is_one_line_that_says_which_part(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_ranges(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.sets(st.integers(0, 300)))
def test_numbers_come_back_from_what_is_written(numbers: set[int]) -> None:
    text = format_ranges(numbers)
    if numbers:
        assert parse_ranges(text).pick(1000) == tuple(sorted(numbers))
    else:
        assert text == ""


def test_numbers_are_written_as_short_as_can_be() -> None:
    assert format_ranges([9, 3, 4, 5, 4]) == "3-5,9"
