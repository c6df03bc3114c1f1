"""Text from files and file names, made fit for a line of a terminal or a log: it cannot break or colour the line."""


def one_line(text: str) -> str:
    """The text with everything that does not print as an escape: `two\\nlines`, `\\x1b[31m`, `\\udcff`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def note_line(message: str, *, warning: bool) -> str:
    """The line that tells a person a message."""
    return f"kinochrome: warning: {one_line(message)}" if warning else one_line(message)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
