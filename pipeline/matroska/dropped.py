"""What FFmpeg does not carry from one Matroska file to another, for it does not see it, and what other containers
cannot hold either.
"""

import itertools
from collections import Counter
from collections.abc import Iterator

from pipeline.matroska import header as of
from pipeline.matroska.ebml import Element
from pipeline.matroska.header import Header
from pipeline.messages import first_few

_FILM_LEVEL = 50
_OF_ANY_CHAPTER = frozenset(
    {
        *(of.CHAPTER_UID, of.CHAPTER_NAME, of.CHAPTER_START, of.CHAPTER_END, of.DISPLAY, of.CHAPTER),
        *(of.CHAPTER_HIDDEN, of.CHAPTER_ENABLED),
    }
)
"""Elements of a chapter that FFmpeg carries, or that are listed on their own."""


def dropped_items(header: Header) -> tuple[str, ...]:
    """One line for each thing of the header that FFmpeg drops or flattens; empty where it keeps everything."""
    if header.fault is not None:
        kept = "of its tags, chapters and languages only what FFmpeg reads is kept"
        return (f"its header is damaged ({header.fault}): {kept}",)
    return (*_tracks(header), *_attachments(header), *_chapters(header), *_tags(header))


def has_chapter_languages(header: Header) -> bool:
    """Whether titles of chapters have a language, be it Matroska's default, English: FFmpeg makes it undetermined."""
    editions = header.chapters.all(of.EDITION) if header.chapters else []
    chapters = [chapter for edition in editions for chapter in edition.all(of.CHAPTER)]
    titles = [title for chapter in chapters for title in chapter.all(of.DISPLAY)]
    return any("und" not in (one.text(of.CHAPTER_LANGUAGE), one.text(of.CHAPTER_BCP47)) for one in titles)


def tilted_pictures(header: Header) -> tuple[str, ...]:
    """A line for each flat picture that is said to be tilted in space, which no player here shows."""
    lines = []
    for index, track in enumerate(header.tracks):
        video = track.first(of.VIDEO)
        projection = video.first(of.PROJECTION) if video else None
        if projection is None or projection.number(of.PROJECTION_TYPE, 0) != 0:
            continue
        yaw, pitch = projection.real(of.POSE_YAW), projection.real(of.POSE_PITCH)
        if pitch or yaw not in (0, 180, -180):
            lines.append(
                f"stream {index} is marked as tilted, by {yaw:g} degrees of yaw and {pitch:g} of pitch: the mark is "
                "left out"
            )
    return tuple(lines)


def linked_files(header: Header) -> tuple[str, ...]:
    """A line where the file says which one comes before or after it: the new film stands in no such row."""
    ids = (of.PREVIOUS_UID, of.PREVIOUS_FILE, of.NEXT_UID, of.NEXT_FILE)
    links = [link for id in ids for link in (header.info.all(id) if header.info else ())]
    if not links:
        return ()
    told = [
        link.payload.hex()
        if link.id in (of.PREVIOUS_UID, of.NEXT_UID)
        else link.payload.decode(errors="replace")
        for link in links
    ]
    return (f"its links to the files before or after it, {first_few(told)}, are left out",)


def tag_texts(tag: Element) -> list[str]:
    """The values of a `Tag`, as NAME=VALUE, nested ones as NAME/NAME=VALUE."""
    return [text for simple in tag.all(of.SIMPLE) for text in _texts(simple, "")]


def _texts(simple: Element, above: str) -> Iterator[str]:
    name = above + (simple.text(of.TAG_NAME) or "")
    yield f"{name}={simple.text(of.TAG_STRING) or ''}"
    for nested in simple.all(of.SIMPLE):
        yield from _texts(nested, f"{name}/")


def _tracks(header: Header) -> Iterator[str]:
    for index, track in enumerate(header.tracks):
        language = track.text(of.LANGUAGE_BCP47)
        if language is not None and language != "und" and language != track.text(of.LANGUAGE):
            yield f"language {language} of stream {index}: only {track.text(of.LANGUAGE) or 'eng'} is left of it"
        if track.number(of.TRACK_ENABLED, 1) == 0:
            yield f"stream {index} is marked as disabled: the mark is left out"


