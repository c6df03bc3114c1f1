"""Tags of MP4, MOV and 3GP that FFmpeg does not read: of 3GPP, in UTF-16, and of names that it does not know."""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.source.tag_text.quicktime import (
    FIRST_ISO_LANGUAGE,
    MAC_CODINGS,
    SHIFT_JIS,
    MacText,
    box_of_file,
    boxes,
    items_of,
)

_NAMES: Mapping[bytes, str] = {
    b"titl": "title",
    b"auth": "artist",
    b"perf": "performer",
    b"dscp": "description",
    b"gnre": "genre",
    b"albm": "album",
    b"cprt": "copyright",
    b"clsf": "classification",
    b"rtng": "rating",
    b"yrrc": "date",
    b"tnam": "title",
    b"\xa9nam": "title",
    b"\xa9ART": "artist",
    b"\xa9alb": "album",
    b"\xa9day": "date",
    b"\xa9cmt": "comment",
    b"\xa9gen": "genre",
    b"\xa9wrt": "composer",
    b"\xa9cpy": "copyright",
    b"aART": "album_artist",
    b"desc": "description",
}
"""FFmpeg's names of boxes; the others are called by their four letters."""
_TEXTS_OF_3GPP = dict.fromkeys((b"titl", b"auth", b"perf", b"dscp", b"gnre", b"albm", b"cprt"), 6)
_TEXTS_OF_3GPP |= {b"tnam": 6, b"clsf": 12, b"rtng": 14}
"""By the name of a box of 3GPP TS 26.244, clause 8: where its text begins, behind its language of two bytes."""
_UTF_8, _UTF_16 = 1, 2
_SIGNED, _UNSIGNED = (21, 65, 66, 67, 74), (22, 75, 76, 77, 78)


class _Entry(NamedTuple):
    name: str
    text: str
    """As PyAV gives texts: bytes that are no UTF-8 as lone surrogates."""
    language: str
    mac: MacText | None = None
    """The text as it is stored, where FFmpeg takes it for Mac Roman, and `TagDecoder` corrects that."""


def with_unread_tags(path: Path, known: Mapping[str, str]) -> dict[str, str]:
    """`known`, the tags of a film as FFmpeg gives them, and what else is in its user data (`udta`, `meta`).

    A name that is taken gets the language of the text behind it. Raises OSError.
    """
    return _merged(_entries(_header(path)), known)


def unread_track_tags(path: Path, known: Sequence[Mapping[str, str]]) -> tuple[dict[str, str], ...]:
    """For each track the tags in its user data that are not among `known`, what FFmpeg gives. Raises OSError."""
    tracks = [content for name, content in boxes(_header(path)) if name == b"trak"]
    return tuple(
        {name: text for name, text in _merged(_entries(track), own).items() if own.get(name) != text}
        for track, own in zip(tracks, known, strict=False)
    )


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return box_of_file(file, b"moov")


def _merged(entries: Iterable[_Entry], known: Mapping[str, str]) -> dict[str, str]:
    found = dict(known)
    for entry in entries:
        names = entry.name, f"{entry.name}-{entry.language}"
        empty = [name for name in names if found.get(name) == ""]  # FFmpeg knows the name, not the form
        is_read = entry.mac is not None and any(map(entry.mac.is_meant_by, found.values()))
        if empty:
            found |= dict.fromkeys(empty, entry.text)
        elif entry.text and entry.text not in found.values() and not is_read:
            found.setdefault(names[entry.name in found], entry.text)
    return found


def _entries(header: bytes) -> Iterator[_Entry]:
    for name, content in boxes(header):
        if name == b"meta":
            yield from _of_meta(content)
        for kind, inside in boxes(content) if name == b"udta" else ():
            if kind == b"meta":
                yield from _of_meta(inside)
            elif kind in _TEXTS_OF_3GPP and len(inside) > (at := _TEXTS_OF_3GPP[kind]):
                yield _Entry(_called(kind), _unicode(inside[at:]), _language(inside[at - 2 : at]))
            elif kind == b"yrrc" and len(inside) >= 6:
                yield _Entry(_called(kind), str(int.from_bytes(inside[4:6])), "")
            elif kind[:1] == b"\xa9":
                yield from _of_quicktime(kind, inside)


