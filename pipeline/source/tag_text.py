"""Tags whose bytes are not UTF-8, as old AVI, MPEG and MP3 files have them: what they most likely say.

Their container does not say how its texts are coded. Titles are too short for the detectors of web pages (chardet and
charset-normalizer take "Der müde Tod" for Chinese), so the rules here are those of the alphabets: Japanese, Korean and
Chinese characters, and Cyrillic letters, stand side by side, while accented Latin letters stand among plain ones.
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
    """Names and values as text, and a line with the bytes of each that had to be guessed.

    `tags` come from PyAV with `surrogateescape`, so that no byte of theirs is lost; `what` says whose they are.
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
    """The text, and the coding that was guessed; None where it was UTF-8."""
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
    """Its letters that are not ASCII."""
    return "".join(character for character in text if ord(character) > 127)


def _is_in_runs(text: str) -> bool:
    """Whether it has East Asian characters, and none alone among others."""
    return bool(re.fullmatch(rf"{_CJK}{{2,}}", _foreign(text))) and not _LONE.search(text)


def _has_kana(text: str) -> bool:
    return _is_in_runs(text) and bool(_KANA.search(text))


def _is_cyrillic(text: str) -> bool:
    """Whether every other letter is of a Russian word, capitals only at its beginning or throughout."""
    return (
        bool(_CYRILLIC_RUN.search(text))
        and bool(_CYRILLIC.fullmatch(_foreign(text)))
        and all(_CYRILLIC_WORD.fullmatch(word) for word in _CYRILLIC.findall(text))
    )


def _is_korean(text: str) -> bool:
    """Whether all of it is Hangul: text of today has hardly any Chinese characters."""
    return _is_in_runs(text) and bool(_HANGUL.fullmatch(_foreign(text)))


def _is_chinese(text: str) -> bool:
    """Whether all lead bytes are of the common characters, which come first in GB 2312."""
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
"""In this order; Windows-1252, the coding of Western Europe, where none of them fits."""
