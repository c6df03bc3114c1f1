"""Texts of a Matroska header that are not UTF-8, as Matroska wants them: found, and put right."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from pipeline.matroska import header as of
from pipeline.matroska.ebml import Element, master
from pipeline.matroska.header import Header
from pipeline.messages import is_utf_8

_TEXTS = frozenset({of.TITLE, of.TAG_NAME, of.TAG_STRING, of.CHAPTER_STRING})
_MASTERS = frozenset({of.INFO, of.CHAPTERS, of.EDITION, of.CHAPTER, of.DISPLAY, of.TAG, of.SIMPLE})
"""Elements that hold such texts."""


def foreign_texts(header: Header) -> list[bytes]:
    """The texts of title, tags and chapters that are not UTF-8."""
    wholes = [header.info, header.chapters, *header.tags]
    return [text for whole in wholes if whole is not None for text in _foreign(whole)]


def recoded_header(header: Header, decode: Callable[[bytes], str]) -> Header:
    """The header with these texts in UTF-8, as `decode` reads them."""
    return replace(
        header,
        info=None if header.info is None else _recoded(header.info, decode),
        chapters=None if header.chapters is None else _recoded(header.chapters, decode),
        tags=tuple(_recoded(tag, decode) for tag in header.tags),
    )


def _foreign(element: Element) -> Iterator[bytes]:
    if element.id in _MASTERS:
        for child in element.children:
            yield from _foreign(child)
    elif element.id in _TEXTS and not is_utf_8(element.payload):
        yield element.payload


def _recoded(element: Element, decode: Callable[[bytes], str]) -> Element:
    if not any(_foreign(element)):
        return element
    if element.id in _TEXTS:
        return Element(element.id, decode(element.payload).encode())
    children = [_recoded(child, decode) for child in element.children]
    return master(element.id, children, crc=element.payload.startswith(b"\xbf\x84"))
