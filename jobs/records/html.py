"""Text of the report page: whatever comes from a film is data, and is shown as it is written."""

import re

from markupsafe import Markup, escape

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Characters that a reader would not see, or that turn the text around them: controls, marks of direction,
line breaks, lone surrogates (bytes that are not UTF-8)."""


def text(value: object) -> Markup:
    """A value as text of the page or of an attribute; markup stays, unseen characters show as `\\u202e`."""
    return value if isinstance(value, Markup) else escape(_UNSEEN.sub(_shown, str(value)))


def lines(value: str) -> Markup:
    """Text of several lines, for `<pre>`: line breaks stay, all else is as in `text`."""
    return Markup("\n").join(map(text, value.split("\n")))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name
        return f"\\x{code - 0xDC00:02x}"
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
