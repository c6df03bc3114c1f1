"""What a report page holds: what comes from a film as text that shows it as it is written, and one script."""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

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


def report_script() -> str:
    """What moves the boundary between before and after."""
    return (files(__package__) / "report.js").read_text(encoding="utf-8")


def script_source() -> str:
    """The source of a Content-Security-Policy that lets this script run, and no other one."""
    return f"'sha256-{b64encode(sha256(report_script().encode()).digest()).decode()}'"


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name
        return f"\\x{code - 0xDC00:02x}"
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
