"""Parts of messages: a list cut to its first few entries, the name of a signal."""

import signal
from collections.abc import Iterable
from itertools import islice

_MOST_VALUES, _MOST_CHARACTERS = 8, 60


def first_few(values: Iterable[object], *, separator: str = ", ", characters: int = _MOST_CHARACTERS) -> str:
    """The first eight values, each of so many characters at most: `a, b, c, … and 99,992 more`."""
    left = iter(values)
    few = separator.join(_cut(str(value), characters) for value in islice(left, _MOST_VALUES))
    more = sum(1 for _ in left)
    return f"{few} and {more:,} more" if more else few


def signal_name(number: int) -> str:
    """`SIGSEGV`, or `signal 99` where the number has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def is_unicode(text: str) -> bool:
    """Whether a text, such as a name of a file, has no bytes that were not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_utf_8(data: bytes) -> bool:
    """Whether bytes are text in UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]}…"
