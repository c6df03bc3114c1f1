"""Guesses the character encoding of a few words, such as a title, by the letters that languages use.

Each encoding is tried with each of its languages; how likely the text is in both is a sum of logarithms, one for each
letter. Detectors made for web pages do worse on titles; the test of this module says by how much.
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache

from pipeline.source.tag_text.letters import CODINGS, ENDINGS, FREQUENT, GREEK_ACCENTED, LATIN, MARKS, OTHER

_COST: Mapping[str, float] = {
    **dict.fromkeys(CODINGS, 3.0),
    "windows-1252": 0,
    "windows-1250": 2,
    "iso8859-7": 4,
    "koi8-r": 4,
    "koi8-u": 4,
    "iso8859-5": 5,
    "iso8859-15": 4,
    "cp874": 3,
    "mac-roman": 4,
    "mac-latin2": 5,
    "mac-greek": 5,
    "mac-cyrillic": 5,
    "cp850": 5,
    "cp852": 5,
    "cp866": 5,
    "cp737": 5,
}
"""Of an encoding, as a logarithm: the higher, the fewer files have it."""
_COST_OF_LANGUAGE: Mapping[str, float] = {"Serbian": 2, "Croatian": 1, "Estonian": 1, "Ukrainian": 1}
_LIKELIER, _MAC, _NOT_MAC = 6.0, (4.0, -4.0), (0.0, 3.0)
_WORD = re.compile(rf"(?:[^\W\d_]|[{MARKS}])+")
_SIGN = re.compile(rf"[\W\d_](?<![{MARKS}])")
_OPENING, _CLOSING, _BETWEEN = "‘‚“„«¿¡", "’“”»…", "–—…©®°•№´·€"
_CODE_SIGNS = frozenset("\\|~^`{}[]@#$%<>=")
_EAST_ASIAN = r"[\u3001-\u3015\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff01-\uff60]"
_LONE = re.compile(rf"(?<!{_EAST_ASIAN}){_EAST_ASIAN}(?!{_EAST_ASIAN})")
_BESIDE_LATIN = re.compile(rf"[a-zA-Z]{_EAST_ASIAN}|{_EAST_ASIAN}[a-zA-Z]")
_EAST_ASIAN_LEADS: Mapping[str, tuple[int, int]] = {
    "shift-jis": (0x88, 0x97),
    "euc-jp": (0xB0, 0xCF),
    "euc-kr": (0xB0, 0xC8),
    "gb18030": (0xB0, 0xD7),
    "big5": (0xA4, 0xC6),
}
"""First bytes of the more common half of the characters of an encoding of two bytes a character."""


def guess_coding(data: bytes, *, likely: str | None = None, is_quicktime: bool = False) -> str:
    """Python's name of the encoding in which `data`, which is not UTF-8, most likely is text.

    `likely` is the encoding of other texts of the same file. In QuickTime files the encodings of the Macintosh are
    likelier than others. `latin-1`, in which all bytes mean something, where no encoding fits.
    """
    found = max(_scores(data, likely, is_quicktime), default=(0.0, "latin-1"))
    return found[1]


def _scores(data: bytes, likely: str | None, is_quicktime: bool) -> Iterator[tuple[float, str]]:
    for coding in (*CODINGS, *_EAST_ASIAN_LEADS):
        try:
            text = data.decode(coding)
        except UnicodeDecodeError:
            continue
        cost = _COST.get(coding, 3.0) - _LIKELIER * (coding == likely)
        cost += (_MAC if coding.startswith("mac") else _NOT_MAC)[is_quicktime]
        if coding in CODINGS:
            yield max(likelihood(text, language) for language in CODINGS[coding]) - cost, coding
        else:
            yield _east_asian_likelihood(text, coding) - cost, coding


def likelihood(text: str, language: str) -> float:
    """The logarithm of how likely a text is in a language, for the parts of it that its encoding decides."""
    total = -_COST_OF_LANGUAGE.get(language, 0.0)
    total += sum(_of_word(word, language) for word in _WORD.findall(text))
    total += sum(_of_sign(text, sign.start()) for sign in _SIGN.finditer(text))
    if language in OTHER and sum(letter in _letters(language)[1] for letter in text.lower()) < 4:
        total -= 6
    return total


@cache
def _letters(language: str) -> tuple[float, dict[str, float]]:
    """Logarithms of how likely an ASCII letter is in a word with others, and each letter beyond ASCII."""
    if language in LATIN:
        share, letters, offset = LATIN[language].share, LATIN[language].letters, 2
        ascii_letter = math.log(1 - share)
    else:
        share, letters, offset, ascii_letter = 0.98, OTHER[language], 4, -10.0
    weights = {letter: 1 / (rank + offset) for rank, letter in enumerate(letters)}
    whole = sum(weights.values())
    return ascii_letter, {letter: math.log(share * weight / whole) for letter, weight in weights.items()}


def _of_word(word: str, language: str) -> float:
    total = -1.5 * sum(letter in LATIN[language].rare for letter in word.lower()) if language in LATIN else 0
    if word.isascii():
        return total
    ascii_letter, letters = _letters(language)
    total += sum(ascii_letter if letter.isascii() else letters.get(letter.lower(), -11.0) for letter in word)
    if word[1:] != word[1:].lower() and word != word.upper():
        total -= 6  # a capital in mid-word
    total -= 4 * sum(letter in ENDINGS for letter in word[:-1])
    if len(word) > 1 and word[-1] in ENDINGS.values():
        total -= 4
    if (
        language == "Greek"
        and len(word) > 3
        and word != word.upper()
        and not GREEK_ACCENTED & set(word.lower())
    ):
        total -= 3
    return total


def _of_sign(text: str, at: int) -> float:
    """Of what is no letter: quotation marks and dashes stand where they belong, and others are rare."""
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if sign.isascii():
        is_odd = sign in _CODE_SIGNS and after and before and not before.isascii()
        return -5.0 if is_odd else 0.0
    fits = (
        sign == "’"
        or (sign in _OPENING and not before.isalnum())
        or (sign in _CLOSING and before.isalnum() and not after.isalnum())
        or (sign in _BETWEEN and not before.isalnum() and not after.isalnum())
    )
    return -6.0 if fits else -12.0


def _east_asian_likelihood(text: str, coding: str) -> float:
    """Chinese, Japanese and Korean characters stand side by side, and the frequent ones make up most of a text."""
    foreign = "".join(character for character in text if not character.isascii())
    if not re.fullmatch(rf"{_EAST_ASIAN}+", foreign) or _LONE.search(text):
        return -math.inf
    together = sum(_of_character(character, coding) for character in foreign)
    return together - 6.0 * len(_BESIDE_LATIN.findall(text))


def _of_character(character: str, coding: str) -> float:
    first, last = _EAST_ASIAN_LEADS[coding]
    if "\u3040" <= character <= "\u30ff" or character < "\u3040":  # kana, and punctuation
        return -4.5 if coding in ("shift-jis", "euc-jp") else -12.0
    if "\uac00" <= character <= "\ud7af":
        return -6.5 if coding == "euc-kr" else -14.0
    if character >= "\uff00":
        return -9.0
    if coding == "euc-kr":  # modern Korean has hardly any Chinese characters
        return -12.0
    if character in FREQUENT[coding]:
        return -6.0
    return -8.5 if first <= character.encode(coding)[0] <= last else -11.0
