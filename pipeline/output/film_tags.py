"""Tags of the finished film: the source's, its slate, and the notice that its colours are predicted.

The slate is what studios know a reel by: start timecode, name of the reel, name of the material. Each container
has its own place for it: MXF among the global tags, MOV and MP4 in the timecode track, Matroska in tags.

The names by which an MXF file's packages are told apart (UMID, SMPTE ST 330): FFmpeg's are all zero where it has to
write the same bytes every time, so that any two films would look like one.
"""

from collections.abc import Mapping
from pathlib import Path

import xxhash

from pipeline.media import FilmInfo
from pipeline.output.container_table import Container

OF_THE_FILE = frozenset(
    {
        *("major_brand", "minor_version", "compatible_brands", "encoder"),
        *("operational_pattern_ul", "uid", "generation_uid", "product_uid", "product_version"),
        *("product_version_num", "toolkit_version_num", "application_platform", "modification_date"),
    }
)
"""Tags that tell of the source's file, not of the film."""
_SLATE = ("timecode", "reel_name", "material_package_name")
_COMMENT_OF_MXF = "comment_"
"""How FFmpeg names the user comments of an MXF file."""
OF_THE_CODING = ("encoder", "duration", "vendor_id", "bps", "number_of_", "_statistics", "alpha_mode")
"""The same for a stream that is coded anew: beginnings of names, among them those of statistics."""

_OF_A_STREAM = frozenset(
    {
        *_SLATE,
        "language",
        "title",
        "handler_name",
        "filename",
        "mimetype",
        "stereo_mode",
        "rotate",
        "variant_bitrate",
        *("file_package_umid", "reel_umid", "data_type"),
    }
)
"""Tags of a stream that every container has a place for, or that tell of the source's file."""
_TOLD_CHARACTERS = 80

_LABEL = bytes.fromhex("060a2b340101010501010d0013") + bytes(3)
_NUMBER_BYTES = 15
"""The last byte of the material number tells material, file and reel apart, and stays."""
_HEADER_BYTES = 4 << 20
"""More than the header of a file takes; pictures come after it."""


def film_tags(
    film: FilmInfo, *, container: Container, notices: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The global tags to write, and one line for each tag that the container keeps in another form.

    No tag of the source is lost: a comment goes into `description` if the source has one and that is free;
    else text is added to the source's. What the container has no name for becomes a line of `comment`.
    """
    tags = {key: value for key, value in film.tags if key.lower() not in OF_THE_FILE}
    if film.container == "mxf":
        tags = {key.removeprefix(_COMMENT_OF_MXF): value for key, value in tags.items()}
    for key, text in notices.items():
        _add(tags, key, text)
    own = _of_the_stream(film, container)
    tags = {key: value for key, value in tags.items() if key.lower() not in own}
    for key, text in slate(film).items():
        if key not in own and _named(tags, key) is None:
            tags[key] = text
    if container.tags is None:
        return tags, ()
    nameless = [key for key in tags if key.lower() not in container.tags]
    if container.tag_prefix is not None:
        known = {key.lower(): value for key, value in tags.items() if key not in nameless}
        return known | {container.tag_prefix + key.lower(): tags[key] for key in nameless}, ()
    for key in nameless:
        _append(tags, "comment", f"{key}: {tags.pop(key)}")
    return tags, tuple(f"tag {key}: becomes a line of the comment" for key in nameless)


def video_tags(film: FilmInfo, *, container: Container) -> dict[str, str]:
    """The tags of the picture that hold after it was coded anew, and what of the slate belongs to the picture."""
    tags = {key: value for key, value in film.video.tags if not _is_of_the_coding(key.lower())}
    for key, value in _of_the_stream(film, container).items():
        if _named(tags, key) is None:
            tags[key] = value
    return tags


def nameless_stream_tags(film: FilmInfo, *, container: Container) -> tuple[str, ...]:
    """A line for each tag of a single stream for which the container has no name, but those that tell of its coding."""
    if container.tags is None:
        return ()
    return tuple(
        f"tag {name} of {stream.kind} stream {stream.index}, {value[:_TOLD_CHARACTERS]!r}, is left out"
        for stream in film.streams
        if stream.kind in ("video", "audio", "subtitle")
        for name, value in stream.tags
        if name.lower() not in _OF_A_STREAM and not _is_of_the_coding(name.lower())
    )


def slate(film: FilmInfo) -> dict[str, str]:
    """Timecode, reel and material of a film, as far as any of its streams or its global tags tell."""
    found = {}
    for key in _SLATE:
        tagged = (film.video.tag(key), *(stream.tag(key) for stream in film.streams if stream.kind == "data"))
        text = next(filter(None, (*tagged, _value(film, key))), None)
        if text:
            found[key] = text
    return found


def stamp_umid(path: Path, *, identity: bytes) -> None:
    """Gives the packages of an MXF file names of their own, in place; equal `identity` gives equal names."""
    number = xxhash.xxh3_128_digest(identity)[:_NUMBER_BYTES]
    unnamed = _LABEL + bytes(_NUMBER_BYTES)
    with path.open("r+b") as file:
        header = file.read(_HEADER_BYTES)
        at = header.find(unnamed)
        while at >= 0:
            file.seek(at + len(_LABEL))
            file.write(number)
            at = header.find(unnamed, at + len(unnamed))


def _of_the_stream(film: FilmInfo, container: Container) -> dict[str, str]:
    """The part of the slate that the container keeps with the picture."""
    if container.tag_prefix is not None:
        return {}
    found = slate(film)
    found.pop("material_package_name", None)
    if container.timecode and "timecode" not in found:
        found.pop("reel_name", None)  # the timecode track would have held it
    return found


def _value(film: FilmInfo, key: str) -> str | None:
    """The global tag of that name, whatever its case."""
    return next((value for name, value in film.tags if name.lower() == key), None)


def _is_of_the_coding(key: str) -> bool:
    return key.startswith(OF_THE_CODING)


def _add(tags: dict[str, str], key: str, text: str) -> None:
    taken = _named(tags, key)
    if taken is None or tags[taken] == text:
        tags[taken or key] = text
    elif key.lower() == "comment" and _named(tags, "description") is None:
        tags["description"] = text
    else:
        _append(tags, key, text)


def _append(tags: dict[str, str], key: str, text: str) -> None:
    taken = _named(tags, key)
    if taken is None:
        tags[key] = text
    elif text not in tags[taken].split("\n"):
        tags[taken] += f"\n{text}"


def _named(tags: Mapping[str, str], key: str) -> str | None:
    """The name under which a tag is there, whatever its case."""
    return next((name for name in tags if name.lower() == key.lower()), None)
