"""Whether a change to a review would do: a field that there is, of a shot that there is, with a value that works."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from jobs.projects.review import FIELDS, FILTERS, KEYED, OF_SHOTS, OF_THE_FILM, Change, Review
from jobs.settings.shots import ShotOverride
from pipeline.errors import SettingsError
from pipeline.guidance.hints.marks import Mark
from pipeline.guidance.hints.takes import MOST_TAKES
from pipeline.guidance.hints.words import check_nouns
from pipeline.guidance.looks.built_in_looks import BUILT_IN
from pipeline.guidance.looks.color_names import parse_color, parse_named_colors
from pipeline.guidance.settings import Guidance

_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LETTER = re.compile(r"[A-Z]")
_LONGEST_COMMENT = 4000
_LONGEST_NAME = 64
_MOST_KEYS = 5000
"""Of one field of one shot."""


def check_change(change: Change, review: Review, *, shots: int | None, is_still: bool) -> None:
    """Raises SettingsError, one line that names the field, for a change that does not do.

    `review` is the state before it, `shots` the number of shots, None where it is not known yet.
    """
    where = "film" if change.shot is None else f"shot {change.shot}"
    if change.field not in FIELDS:
        raise SettingsError(f"{change.field[:40]!r} is no field of a review; {', '.join(sorted(FIELDS))} are")
    if change.shot is None and change.field in OF_SHOTS:
        raise SettingsError(f"{change.field} belongs to a shot, not to the film")
    if change.shot is not None:
        if change.field in OF_THE_FILM:
            raise SettingsError(f"{change.field} belongs to the film, not to a shot")
        if change.shot < 0 or (shots is not None and change.shot >= shots):
            raise SettingsError(f"found shot {change.shot}; the film has shots 0 to {(shots or 1) - 1}")
    if is_still and change.field in ("hue_degrees", "skip", "keep_original"):
        raise SettingsError(f"{change.field} is for films; a still has none")
    if (change.key is None) == (change.field in KEYED):
        needs = "needs the key of the value that changes" if change.key is None else "has no keys"
        raise SettingsError(f"{where}: {change.field} {needs}")
    if change.value is None:
        _check_unused(change, review)
        return
    try:
        _check_value(change, review)
    except SettingsError as error:
        raise SettingsError(f"{where}: {change.field}: {error}") from error


def _check_value(change: Change, review: Review) -> None:
    name, value = change.field, change.value
    if change.field in KEYED:
        _check_keyed(change, review)
    elif name in ("approved", "redo", "skip", "keep_original"):
        if not isinstance(value, bool):
            raise SettingsError(f"found {_shown(value)}; true or false would work")
    elif name == "comment":
        if not isinstance(value, str) or len(value) > _LONGEST_COMMENT:
            raise SettingsError(f"a text of up to {_LONGEST_COMMENT:,} characters would work")
    elif name in ("filter", "look"):
        works = FILTERS if name == "filter" else tuple(BUILT_IN)
        if value not in works:
            raise SettingsError(f"found {_shown(value)}; {', '.join(works)} would work")
    elif name == "kind":
        if value not in ("photo", "sketch"):
            raise SettingsError(f"found {_shown(value)}; photo or sketch would work")
    elif name in ("take", "seed"):
        if not isinstance(value, int) or isinstance(value, bool):
            raise SettingsError(f"found {_shown(value)}; a whole number from 0 to {MOST_TAKES} would work")
        Guidance(take=value) if name == "take" else Guidance(seed=value)
    else:
        _check_number(value)
        _check_range(name, float(value))


def _check_range(name: str, value: float) -> None:
    if name == "look_strength":
        Guidance(look_strength=value)
    elif name == "saturation":
        ShotOverride(saturation=value)
    else:
        ShotOverride(hue_degrees=value)


def _check_keyed(change: Change, review: Review) -> None:
    name, key, value = change.field, change.key or "", change.value
    held = review.get(change.shot, name) or {}
    if key not in held and len(held) >= _MOST_KEYS:
        raise SettingsError(f"found {len(held)}; {_MOST_KEYS:,} or less would work")
    if name in ("marks", "references"):
        if not _KEY.fullmatch(key):
            raise SettingsError("its id has 1 to 40 letters, digits, - and _")
        if name == "marks":
            _check_mark(value, review)
        else:
            _check_reference(value)
        return
    if not isinstance(value, str):
        raise SettingsError(f'found {_shown(value)}; a colour such as navy or "#2c3f6b" would work')
    if name == "colours":
        if not key.strip() or len(key) > _LONGEST_NAME:
            raise SettingsError(f"a name of 1 to {_LONGEST_NAME} characters would work")
        parse_named_colors({**review.film.get("colours", {}), key: value})
        return
    if name == "words":
        check_nouns({key: value})
    elif not _LETTER.fullmatch(key):
        raise SettingsError(f"found region {_shown(key)}; a letter from A on would work")
    _check_color(value, review)


def _check_mark(value: object, review: Review) -> None:
    mark = mark_of(value)
    if mark.shape != "erase":
        _check_color(mark.colour, review)


def mark_of(value: object) -> Mark:
    """The mark that a value of a review describes. Raises SettingsError."""
    if not isinstance(value, dict) or not {"path"} <= value.keys() <= {
        "shape",
        "colour",
        "frame",
        "path",
        "radius",
    }:
        raise SettingsError("a mark has shape, colour, frame, path and radius")
    if not isinstance(value["path"], list) or not isinstance(value.get("frame", 0), int):
        raise SettingsError("path is a list of points [x, y], and frame the number of a frame")
    return Mark(**{**value, "path": tuple(map(_point, value["path"]))})


def _point(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_reference(value: object) -> None:
    if not isinstance(value, dict) or not {"file", "name"} <= value.keys() <= {
        "file",
        "name",
        "frame",
        "weight",
    }:
        raise SettingsError("a reference has name, file, frame and weight; it begins with an upload")
    frame, weight = value.get("frame"), value.get("weight", 1.0)
    if frame is not None and (not isinstance(frame, int) or isinstance(frame, bool) or frame < 0):
        raise SettingsError(f"frame: found {_shown(frame)}; the number of a frame would work")
    _check_number(weight)
    if not 0 < weight <= 1:
        raise SettingsError(f"weight: found {weight:g}; above 0, to 1, would work")


def _check_color(value: object, review: Review) -> None:
    parse_color(value, named=parse_named_colors(review.film.get("colours", {})))


def _check_unused(change: Change, review: Review) -> None:
    """A colour of the palette stays as long as something is painted with it."""
    if change.field != "colours" or change.key not in review.film.get("colours", {}):
        return
    without = {name: value for name, value in review.film["colours"].items() if name != change.key}
    named = parse_named_colors(review.film["colours"])
    try:
        left = parse_named_colors(without)
    except SettingsError as error:
        raise SettingsError(f"colours: {change.key} is used by another colour: {error}") from error
    for shot, given in ((None, review.film), *review.shots.items()):
        for value in _colors_in(given):
            parse = partial(parse_color, value)
            try:
                parse(named=left)
            except SettingsError as error:
                parse(named=named)
                where = "the film" if shot is None else f"shot {shot}"
                message = f"colours: {change.key} is used in {where}; paint that with another colour first"
                raise SettingsError(message) from error


def _colors_in(given: Mapping[str, Any]) -> list[object]:
    marks = (mark.get("colour") for mark in given.get("marks", {}).values() if mark.get("shape") != "erase")
    return [*marks, *given.get("words", {}).values(), *given.get("regions", {}).values()]


def _check_number(value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise SettingsError(f"found {_shown(value)}; a number would work")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
