"""Reads the header of a Matroska or WebM file: title, tracks, chapters, attachments, tags."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pipeline.matroska.ebml import EbmlError, Element, Place, places

SEGMENT = 0x18538067
SEEK_HEAD, INFO, TRACKS, CHAPTERS, ATTACHMENTS, TAGS = (
    0x114D9B74,
    0x1549A966,
    0x1654AE6B,
    0x1043A770,
    0x1941A469,
    0x1254C367,
)
CLUSTER = 0x1F43B675
TITLE = 0x7BA9
PREVIOUS_UID, PREVIOUS_FILE, NEXT_UID, NEXT_FILE = 0x3CB923, 0x3C83AB, 0x3EB923, 0x3E83BB
TRACK, TRACK_UID, TRACK_TYPE, TRACK_ENABLED = 0xAE, 0x73C5, 0x83, 0xB9
VIDEO, PROJECTION, PROJECTION_TYPE, POSE_YAW, POSE_PITCH = 0xE0, 0x7670, 0x7671, 0x7673, 0x7674
LANGUAGE, LANGUAGE_BCP47 = 0x22B59C, 0x22B59D
EDITION, CHAPTER, CHAPTER_START, DISPLAY = 0x45B9, 0xB6, 0x91, 0x80
EDITION_ORDERED, EDITION_HIDDEN, CHAPTER_HIDDEN, CHAPTER_ENABLED = 0x45DD, 0x45BD, 0x98, 0x4598
CHAPTER_UID, CHAPTER_NAME, CHAPTER_END = 0x73C4, 0x5654, 0x92
CHAPTER_STRING, CHAPTER_LANGUAGE, CHAPTER_BCP47 = 0x85, 0x437C, 0x437D
ATTACHED, FILE_NAME, FILE_UID, FILE_DESCRIPTION = 0x61A7, 0x466E, 0x46AE, 0x467E
TAG, TARGETS, LEVEL, SIMPLE = 0x7373, 0x63C0, 0x68CA, 0x67C8
TAG_NAME, TAG_STRING, TAG_BINARY, TAG_LANGUAGE, TAG_BCP47 = 0x45A3, 0x4487, 0x4485, 0x447A, 0x447B
OF_TRACK, OF_EDITION, OF_CHAPTER, OF_ATTACHMENT = 0x63C5, 0x63C9, 0x63C4, 0x63C6

_WANTED = {INFO, TRACKS, CHAPTERS, ATTACHMENTS, TAGS}
_MOST_BYTES = 32 << 20
"""Of one element that is read; attachments are only looked over."""
_MASTERS = {TRACK, VIDEO, PROJECTION, EDITION, CHAPTER, DISPLAY, TAG, TARGETS, SIMPLE}
_MOST_LEVELS = 30
"""Of elements inside each other."""
_SHOWN_TRACKS = {1, 2, 0x11, 0x21}
"""Types of tracks that FFmpeg makes streams of: video, sound, subtitles, metadata."""


class Attachment(NamedTuple):
    """An attached file, without its bytes."""

    name: str
    uid: int
    description: str | None


@dataclass(frozen=True)
class Header:
    """What was found; an element that is not there, or cannot be read, is None."""

    info: Element | None = None
    tracks: tuple[Element, ...] = ()
    """The entries of those tracks that FFmpeg makes streams of, in their order."""
    chapters: Element | None = None
    tags: tuple[Element, ...] = ()
    """Every `Tag` of the file."""
    attachments: tuple[Attachment, ...] = ()
    """In their order."""
    places: dict[int, Place] = field(default_factory=dict)
    """Where the elements of the header lie: the first of each kind."""
    origin: int = 0
    """The place in the file that the index counts from: where the segment's payload begins."""
    fault: str | None = None
    """Why it could not be read; such a header is empty."""


def read_header(path: Path) -> Header:
    """The header of a Matroska or WebM file; an empty one for any other file, and where it is damaged.

    Raises OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        segment = next((place for place in places(file, 0, size) if place.id == SEGMENT), None)
        if segment is None:
            return Header()
        found: dict[int, list[Place]] = {}
        for place in places(file, segment.payload, min(segment.end or size, size)):
            if place.end is not None and place.end > size:
                break
            if place.id in _WANTED or place.id in (SEEK_HEAD, CLUSTER):
                found.setdefault(place.id, []).append(place)
        try:
            return _header(file, found, segment.payload)
        except EbmlError as error:
            return Header(fault=str(error))


def _header(file: BinaryIO, found: dict[int, list[Place]], origin: int) -> Header:
    def first(id: int) -> Element | None:
        return next((_read(file, place) for place in found.get(id, ())), None)

    tracks = first(TRACKS)
    return Header(
        info=first(INFO),
        tracks=tuple(
            track
            for track in (tracks.all(TRACK) if tracks else ())
            if track.number(TRACK_TYPE, 0) in _SHOWN_TRACKS
        ),
        chapters=first(CHAPTERS),
        tags=tuple(tag for place in found.get(TAGS, ()) for tag in _read(file, place).all(TAG)),
        attachments=tuple(
            attached for place in found.get(ATTACHMENTS, ()) for attached in _attached(file, place)
        ),
        places={id: of_kind[0] for id, of_kind in found.items()},
        origin=origin,
    )


def _read(file: BinaryIO, place: Place) -> Element:
    assert place.end is not None  # only elements of known size are read
    if place.end - place.payload > _MOST_BYTES:
        raise EbmlError("too long")
    file.seek(place.payload)
    element = Element(place.id, file.read(place.end - place.payload))
    if place.id in _WANTED:
        _check(element, _MOST_LEVELS)
    return element


def _check(element: Element, levels: int) -> None:
    """Reads all that is inside a master element. Raises EbmlError where it is damaged."""
    if not levels:
        raise EbmlError("too many elements inside each other")
    for child in element.children:
        if child.id in _MASTERS:
            _check(child, levels - 1)


def _attached(file: BinaryIO, place: Place) -> list[Attachment]:
    found = []
    for attached in places(file, place.payload, place.end or place.payload):
        if attached.id == ATTACHED and attached.end is not None:
            values = {
                child.id: _read(file, child).payload
                for child in places(file, attached.payload, attached.end)
                if child.id in (FILE_NAME, FILE_UID, FILE_DESCRIPTION) and child.end is not None
            }
            name, description = (
                None if data is None else data.split(b"\0")[0].decode(errors="replace")
                for data in (values.get(FILE_NAME), values.get(FILE_DESCRIPTION))
            )
            found.append(Attachment(name or "", int.from_bytes(values.get(FILE_UID, b"")), description))
    return found
