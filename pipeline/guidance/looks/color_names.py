"""What a colour in a job file means: a name, a hex number or Lab, and the names that a film gives its own colours.

CSS names win over those of the xkcd colour survey. Case, spaces and hyphens do not count, and gray is grey. A survey
colour that has two spellings is the one that more people named.
"""

import csv
import difflib
import math
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ImageColor

from pipeline.color.lab import lab_from_srgb, srgb_from_lab
from pipeline.errors import SettingsError

_XKCD_PATH = Path(__file__).with_name("xkcd_colors.csv")
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_LAB = re.compile(r"lab\((.*)\)", re.IGNORECASE)
_MOST_AB = 128.0
_MIDDLE_LIGHTNESS = 60.0
_NEAR, _LONGEST_NAME, _KEPT_NAMES = 3, 64, 256
_FORMS = "a name such as navy, #2c3f6b in quotes, lab(50 20 -10) or [50, 20, -10]"


class GivenColor(NamedTuple):
    """A colour in CIELAB (D65)."""

    lightness: float | None
    """L, 0 to 100; None where any lightness is meant."""
    a: float
    b: float


NEUTRAL = GivenColor(None, 0.0, 0.0)
"""No colour, at any lightness."""


def parse_color(value: object, *, named: Mapping[str, GivenColor] | None = None) -> GivenColor:
    """The colour that a value of a job file means; `named` are the film's own, which come first.

    Names, `neutral`, `grey`, `#rgb`, `#rrggbb`, `lab(L a b)` and a list [L, a, b] work. Raises SettingsError, one line,
    which offers the nearest names where there is no such name.
    """
    if isinstance(value, list | tuple):
        return _lab(value, value)
    if not isinstance(value, str):
        raise SettingsError(f"colour {_shown(value)}: {_FORMS} works")
    text = value.strip()
    if _is_number(text):
        return _from_number(text)
    if text.startswith("#"):
        raise SettingsError(f"colour {_shown(value)}: # and 3 or 6 hexadecimal digits work, such as #2c3f6b")
    key = _key(text)
    own = {_key(name): color for name, color in (named or {}).items()}
    if key in own:
        return own[key]
    if key in ("neutral", "grey"):
        return NEUTRAL
    if key in _known():
        return _from_hex(_known()[key][1])
    raise _unknown(value, tuple(named or ()))


def find_names(part: str, *, most: int) -> list[str]:
    """At most so many names of colours that hold `part`, those that begin with it first, the shorter ones first."""
    key = _key(part[:_LONGEST_NAME])
    found = [
        (not known.startswith(key), len(known), name) for known, (name, _) in _known().items() if key in known
    ]
    return [name for _, _, name in sorted(found)[:most]]


def hex_of(color: GivenColor) -> str:
    """`#rrggbb` of the nearest that sRGB has; where any lightness is meant, at a middle one."""
    lightness = _MIDDLE_LIGHTNESS if color.lightness is None else color.lightness
    rgb = srgb_from_lab(np.array([[[lightness, color.a, color.b]]], np.float32))[0, 0]
    return "#" + bytes(round(value) for value in (rgb.clip(0, 1) * 255).tolist()).hex()


def parse_named_colors(colors: object) -> dict[str, GivenColor]:
    """The colours that a film names once, by name; each is whatever `parse_color` takes, or another of these names.

    Raises SettingsError with `keys`, all faults at once: a wrong colour, a name that is taken twice, a name that leads
    back to itself.
    """
    if not isinstance(colors, Mapping):
        raise SettingsError(f"{_shown(colors)}: names with a colour each work, such as `dress blue: navy`")
    faults: dict[tuple[str, ...], str] = {}
    names: dict[str, str] = {}
    for name in colors:
        if fault := _fault_of_name(name, names):
            faults[(str(name),)] = fault
        else:
            names[_key(name)] = name
    found: dict[str, GivenColor] = {}
    for name in names.values():
        try:
            color = parse_color(_followed(name, colors, names), named=found)
        except SettingsError as error:
            faults[(name,)] = str(error)
        else:
            found[name] = color
    if faults:
        raise SettingsError.of_keys(faults)
    return found


