"""Decodes tags whose bytes are not UTF-8, as in old AVI, MPEG and MP3 files: guesses their character encoding.

These containers do not state the encoding. Titles are too short for detectors made for web pages (chardet and
charset-normalizer take "Der müde Tod" for Chinese), so the rules here go by the scripts: Japanese, Korean and Chinese
characters, and Cyrillic letters, stand side by side, while accented Latin letters stand among plain ones.
"""

import re
from collections.abc import Callable, Mapping

_CJK = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff01-\uff60]"
_KANA = re.compile(r"[\u3040-\u30ff]")
_LONE = re.compile(rf"(?<!{_CJK}){_CJK}(?!{_CJK})")
_CYRILLIC, _CYRILLIC_WORD = re.compile(r"[А-яЁё]+"), re.compile(r"[А-ЯЁ]?[а-яё]+|[А-ЯЁ]+")
_CYRILLIC_RUN = re.compile(r"[А-яЁё]{4,}")
_HANGUL = re.compile(r"[\uac00-\ud7af]+")


def decode_tags(tags: Mapping[str, str], *, what: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The tags as (name, value) of decoded text, and one line with the bytes of each whose encoding was guessed.

    `tags` are PyAV's, read with `metadata_errors="surrogateescape"`; `what` says in the lines whose tags they are.
    """
    decoded, lines = [], []
    for name, value in tags.items():
        text, coding = decode_text(value)
        key, key_coding = decode_text(name)
        if coding or key_coding:
            raw = value.encode(errors="surrogateescape").hex(" ")
            lines.append(f"tag {key} of {what}: read as {coding or key_coding}; its bytes are {raw}")
        decoded.append((key, text))
    return tuple(decoded), tuple(lines)


def decode_text(value: str) -> tuple[str, str | None]:
    """(text, Python's name of the encoding that was guessed); None in place of the name where it was UTF-8."""
    data = value.encode(errors="surrogateescape")
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        coding = next((name for name, fits in _GUESSES.items() if _fits(data, name, fits)), "windows-1252")
    try:
        return data.decode(coding), coding
    except UnicodeDecodeError:  # five bytes mean nothing in Windows-1252, and a control character in Latin-1
        return data.decode("latin-1"), "latin-1"


def _fits(data: bytes, name: str, fits: Callable[[str], bool]) -> bool:
    try:
        return fits(data.decode(name))
    except UnicodeDecodeError:
        return False


def _foreign(text: str) -> str:
    """The characters of a text that are not ASCII."""
    return "".join(character for character in text if ord(character) > 127)


def _is_in_runs(text: str) -> bool:
    """Whether all characters beyond ASCII are East Asian, two or more, and none stands alone among others."""
    return bool(re.fullmatch(rf"{_CJK}{{2,}}", _foreign(text))) and not _LONE.search(text)


def _has_kana(text: str) -> bool:
    return _is_in_runs(text) and bool(_KANA.search(text))


def _is_cyrillic(text: str) -> bool:
    """Whether all characters beyond ASCII form Cyrillic words, with capitals only at the beginning or throughout."""
    return (
        bool(_CYRILLIC_RUN.search(text))
        and bool(_CYRILLIC.fullmatch(_foreign(text)))
        and all(_CYRILLIC_WORD.fullmatch(word) for word in _CYRILLIC.findall(text))
    )


def _is_korean(text: str) -> bool:
    """Whether all characters beyond ASCII are Hangul: modern Korean has hardly any Chinese characters."""
    return _is_in_runs(text) and bool(_HANGUL.fullmatch(_foreign(text)))


def _is_chinese(text: str) -> bool:
    """Whether the lead bytes are those of the common characters of GB 2312."""
    data = text.encode("gb18030")
    leads = [data[match.start()] for match in re.finditer(rb"[\x80-\xff]{2}", data)]
    return _is_in_runs(text) and all(0xB0 <= lead <= 0xF7 for lead in leads)


_GUESSES: Mapping[str, Callable[[str], bool]] = {
    "shift-jis": _is_in_runs,
    "euc-jp": _has_kana,
    "windows-1251": _is_cyrillic,
    "koi8-r": _is_cyrillic,
    "euc-kr": _is_korean,
    "gb18030": _is_chinese,
}
"""Tried in this order; where none fits, the text is Windows-1252, the encoding of Western Europe."""
