"""Marks as users write them: what is taken, and the one line for what is not."""

from typing import Any

import pytest

from pipeline.errors import SettingsError
from pipeline.guidance.hints.marks import MOST_POINTS, Mark, PlacedMark

LINE = ((0.2, 0.3), (0.4, 0.5))


@pytest.mark.parametrize(
    "entries",
    [
        {"colour": "navy", "path": LINE},
        {"shape": "point", "colour": "#102030", "path": [[0, 1]], "frame": "00:00:01:12"},
        {"shape": "box", "colour": (50.0, 20.0, -10.0), "path": LINE, "frame": 7},
        {"shape": "erase", "path": LINE, "radius": 0.5},
        {"colour": "neutral", "path": ((0.5, 0.5),) * MOST_POINTS},
    ],
    ids=["stroke", "point", "box", "erase", "many points"],
)
def test_a_mark_keeps_what_was_written(entries: dict[str, Any]) -> None:
    mark = Mark(**entries)
    assert mark.path == tuple(tuple(point) for point in entries["path"])
    assert (mark.radius, mark.frame) == (entries.get("radius", 0.02), entries.get("frame", 0))


@pytest.mark.parametrize(
    ("entries", "key", "words"),
    [
        ({"shape": "circle"}, "shape", "'circle': stroke, point, box, erase work"),
        ({"path": ()}, "path", "0 points; a stroke has 1 to 10,000"),
        ({"path": LINE * 5001}, "path", "10,002 points"),
        (
            {"path": ((0.5, 0.5), (1.2, 0.5))},
            "path",
            "point 1 is 1.2, 0.5, outside the picture; 0 to 1 works",
        ),
        ({"path": ((0.5, float("nan")),)}, "path", "point 0 is"),
        ({"path": ((0.5,),)}, "path", "two numbers"),
        ({"path": ("ab",)}, "path", "two numbers"),
        ({"shape": "point"}, "path", "2 points; a point has 1"),
        ({"shape": "box", "path": ((0.1, 0.2), (0.1, 0.9))}, "path", "two opposite corners work"),
        ({"radius": 0.6}, "radius", "0.6: 0.002 to 0.5 of the shorter side works"),
        ({"radius": True}, "radius", "0.002 to 0.5"),
        ({"colour": " "}, "colour", "#rrggbb"),
        ({"colour": (50.0, 20.0)}, "colour", "three numbers of Lab"),
        ({"colour": (50.0, 20.0, float("inf"))}, "colour", "three numbers of Lab"),
        ({"shape": "erase"}, "colour", "an eraser has no colour"),
        ({"frame": -1}, "frame", "-1: a frame's number from 0"),
        ({"frame": 1.5}, "frame", "a timecode works"),
        ({"frame": ""}, "frame", "a timecode works"),
    ],
)
def test_a_wrong_mark_is_told_by_key(entries: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Mark(**({"colour": "red", "path": LINE} | entries))
    assert list(caught.value.keys) == [(key,)]
    assert words in caught.value.keys[(key,)] and "\n" not in caught.value.keys[(key,)]


def test_every_fault_of_a_mark_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Mark(colour="", path=(), radius=3, frame=-1)
    assert {key for (key,) in caught.value.keys} == {"path", "colour", "radius", "frame"}


def test_a_placed_mark_has_a_colour_unless_it_erases() -> None:
    stroke = Mark(colour="red", path=LINE, radius=0.1)
    placed = PlacedMark(shape="stroke", path=LINE, radius=0.1, ab=(50, 40), lightness=30)
    assert stroke.placed((30, 50, 40)) == placed
    with pytest.raises(ValueError, match="with ab None"):
        stroke.placed(None)
