"""Global tags of the finished film: the source's, and the notice that its colours are predicted."""

from collections.abc import Mapping

from pipeline.containers import Container
from pipeline.media import FilmInfo

_OF_THE_FILE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
"""Tags that tell of the source's file, not of the film."""
_OF_THE_CODING = frozenset({"encoder", "duration", "vendor_id"})
"""The same for a stream that is coded anew; so do the statistics, `BPS`, `NUMBER_OF_FRAMES`, …"""
_STATISTICS = ("bps", "number_of_", "_statistics")


def film_tags(
    film: FilmInfo, *, container: Container, notices: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The global tags to write, and one line for each tag that the container keeps in another form.

    No tag of the source is lost: a comment goes into `description` if the source has one and that is free;
    else text is added to the source's. What the container has no name for becomes a line of `comment`.
    """
    tags = {key: value for key, value in film.tags if key.lower() not in _OF_THE_FILE}
    for key, text in notices.items():
        _add(tags, key, text)
    if container.tags is None:
        return tags, ()
    nameless = [key for key in tags if key.lower() not in container.tags]
    for key in nameless:
        _append(tags, "comment", f"{key}: {tags.pop(key)}")
    return tags, tuple(f"tag {key}: becomes a line of the comment" for key in nameless)


def video_tags(film: FilmInfo) -> dict[str, str]:
    """The tags of the picture that hold after it was coded anew, and the start of a timecode track."""
    tags = {key: value for key, value in film.video.tags if not _is_of_the_coding(key.lower())}
    for stream in film.streams:
        timecode = stream.tag("timecode") if stream.kind == "data" else None
        if timecode and film.video.tag("timecode") is None:
            tags.setdefault("timecode", timecode)
    return tags


def _is_of_the_coding(key: str) -> bool:
    return key in _OF_THE_CODING or key.startswith(_STATISTICS)


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
