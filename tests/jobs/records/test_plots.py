import re

import numpy as np
import pytest

from jobs.records.plots import HEIGHT, WIDTH, plots_of, time_ticks


def test_a_line_goes_from_edge_to_edge_and_its_largest_value_is_named() -> None:
    chroma, flicker, exposure = plots_of(np.array([[0, 0, 0], [10, 1, 0.5], [5, 0, 1]], np.float32))
    points = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+),([\d.]+)", chroma.path)]
    assert [x for x, _ in points] == [0, WIDTH / 2, WIDTH]
    assert points[0][1] == HEIGHT
    assert points[1][1] == pytest.approx(HEIGHT * (1 - 1 / 1.05), abs=0.1)
    assert chroma.top == "10.5"
    assert flicker.summary == "Flicker: median 0.00, largest 1.00 at 33 % of the film"
    assert (exposure.top, exposure.path.rpartition(" ")[2]) == ("100", f"{WIDTH},0.0")


def test_one_frame_is_no_plot() -> None:
    assert plots_of(np.zeros((1, 3), np.float32)) == []


@pytest.mark.parametrize(
    ("length", "ticks"),
    [
        (8.0, ["0.0 s", "2.0 s", "4.0 s", "6.0 s", "8.0 s"]),
        (240.0, ["0:00", "1:00", "2:00", "3:00", "4:00"]),
        (7200.0, ["0:00:00", "0:30:00", "1:00:00", "1:30:00", "2:00:00"]),
    ],
)
def test_times_are_written_as_the_length_asks_for(length: float, ticks: list[str]) -> None:
    assert time_ticks(length) == ticks
