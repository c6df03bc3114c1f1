"""Text from files and file names, made fit for a line of a terminal or a log.

It cannot break the line, colour it or go on without end.
"""

_FIRST_CHARACTERS, _LAST_CHARACTERS = 12_000, 2_000
"""Of a line that is longer: two of the longest paths fit, each byte an escape of three."""


def one_line(text: str) -> str:
    """The text with everything that does not print as an escape: `two\\nlines`, `\\x1b[31m`, `\\udcff`.

    Of a text of more than 14,000 characters the middle is left out.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escape(char) for char in text)
    left_out = len(text) - _FIRST_CHARACTERS - _LAST_CHARACTERS
    if left_out <= 0:
        return text
    return f"{text[:_FIRST_CHARACTERS]} … {left_out:,} characters … {text[-_LAST_CHARACTERS:]}"


def note_line(message: str, *, warning: bool) -> str:
    """The line that tells a person a message."""
    return f"kinochrome: warning: {one_line(message)}" if warning else one_line(message)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
