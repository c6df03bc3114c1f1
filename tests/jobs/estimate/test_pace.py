import pytest

from jobs.estimate.pace import lanes_seconds


@pytest.mark.parametrize(
    ("overlap", "seconds"),
    [
        (0, 18.0),
        (1, 14.0),
        (0.5, 16.0),
    ],  # 12 of colour, 6 of rendering; the last rendering waits for its colour
)
def test_two_lanes_take_between_one_after_the_other_and_both_at_once(overlap: float, seconds: float) -> None:
    assert lanes_seconds([4, 4, 4], [2, 2, 2], overlap=overlap) == pytest.approx(seconds)