def _of_quicktime(kind: bytes, content: bytes) -> Iterator[_Entry]:
    """An entry in one or several languages, each in the encoding of its language."""
    at = 0
    while at + 4 <= len(content):
        size = int.from_bytes(content[at : at + 2])
        data, language = content[at + 4 : at + 4 + size].rstrip(b"\0"), content[at + 2 : at + 4]
        number = int.from_bytes(language)
        if number >= FIRST_ISO_LANGUAGE:
            yield _Entry(_called(kind), data.decode(errors="surrogateescape"), _language(language))
        else:
            coding = MAC_CODINGS.get(number, "mac-roman")
            text = data.decode(coding, errors="replace")
            yield _Entry(_called(kind), text, _language(language), MacText(data, coding))
        at += 4 + size


def _of_meta(content: bytes) -> Iterator[_Entry]:
    """The items of a list of iTunes, or of QuickTime, whose names are in a list of keys."""
    inside = dict(boxes(content if content[4:8] == b"hdlr" else content[4:]))
    keys = _keys(inside.get(b"keys", b""))
    for kind, item in boxes(items_of(content)):
        parts = dict(boxes(item))
        data, name = parts.get(b"data", b""), _called(kind)
        if kind == b"----":
            name = parts.get(b"name", b"")[4:].decode(errors="replace")
        elif 0 < int.from_bytes(kind) <= len(keys):
            name = keys[int.from_bytes(kind) - 1]
        if (text := _value(int.from_bytes(data[:4]), data[8:])) is not None and name:
            mac = MacText(data[8:], "shift-jis") if data[:4] == SHIFT_JIS.to_bytes(4) else None
            yield _Entry(name, text, kind.decode("latin-1").strip("\xa9 "), mac)


def _value(kind: int, data: bytes) -> str | None:
    """The text or number of an item, by Apple's number of its type; None for pictures and other bytes."""
    if kind == _UTF_8:
        return data.decode(errors="surrogateescape")
    if kind in (_UTF_16, SHIFT_JIS):
        return data.decode("utf-16-be" if kind == _UTF_16 else "shift-jis", errors="replace").rstrip("\0")
    if kind in (*_SIGNED, *_UNSIGNED) and 0 < len(data) <= 8:
        return str(int.from_bytes(data, signed=kind in _SIGNED))
    return None


def _keys(content: bytes) -> list[str]:
    """The names in a `keys` box."""
    return [name[4:] if name[:4] == "mdta" else name for name in _key_names(content[8:])]


def _key_names(data: bytes) -> Iterator[str]:
    at = 0
    while at + 8 <= len(data):
        size = max(8, int.from_bytes(data[at : at + 4]))
        yield data[at + 4 : at + size].decode(errors="replace")
        at += size


def _unicode(data: bytes) -> str:
    """A text of 3GPP: UTF-16 with its mark, else UTF-8; it ends at the first zero."""
    if data[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return data[: len(data) // 2 * 2].decode("utf-16", errors="replace").partition("\0")[0]
    return data.partition(b"\0")[0].decode(errors="surrogateescape")


def _language(code: bytes) -> str:
    """Three letters of ISO 639 in 15 bits; Apple's number where it is none."""
    (number,) = struct.unpack(">H", code)
    if number < FIRST_ISO_LANGUAGE or number == 0x7FFF:
        return str(number)
    return "".join(chr(0x60 + (number >> shift & 31)) for shift in (10, 5, 0))


def _called(kind: bytes) -> str:
    return _NAMES.get(kind) or kind.decode("latin-1").strip("\xa9 ")
