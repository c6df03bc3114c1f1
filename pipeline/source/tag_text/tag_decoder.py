"""Decodes tags whose bytes are not UTF-8, as in old AVI, MPEG and MP3 files, and says what was guessed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from av.container import InputContainer

from pipeline.source.tag_text.quicktime import MacText, mac_texts
from pipeline.source.tag_text.text_coding import guess_coding
from pipeline.source.tag_text.user_data import with_unread_tags


class TagDecoder:
    """Decodes the tags of one file, whose texts most likely have one encoding."""

    def __init__(
        self, texts: Iterable[str] = (), *, is_quicktime: bool = False, stated: Sequence[MacText] = ()
    ) -> None:
        """`texts` are all of the file, as PyAV gives them with `metadata_errors="surrogateescape"`.

        `stated` are those whose encoding the file tells.
        """
        self._is_quicktime, self._stated = is_quicktime, stated
        foreign = [text.encode(errors="surrogateescape") for text in texts if not _is_text(text)]
        self._likely = (
            guess_coding(b"\n".join(foreign), is_quicktime=is_quicktime) if len(foreign) > 1 else None
        )

    def tags(
        self, tags: Mapping[str, str], *, what: str = ""
    ) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        """The tags as (name, value) of decoded text, and one line with the bytes of each whose encoding was guessed.

        `what` says in the lines whose tags they are.
        """
        decoded, lines = [], []
        for name, value in tags.items():
            known = next((text for text in self._stated if text.is_meant_by(value)), None)
            text, coding = (
                self.text(value) if known is None else (known.data.decode(known.coding), known.coding)
            )
            key, key_coding = self.text(name)
            if coding or key_coding:
                raw = value.encode(errors="surrogateescape") if known is None else known.data
                lines.append(
                    f"tag {key} of {what}: read as {coding or key_coding}; its bytes are {raw.hex(' ')}"
                )
            decoded.append((key, text))
        return tuple(decoded), tuple(lines)

    def text(self, value: str) -> tuple[str, str | None]:
        """(text, Python's name of the encoding that was guessed); None in place of the name where it was UTF-8."""
        if _is_text(value):
            return value, None
        data = value.encode(errors="surrogateescape")
        coding = guess_coding(data, likely=self._likely, is_quicktime=self._is_quicktime)
        return data.decode(coding), coding


def tags_of(container: InputContainer) -> dict[str, str]:
    """The tags of an open file, with those that FFmpeg does not read. Raises OSError."""
    if container.format.name.startswith("mov"):
        return with_unread_tags(_path_of(container), container.metadata)
    return dict(container.metadata)


def notes_on_tags(
    container: InputContainer, decoder: TagDecoder, tags: Mapping[str, str], *, what: str
) -> tuple[str, ...]:
    """The lines on all tags of an open file that were guessed, of which `tags` are its own; `what` is it, in words."""
    _, notes = decoder.tags(tags, what=what)
    for stream in container.streams:
        notes += decoder.tags(stream.metadata, what=f"stream {stream.index}")[1]
    for number, chapter in enumerate(container.chapters(), start=1):
        notes += decoder.tags(chapter["metadata"], what=f"chapter {number}")[1]
    return notes


def decoder_of(container: InputContainer, tags: Mapping[str, str]) -> TagDecoder:
    """The decoder for all tags of an open file, of which `tags` are its own. Raises OSError."""
    holders = [
        tags,
        *(stream.metadata for stream in container.streams),
        *(chapter["metadata"] for chapter in container.chapters()),
    ]
    is_quicktime = container.format.name.startswith("mov") and (
        container.metadata.get("major_brand", "qt").strip() == "qt"
    )
    stated = mac_texts(_path_of(container)) if container.format.name.startswith("mov") else ()
    texts = (value for tags in holders for value in tags.values())
    return TagDecoder(texts, is_quicktime=is_quicktime, stated=stated)


def _path_of(container: InputContainer) -> Path:
    return Path(container.name.removeprefix("file:"))


def _is_text(value: str) -> bool:
    """Whether the bytes were UTF-8: PyAV puts lone surrogates in place of all others."""
    return not any("\udc80" <= character <= "\udcff" for character in value)
