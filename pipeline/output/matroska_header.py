"""Decides what of a Matroska source's header FFmpeg would drop, and whether the output can hold it."""

import re
from dataclasses import dataclass

from pipeline.errors import OutputError
from pipeline.matroska.carry_over import CarryPlan
from pipeline.matroska.dropped import dropped_items, has_chapter_languages, linked_files, tilted_pictures
from pipeline.matroska.header import Header, read_header
from pipeline.matroska.texts import foreign_texts, recoded_header
from pipeline.media import FilmInfo, StreamInfo
from pipeline.output.containers import ContainerPlan
from pipeline.output.film_tags import OF_THE_CODING, OF_THE_FILE
from pipeline.source.tag_text.tag_decoder import TagDecoder

_MUXERS = ("matroska", "webm")
_LANGUAGE_SUFFIX = re.compile(r"-[a-z]{3}$")


@dataclass(frozen=True)
class Carried:
    """What becomes of the things that FFmpeg drops."""

    plan: CarryPlan | None
    """How they are carried over; None where there are none, or where the output cannot hold them."""
    dropped: tuple[str, ...]
    """One line for each that is left out."""


def carry_plan(film: FilmInfo, plan: ContainerPlan) -> Carried:
    """What of a film's Matroska header is carried over or left out; nothing for films of other containers.

    Raises OutputError where the film cannot be read.
    """
    if film.container.partition(",")[0] != "matroska" or film.sequence is not None:
        return Carried(None, ())
    try:
        source = read_header(film.path)
    except OSError as error:
        raise OutputError(f"cannot read {film.path} for its other streams: {error.strerror}") from error
    source, notes = _in_utf_8(source, film)
    dropped, links = dropped_items(source), linked_files(source) + tilted_pictures(source) + notes
    tracks = [stream.index for stream in film.streams if _is_track(stream)]
    is_more = bool(dropped) or has_chapter_languages(source)
    if not is_more or plan.container.muxer not in _MUXERS or len(tracks) != len(source.tracks):
        return Carried(None, dropped + links)
    numbers = {index: number for number, index in enumerate(tracks)}
    carried = CarryPlan(
        source=source,
        tracks=tuple(
            numbers[stream.index]
            for stream, treated in zip(film.streams, plan.streams, strict=True)
            if treated.how in ("video", "copy", "convert") and stream.index in numbers
        ),
        picture=numbers[film.video_index],
        known=frozenset((_LANGUAGE_SUFFIX.sub("", key).upper(), value) for key, value in film.tags),
        left_out=OF_THE_FILE,
        of_the_coding=OF_THE_CODING,
    )
    return Carried(carried, tuple(line for line in dropped if "ordered edition" in line) + links)


def _in_utf_8(source: Header, film: FilmInfo) -> tuple[Header, tuple[str, ...]]:
    """The header with all texts in UTF-8, and a line for each that was guessed and is not among the film's notes."""
    foreign = foreign_texts(source)
    if not foreign:
        return source, ()
    decoder = TagDecoder(data.decode(errors="surrogateescape") for data in foreign)

    def read(data: bytes) -> tuple[str, str | None]:
        return decoder.text(data.decode(errors="surrogateescape"))

    known = {note.rpartition("its bytes are ")[2] for note in film.notes}
    notes = (
        f"text {read(data)[0]!r} of its header: read as {read(data)[1]}; its bytes are {data.hex(' ')}"
        for data in dict.fromkeys(foreign)
        if data.hex(" ") not in known
    )
    return recoded_header(source, lambda data: read(data)[0]), tuple(notes)


def _is_track(stream: StreamInfo) -> bool:
    return stream.kind != "attachment" and "attached_pic" not in stream.disposition
