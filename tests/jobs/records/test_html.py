import pytest

from jobs.records.html import lines, text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb\t\0", "a\\nb\\t\\x00"),
        ("\udcff.mkv", "\\xff.mkv"),
        ("\ud800", "\\ud800"),
        ("\u2067\u2028\ufeff\x9b", "\\u2067\\u2028\\ufeff\\x9b"),
        ("'\"<>&", "&#39;&#34;&lt;&gt;&amp;"),
        ("Ünïcödé 映画", "Ünïcödé 映画"),
    ],
    ids=ascii,
)
def test_unseen_characters_are_shown(value: str, shown: str) -> None:
    assert text(value) == shown
    assert text(value).encode()


def test_markup_is_not_escaped_twice_and_lines_stay() -> None:
    assert text(text("<")) == "&lt;"
    assert lines("a\n<b>") == "a\n&lt;b&gt;"
