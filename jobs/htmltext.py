"""Text and markup of the report page: whatever comes from a film is data, and is shown as it is written."""

import re
from collections.abc import Iterable, Sequence
from html import escape

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Characters that a reader would not see, or that turn the text around them: controls, marks of direction,
line breaks, lone surrogates (bytes that are not UTF-8)."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as text of the page or of an attribute; markup stays, unseen characters show as `\\u202e`."""
    if isinstance(value, Html):
        return value
    return Html(escape(_UNSEEN.sub(_shown, str(value)), quote=True))


def tag(name: str, /, *content: object, **attributes: object) -> Html:
    """An element; `class_` is the attribute `class`. Void where there is no content and no end is needed."""
    told = "".join(f' {key.rstrip("_")}="{text(value)}"' for key, value in attributes.items())
    if name in ("img", "meta"):
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{join(content)}</{name}>")


def join(parts: Iterable[object]) -> Html:
    """Parts, one after the other."""
    return Html("".join(map(text, parts)))


def lines(value: str) -> Html:
    """Text of several lines, for `<pre>`: line breaks stay, all else is as in `text`."""
    return Html("\n".join(map(text, value.split("\n"))))


def facts(pairs: Iterable[tuple[object, object]], **attributes: object) -> Html:
    """A list of names and values."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), **attributes)


def table(head: Sequence[object], rows: Iterable[Sequence[object]], **attributes: object) -> Html:
    """A table that can be scrolled sideways on a narrow screen."""
    titles = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in head)))
    body = tag("tbody", *(join((Html("\n"), tag("tr", *(tag("td", cell) for cell in row)))) for row in rows))
    return tag("div", tag("table", titles, body, **attributes), class_="wide", tabindex="0")


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name
        return f"\\x{code - 0xDC00:02x}"
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
