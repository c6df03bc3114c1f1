"""Completes a Matroska file that FFmpeg has written with what it drops of a Matroska source's header.

FFmpeg leaves padding behind the header (`metadata_header_padding`); everything between the first byte of `Info` and the
first cluster is written anew into that room, so that clusters and index stay where they are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.matroska import header as of
from pipeline.matroska.dropped import tag_texts
from pipeline.matroska.ebml import EbmlError, Element, master, replaced, unsigned, void
from pipeline.matroska.header import Header, read_header

_SPARE_BYTES = 4096
_SEEK, _SEEK_ID, _SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
_TARGET_UIDS = (of.OF_TRACK, of.OF_EDITION, of.OF_CHAPTER, of.OF_ATTACHMENT)


@dataclass(frozen=True)
class CarryPlan:
    """What of a source's header goes into the new file."""

    source: Header
    tracks: tuple[int, ...]
    """For each track of the new file the number of the source's track that it is made of."""
    picture: int
    """The source's track that is coloured: its tags of the old coding are left out."""
    known: Collection[tuple[str, str]]
    """Names, in upper case, and values of the global tags that FFmpeg sees in the source."""
    left_out: Collection[str]
    """Lower-case names of global tags that tell of the source's file, not of the film."""
    of_the_coding: Collection[str]
    """Beginnings of lower-case names of the picture's tags that do not hold for its new coding."""

    @property
    def padding_bytes(self) -> int:
        """Room behind the header that FFmpeg has to leave."""
        parts = [*self.source.tags, *([self.source.chapters] if self.source.chapters else [])]
        told = sum(len(file.description or "") * 4 + 16 for file in self.source.attachments)
        return _SPARE_BYTES + sum(len(part.payload) + 64 for part in parts) + 64 * len(self.tracks) + told


def carry_over(path: Path, plan: CarryPlan) -> None:
    """Writes the new header in place. Raises OutputError where the file is not as FFmpeg writes it."""
    written = read_header(path)
    try:
        if len(written.tracks) != len(plan.tracks) or written.info is None:
            raise EbmlError(f"{len(written.tracks)} tracks instead of {len(plan.tracks)}")
        _rewrite(path, written, plan)
    except (EbmlError, KeyError, IndexError, ValueError) as error:
        raise OutputError(f"{path}: its header cannot be completed ({error})") from error


def _rewrite(path: Path, written: Header, plan: CarryPlan) -> None:
    start, end = written.places[of.INFO].start, written.places[of.CLUSTER].start
    with path.open("r+b") as file:
        file.seek(start)
        old = _elements(file.read(end - start))
        uids = {
            plan.source.tracks[number].number(of.TRACK_UID, 0): track.number(of.TRACK_UID, 0)
            for number, track in zip(plan.tracks, written.tracks, strict=True)
        }
        new = [_changed(element, written, plan, uids) for element in old]
        if plan.source.chapters and of.CHAPTERS not in {element.id for element in new}:
            new.append(plan.source.chapters)
        if of.TAGS not in {element.id for element in new} and plan.source.tags:
            new.append(_changed(Element(of.TAGS, b""), written, plan, uids))
        coded = [element.coded() for element in new]
        room = end - start - sum(map(len, coded))
        if room < 2:
            raise EbmlError(f"{-room} bytes too long")
        head = _seek_head(path, written, [element.id for element in new], list(map(len, coded)))
        file.seek(start)
        file.write(b"".join(coded) + void(room))
        place = written.places[of.SEEK_HEAD]
        file.seek(place.start)
        file.write(head)


def _elements(data: bytes) -> list[Element]:
    """The elements of the header, without padding."""
    return Element(0, data).children


def _changed(element: Element, written: Header, plan: CarryPlan, uids: Mapping[int, int]) -> Element:
    """An element of the header as FFmpeg wrote it, with what the source has more."""
    if element.id == of.INFO:
        title = plan.source.info.all(of.TITLE) if plan.source.info else []
        return replaced(element, [of.TITLE], title)
    if element.id == of.TRACKS:
        tracks = iter(plan.tracks)
        entries = [
            _track(child, plan.source.tracks[next(tracks)]) if child.id == of.TRACK else child
            for child in element.children
        ]
        return master(of.TRACKS, entries, crc=_has_crc(element))
    if element.id == of.ATTACHMENTS:
        return master(
            of.ATTACHMENTS, [_attached(file, plan) for file in element.children], crc=_has_crc(element)
        )
    if element.id == of.CHAPTERS and plan.source.chapters:
        return plan.source.chapters
    if element.id == of.TAGS:
        return master(of.TAGS, _merged_tags(element, written, plan, uids), crc=_has_crc(element))
    return element


def _has_crc(element: Element) -> bool:
    return element.payload.startswith(b"\xbf\x84")


def _track(entry: Element, source: Element) -> Element:
    """The entry with the source's language as BCP 47 and its mark of being disabled."""
    new = source.all(of.LANGUAGE_BCP47) + [
        mark for mark in source.all(of.TRACK_ENABLED) if not int.from_bytes(mark.payload)
    ]
    return replaced(entry, [child.id for child in new], new)


