"""What a colour in a job file means."""

import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import ImageColor

from pipeline.color.lab import srgb_from_lab
from pipeline.errors import SettingsError
from pipeline.guidance.looks.color_names import GivenColor, parse_color, parse_named_colors


def _hex(color: GivenColor) -> str:
    rgb = srgb_from_lab(np.array(color, np.float32))
    return "#" + bytes(np.rint(rgb * 255).astype(np.uint8)).hex()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("#2c3f6b", "#2c3f6b"),
        ("#FFF", "#ffffff"),
        (" rebeccapurple ", "#663399"),
        ("Navy", "#000080"),
        ("navy blue", "#001146"),  # of the survey
        ("NavyBlue", "#001146"),
        ("navy-blue", "#001146"),
        ("Dark Slate Gray", "#2f4f4f"),
        ("darkslategrey", "#2f4f4f"),
        ("green", "#008000"),  # CSS; the survey has #15b01a
        ("robin's egg blue", "#98eff9"),
        ("blue/green", "#0f9b8e"),
        ("blue green", "#137e6d"),  # of two spellings, that of more people
        ("bluegreen", "#137e6d"),
    ],
)
def test_hex_and_names(value: str, code: str) -> None:
    assert _hex(parse_color(value)) == code


def test_every_css_name_is_its_own_color() -> None:
    for name in tuple(ImageColor.colormap):
        if name not in ("grey", "gray"):
            assert _hex(parse_color(name)) == "#" + bytes(ImageColor.getrgb(name)[:3]).hex(), name


def test_names_are_known_whatever_pillow_was_asked_before() -> None:
    """Pillow replaces a name's code in its public map by a tuple once somebody has asked for it."""
    script = (
        "from PIL import ImageColor\n"
        "ImageColor.getrgb('green')\n"
        "assert not isinstance(ImageColor.colormap['green'], str)\n"
        "from pipeline.guidance.looks.color_names import parse_color\n"
        "print(parse_color('green'))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == str(parse_color("#008000")), run.stderr


@pytest.mark.parametrize("value", ["neutral", "grey", "Gray", " NEUTRAL "])
def test_neutral_has_no_lightness(value: str) -> None:
    assert parse_color(value) == (None, 0, 0)


@pytest.mark.parametrize(
    "value",
    [[50, 20, -10], (50.0, 20.0, -10.0), "lab(50 20 -10)", "LAB( 50%, 20, -10 )"],
)
def test_lab(value: object) -> None:
    assert parse_color(value) == (50, 20, -10)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("nvay", "'nvay': no such name; did you mean 'navy'"),
        ("tomatoe", "did you mean 'tomato'"),
        ("q" * 10_000, "no such name; a name such as navy"),
        ("#12345", "3 or 6 hexadecimal digits"),
        ("#gggggg", "3 or 6 hexadecimal digits"),
        ("", "a name such as navy"),
        (None, "None: a name such as navy, #2c3f6b in quotes"),
        (True, "True: a name"),
        (128, "128: a name"),
        ({"L": 1}, "a name such as"),
        ([50, 20], "three numbers"),
        ([50, 20, "x"], "three numbers"),
        ([50, True, 0], "three numbers"),
        ([50, float("nan"), 0], "three numbers"),
        ("lab(50 20)", "three numbers"),
        ("lab(50 20 1e999)", "three numbers"),
        ([10**400, 0, 0], "three numbers"),
        ([101, 0, 0], "L from 0 to 100"),
        ([50, -129, 0], "a and b from -128 to 128"),
        ("red\nblue", r"'red\\nblue': no such name"),
    ],
)
def test_what_is_no_color_is_one_line_that_says_what_works(value: object, told: str) -> None:
    with pytest.raises(SettingsError, match=r"^colour ") as caught:
        parse_color(value)
    message = str(caught.value)
    assert re.search(told, message) or told in message
    assert "\n" not in message
    assert len(message) < 300


def test_the_film_s_own_names_come_first_and_are_offered() -> None:
    named = {"Dress Blue": GivenColor(30, 5, -30), "red": GivenColor(40, 50, 20)}
    assert parse_color("dress-blue", named=named) == (30, 5, -30)
    assert parse_color("RED", named=named) == (40, 50, 20)
    assert parse_color("tan", named=named) == parse_color("tan")
    with pytest.raises(SettingsError, match="did you mean 'Dress Blue'"):
        parse_color("dres blue", named=named)


def test_named_colors_may_use_each_other_in_any_order() -> None:
    found = parse_named_colors(
        {"cuff": "dress blue", "dress blue": "#2c3f6b", "sash": "Cuff", "red": [40, 50, 20]}
    )
    assert list(found) == ["cuff", "dress blue", "sash", "red"]
    assert found["cuff"] == found["dress blue"] == found["sash"] == parse_color("#2c3f6b")
    assert parse_color("red", named=found) == (40, 50, 20)


def test_every_fault_of_named_colors_is_told_with_its_name() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_named_colors(
            {
                "a": "B",
                "b": "c",
                "c": "a",
                "navy": "navy",
                "coat": "nvay",
                "Coat ": "red",
                "#fff": "red",
                "": "red",
                7: "red",
                "fine": "red",
            }
        )
    faults = {way[0]: text for way, text in caught.value.keys.items()}
    assert faults.keys() == {"a", "b", "c", "navy", "coat", "Coat ", "#fff", "", "7"}
    assert "(a -> b -> c -> a)" in faults["a"]
    assert "(navy -> navy)" in faults["navy"]
    assert "did you mean 'navy'" in faults["coat"]
    assert "same name as 'coat'" in faults["Coat "]
    assert len(caught.value.lines) == len(faults)
    with pytest.raises(SettingsError, match="names with a colour each"):
        parse_named_colors(["navy"])
