"""Matroska films whose headers hold what FFmpeg does not write: the tests' own elements beside a film's own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.matroska import header as of
from pipeline.matroska.ebml import Element, master, places, replaced, unsigned


def text(id: int, value: str) -> Element:
    """An element that holds text."""
    return Element(id, value.encode())


def simple(name: str, value: str, *nested: Element, bcp47: str | None = None) -> Element:
    """A simple tag, with tags inside it."""
    language = [text(of.TAG_BCP47, bcp47)] if bcp47 else []
    return master(of.SIMPLE, [text(of.TAG_NAME, name), text(of.TAG_STRING, value), *language, *nested])


def tag(*simples: Element, level: int | None = None, target: tuple[int, int] | None = None) -> Element:
    """A tag of a level, or of what has a UID: `target` is the kind of the UID and the UID."""
    targets = [] if level is None else [unsigned(of.LEVEL, level)]
    targets += [] if target is None else [unsigned(*target)]
    return master(of.TAG, [master(of.TARGETS, targets), *simples])


def chapter(
    uid: int,
    start_ms: int,
    titles: Sequence[tuple[str, str]],
    *nested: Element,
    flags: Iterable[Element] = (),
) -> Element:
    """A chapter of 100 ms with titles, each with its language."""
    displays = [
        master(of.DISPLAY, [text(of.CHAPTER_STRING, title), text(of.CHAPTER_BCP47, language)])
        for title, language in titles
    ]
    times = [unsigned(of.CHAPTER_START, start_ms * 1_000_000), unsigned(0x92, (start_ms + 100) * 1_000_000)]
    return master(of.CHAPTER, [unsigned(0x73C4, uid), *times, *flags, *displays, *nested])


def rebuild(
    path: Path,
    *,
    tags: Sequence[Element] = (),
    chapters: Element | None = None,
    tracks: Mapping[int, Sequence[Element]] | None = None,
    info: Sequence[Element] = (),
    attachments: Element | None = None,
    behind: bool = False,
) -> None:
    """Gives a Matroska film these tags, chapters and attachments instead of its own, and more about itself and tracks.

    They stand in front of its clusters, or behind them, where FFmpeg does not see them without an index.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        head, segment = list(places(file, 0, size))[:2]
        kept = []
        for place in places(file, segment.payload, size):
            if place.id in (of.INFO, of.TRACKS, of.ATTACHMENTS, of.CLUSTER):
                assert place.end is not None
                file.seek(place.payload)
                kept.append(Element(place.id, file.read(place.end - place.payload)))
        file.seek(head.start)
        first = file.read(segment.start - head.start)
    other: dict[int, Callable[[Element], Element]] = {
        of.INFO: lambda element: replaced(element, [new.id for new in info], info),
        of.TRACKS: lambda element: _with_tracks(element, tracks or {}),
        of.ATTACHMENTS: lambda element: attachments or element,
    }
    kept = [other[element.id](element) if element.id in other else element for element in kept]
    more = [] if chapters is None else [chapters]
    more += [master(of.TAGS, tags)] if tags else []
    at = len(kept) if behind else [element.id for element in kept].index(of.CLUSTER)
    path.write_bytes(first + master(of.SEGMENT, [*kept[:at], *more, *kept[at:]]).coded())


def track_uids(path: Path) -> list[int]:
    """The UIDs of the tracks, in their order."""
    return [track.number(of.TRACK_UID, 0) for track in of.read_header(path).tracks]


def _with_tracks(tracks: Element, more: Mapping[int, Sequence[Element]]) -> Element:
    entries = tracks.all(of.TRACK)
    return master(
        of.TRACKS,
        [
            replaced(entry, [new.id for new in more.get(number, ())], more.get(number, ()))
            for number, entry in enumerate(entries)
        ],
    )