def _attachments(header: Header) -> Iterator[str]:
    for attachment in header.attachments:
        if attachment.description:
            yield f"the description of attachment {attachment.name}, {attachment.description!r}, is left out"


def _chapters(header: Header) -> Iterator[str]:
    if header.chapters is None:
        return
    editions = header.chapters.all(of.EDITION)
    if len(editions) > 1:
        yield f"{len(editions)} editions of chapters: they become one"
    for edition in editions:
        if edition.number(of.EDITION_ORDERED, 0):
            yield "its chapters are an ordered edition: players that heed it show the film in the order of its chapters"
        if edition.number(of.EDITION_HIDDEN, 0):
            yield "an edition of chapters is marked as hidden: the mark is left out"
        chapters = edition.all(of.CHAPTER)
        starts = [chapter.number(of.CHAPTER_START, 0) for chapter in chapters]
        if any(later < earlier for earlier, later in itertools.pairwise(starts)):
            yield f"chapters out of order: {first_few(map(_title, chapters))} are not all kept"
        yield from _odd_chapters(chapters)


def _odd_chapters(chapters: list[Element]) -> Iterator[str]:
    for chapter in chapters:
        if nested := chapter.all(of.CHAPTER):
            yield f"chapters inside chapter {_title(chapter)!r}: {first_few(map(_title, nested))} are left out"
        displays = chapter.all(of.DISPLAY)
        if len(displays) > 1:
            yield f"chapter {_title(chapter)!r} has {len(displays)} titles: one is kept"
        elif any(_is_foreign(display, of.CHAPTER_LANGUAGE, of.CHAPTER_BCP47) for display in displays):
            yield f"the language of chapter {_title(chapter)!r} is left out"
        if chapter.number(of.CHAPTER_HIDDEN, 0) or not chapter.number(of.CHAPTER_ENABLED, 1):
            yield f"chapter {_title(chapter)!r} is hidden or disabled: the mark is left out"
        if more := {child.id for child in chapter.children} - _OF_ANY_CHAPTER:
            found = first_few(f"{id:#x}" for id in sorted(more))
            yield f"chapter {_title(chapter)!r} says more than its times and titles (elements {found}): it is left out"


def _title(chapter: Element) -> str:
    display = chapter.first(of.DISPLAY)
    return (display.text(of.CHAPTER_STRING) if display else None) or "without a title"


def _is_foreign(element: Element, language: int, bcp47: int) -> bool:
    """Whether an element is in another language than the default, English or undetermined."""
    found = {element.text(language) or "eng", element.text(bcp47) or "en"}
    return not found <= {"eng", "en", "und"}


def _tags(header: Header) -> Iterator[str]:
    names: Counter[tuple[int, str]] = Counter()
    for tag in header.tags:
        targets = tag.first(of.TARGETS) or Element(of.TARGETS, b"")
        uid = targets.number(of.OF_TRACK, 0)
        level = targets.number(of.LEVEL, _FILM_LEVEL)
        if level != _FILM_LEVEL:
            yield f"tags of level {level} ({first_few(tag_texts(tag))}): the level is left out"
        if any(targets.number(id, 0) for id in (of.OF_EDITION, of.OF_CHAPTER, of.OF_ATTACHMENT)):
            yield f"tags of single chapters, editions or attachments: {first_few(tag_texts(tag))} are left out"
        for simple in tag.all(of.SIMPLE):
            name = simple.text(of.TAG_NAME) or ""
            names[uid, name.upper()] += 1
            if simple.all(of.SIMPLE):
                yield f"tags inside tags ({first_few(_texts(simple, ''))}): they stand side by side"
            if simple.first(of.TAG_BINARY):
                yield f"tag {name}, which is not text, is left out"
            language = simple.text(of.TAG_BCP47) or simple.text(of.TAG_LANGUAGE) or "und"
            if language != "und":
                yield f"tag {name} in the language {language}: it becomes a part of the name"
    for (_, name), count in names.items():
        if count > 1:
            yield f"tag {name} is there {count} times: the last one is kept"