def _followed(name: str, colors: Mapping[str, object], names: Mapping[str, str]) -> object:
    """What a film's name means in the end: no name of the film. Raises SettingsError for a circle."""
    way = [name]
    while isinstance(value := colors[way[-1]], str) and (following := names.get(_key(value))):
        if following in way:
            circle = " -> ".join([*way, following])
            raise SettingsError(f"the name leads back to itself ({circle[:200]}); give one of them a colour")
        way.append(following)
    return value


def _fault_of_name(name: object, names: Mapping[str, str]) -> str | None:
    if not isinstance(name, str) or not _key(name) or len(name) > _LONGEST_NAME:
        return f"a colour's name is a text of 1 to {_LONGEST_NAME} characters"
    if _is_number(name.strip()) or name.strip().startswith("#"):
        return "is a colour itself; a name in words works"
    if other := names.get(_key(name)):
        return f"is the same name as {other!r}: case, spaces and hyphens do not count"
    return None


def _is_number(text: str) -> bool:
    return bool(_HEX.fullmatch(text) or _LAB.fullmatch(text))


def _from_number(text: str) -> GivenColor:
    if found := _LAB.fullmatch(text):
        return _lab(found[1].replace(",", " ").replace("%", " ").split(), text)
    return _from_hex(text)


def _from_hex(text: str) -> GivenColor:
    rgb = np.array(ImageColor.getrgb(text)[:3], np.float32) / np.float32(255)
    lightness, a, b = (float(value) for value in lab_from_srgb(rgb))
    return GivenColor(lightness, a, b)


def _lab(values: list[object] | tuple[object, ...] | list[str], given: object) -> GivenColor:
    try:
        lightness, a, b = (_number(value) for value in values)
    except (ValueError, TypeError, OverflowError):
        raise SettingsError(
            f"colour {_shown(given)}: Lab is three numbers, L, a and b, such as [50, 20, -10]"
        ) from None
    if not (0 <= lightness <= 100 and abs(a) <= _MOST_AB and abs(b) <= _MOST_AB):
        raise SettingsError(
            f"colour {_shown(given)}: L from 0 to 100, a and b from -{_MOST_AB:.0f} to {_MOST_AB:.0f} work"
        )
    return GivenColor(lightness, a, b)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _unknown(value: str, own: tuple[str, ...]) -> SettingsError:
    near = " or ".join(map(repr, _nearest(_key(value)[:_LONGEST_NAME], own)))
    offer = f"; did you mean {near}?" if near else f"; {_FORMS} works"
    return SettingsError(f"colour {_shown(value)}: no such name{offer}")


@lru_cache(maxsize=_KEPT_NAMES)
def _nearest(key: str, own: tuple[str, ...]) -> list[str]:
    """The names that are nearest to one, first the nearest; kept, for one slip is often repeated in every mark."""
    names = {_key(name): name for name in own} | {
        key: name for key, (name, _) in _known().items() if key not in map(_key, own)
    }
    return [names[near] for near in difflib.get_close_matches(key, list(names), n=_NEAR, cutoff=0.6)]


def _key(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.lower()).replace("gray", "grey")


def _shown(value: object) -> str:
    text = repr(value[:_LONGEST_NAME] if isinstance(value, str) else value)
    return text if len(text) <= 2 * _LONGEST_NAME else f"{text[: 2 * _LONGEST_NAME]}…"


@cache
def _known() -> dict[str, tuple[str, str]]:
    """Name and hex number of every colour, by its key; the survey's file has the names of most people last."""
    lines = _XKCD_PATH.read_text(encoding="utf-8").splitlines()[1:]
    known = {_key(row["name"]): (row["name"], row["hex"]) for row in csv.DictReader(lines)}
    # Pillow puts tuples into its map once a name was looked up, so the map itself is never read.
    return known | {_key(name): (name, _hex(ImageColor.getrgb(name))) for name in tuple(ImageColor.colormap)}


def _hex(rgb: tuple[int, ...]) -> str:
    return "#" + bytes(rgb[:3]).hex()