def _attached(file: Element, plan: CarryPlan) -> Element:
    """The attached file with the source's description."""
    name = file.text(of.FILE_NAME)
    told = next((one.description for one in plan.source.attachments if one.name == name), None)
    new = [Element(of.FILE_DESCRIPTION, told.encode())] if told else []
    return replaced(file, [of.FILE_DESCRIPTION], new) if new else file


def _merged_tags(
    element: Element, written: Header, plan: CarryPlan, uids: Mapping[int, int]
) -> list[Element]:
    """The source's tags, and those of FFmpeg's that the source has not."""
    changed = _changed_names(element, plan)
    moved = (_from_source(tag, written, plan, uids, changed) for tag in plan.source.tags)
    merged = [tag for tag in moved if tag is not None]
    names: dict[int, set[str]] = {}
    for tag in merged:
        names.setdefault(_track_of(tag), set()).update(_flat_names(tag))
    for tag in element.all(of.TAG):
        track = _track_of(tag)
        seen = names.get(track, set()) - (set() if track else changed)
        fresh = [simple for simple in tag.all(of.SIMPLE) if _name(simple) not in seen]
        if fresh:
            merged.append(replaced(tag, [of.SIMPLE], fresh))
    return merged


def _changed_names(element: Element, plan: CarryPlan) -> set[str]:
    """Global tags to which something was added on the way, such as the comment."""
    return {
        _name(simple)
        for tag in element.all(of.TAG)
        if not _track_of(tag)
        for simple in tag.all(of.SIMPLE)
        if (_name(simple), simple.text(of.TAG_STRING) or "") not in plan.known
    }


def _from_source(
    tag: Element, written: Header, plan: CarryPlan, uids: Mapping[int, int], changed: Collection[str]
) -> Element | None:
    """A tag of the source for the new file; None where what it tells of is not there any more."""
    targets = tag.first(of.TARGETS) or Element(of.TARGETS, b"")
    moved = []
    for target in targets.children:
        uid = int.from_bytes(target.payload) if target.id in _TARGET_UIDS else 0
        if uid and target.id == of.OF_TRACK:
            if uid not in uids:
                return None
            moved.append(unsigned(target.id, uids[uid]))
        elif uid and target.id == of.OF_ATTACHMENT:
            name = next((file.name for file in plan.source.attachments if file.uid == uid), None)
            if name not in (there := {file.name: file.uid for file in written.attachments}):
                return None
            moved.append(unsigned(target.id, there[name]))
        else:
            moved.append(target)
    picture = plan.source.tracks[plan.picture].number(of.TRACK_UID, 0)
    simples = [
        simple
        for simple in tag.all(of.SIMPLE)
        if not _is_left_out(simple, targets.number(of.OF_TRACK, 0), picture, plan, changed)
    ]
    if not simples:
        return None
    others = [child for child in tag.children if child.id not in (of.TARGETS, of.SIMPLE)]
    return master(of.TAG, [master(of.TARGETS, moved), *simples, *others])


def _is_left_out(
    simple: Element, track: int, picture: int, plan: CarryPlan, changed: Collection[str]
) -> bool:
    name = _name(simple)
    if not track:
        is_in_new = name in changed and (name, simple.text(of.TAG_STRING) or "") in plan.known
        return name.lower() in plan.left_out or is_in_new
    return track == picture and name.lower().startswith(tuple(plan.of_the_coding))


def _track_of(tag: Element) -> int:
    targets = tag.first(of.TARGETS)
    return targets.number(of.OF_TRACK, 0) if targets else 0


def _flat_names(tag: Element) -> set[str]:
    """Names as FFmpeg spells them: a nested one behind those that it is in."""
    return {text.partition("=")[0].upper() for text in tag_texts(tag)}


def _name(simple: Element) -> str:
    return (simple.text(of.TAG_NAME) or "").upper()


def _seek_head(path: Path, written: Header, ids: Sequence[int], lengths: Sequence[int]) -> bytes:
    """The index of the header with the new places, and padding up to where `Info` begins."""
    place, first = written.places[of.SEEK_HEAD], written.places[of.INFO].start
    with path.open("rb") as file:
        file.seek(place.payload)
        old = Element(of.SEEK_HEAD, file.read((place.end or place.payload) - place.payload))
    starts: dict[int, int] = {}
    at = first
    for id, length in zip(ids, lengths, strict=True):
        starts.setdefault(id, at - written.origin)
        at += length
    kept = {
        seek.number(_SEEK_ID, 0): seek.number(_SEEK_POSITION, 0)
        for seek in old.all(_SEEK)
        if seek.number(_SEEK_ID, 0) not in starts
    }
    wanted = {id: start for id, start in starts.items() if id in _INDEXED} | kept
    head = master(
        of.SEEK_HEAD,
        [
            master(_SEEK, [unsigned(_SEEK_ID, id), unsigned(_SEEK_POSITION, position)])
            for id, position in wanted.items()
        ],
        crc=_has_crc(old),
    ).coded()
    room = first - place.start - len(head)
    if room == 1 or room < 0:
        raise EbmlError("its index has no room")
    return head + (void(room) if room else b"")


_INDEXED = {of.INFO, of.TRACKS, of.CHAPTERS, of.ATTACHMENTS, of.TAGS}
