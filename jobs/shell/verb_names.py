"""Other spellings of verbs, and the verb that a mistyped one is nearest to."""

import argparse
import difflib
from collections.abc import Iterable, Sequence

_SPELLINGS = {
    "colourise": "colorize",
    "colourize": "colorize",
    "colorise": "colorize",
    "color": "colorize",
    "colour": "colorize",
}


def with_known_verb(arguments: Sequence[str]) -> list[str]:
    """The arguments, in which the first is `colorize` where it was another spelling of it."""
    return [_SPELLINGS.get(word, word) if place == 0 else word for place, word in enumerate(arguments)]


def verbs_of(parser: argparse.ArgumentParser) -> list[str]:
    """The names of the verbs that a parser knows."""
    return [
        name
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name in action.choices
    ]


def unknown_verb(arguments: Sequence[str], verbs: Iterable[str]) -> str | None:
    """A line for a person where the first argument is meant to be a verb and is none; else None."""
    known = list(verbs)
    if not arguments or arguments[0].startswith("-") or arguments[0] in known:
        return None
    near = difflib.get_close_matches(arguments[0].lower(), [*known, *_SPELLINGS], n=1)
    fault = f"there is no verb {arguments[0][:60]!r}"
    if near:
        return f"{fault}; did you mean {_SPELLINGS.get(near[0], near[0])}?"
    return f"{fault}; kinochrome --help lists them"
