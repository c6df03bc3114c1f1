"""Reads stills and writes them in colour: PNG, JPEG and TIFF, with their luma untouched and their metadata kept.

A PNG or TIFF of 8 or 16 bits has the luma of the source in every pixel. A JPEG has the coded luma of a source JPEG, bit
for bit; rare kinds of JPEG are coded again and the share of equal samples is reported, see `pipeline.stills.jpeg`. From
one format to another luma is exact too, except into a JPEG. Formats that are only read are in
`pipeline.stills.read_only`.
"""

from dataclasses import replace
from pathlib import Path

from pipeline.atomic_files import publish
from pipeline.errors import OutputError, SourceError
from pipeline.read_monitor import reading
from pipeline.regular_file import refuse_special_file
from pipeline.stills.chroma import StillChroma
from pipeline.stills.jpeg import MOST_JPEG_XMP_BYTES, read_jpeg, write_jpeg
from pipeline.stills.metadata import label_xmp, profile_space, rgb_from_grey
from pipeline.stills.png import read_png, read_png_tags, write_png
from pipeline.stills.still import Still, StillTags, still_format
from pipeline.stills.tiff import read_tiff, read_tiff_tags, write_tiff
from pipeline.target import READ_STILLS, StillFormat

_KINDS = ", ".join(READ_STILLS)
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": read_png,
    b"\xff\xd8\xff": read_jpeg,
    b"II*\0": read_tiff,
    b"MM\0*": read_tiff,
    b"II+\0": read_tiff,
    b"MM\0+": read_tiff,
}


def read_still(path: Path) -> Still:
    """Reads a PNG, JPEG or TIFF, whose format is recognised by its content, not by its name.

    Raises SourceError, one line, where the file is missing, empty, of another format, damaged, larger than 400
    megapixels, of several pages, or neither grey nor RGB of 8 or 16 bits.
    """
    refuse_special_file(path)
    try:
        with path.open("rb") as file:
            start = file.read(8)
        if not start:
            raise SourceError(f"cannot read {path}: the file is empty")
        reader = next((reader for magic, reader in _MAGIC.items() if start.startswith(magic)), None)
        if reader is None:
            raise SourceError(f"cannot read {path}: not a picture of a kind that is read ({_KINDS})")
        with reading(path):
            return reader(path)
    except FileNotFoundError as error:
        raise SourceError(f"cannot read {path}: no such file") from error
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error


def read_tags(path: Path, *, format: StillFormat) -> tuple[StillTags, str | None]:
    """(metadata, libvips' name of the compression of a TIFF or None) of a PNG or TIFF; no pixel is read.

    Raises SourceError where it cannot be read.
    """
    try:
        return (read_png_tags(path), None) if format == "png" else read_tiff_tags(path)
    except (ValueError, OSError) as error:
        if isinstance(error, SourceError):
            raise
        message = getattr(error, "strerror", None) or error
        raise SourceError(f"cannot read {path}: {message}") from error


def write_still(
    path: Path, still: Still, *, chroma: StillChroma, statement: str, overwrite: bool = False
) -> tuple[str, ...]:
    """Writes the still in colour to `path`, whole or not at all, in the format of the suffix.

    `chroma` must be made for the `still_matrix` of that format; `statement` says in the XMP where the colours come
    from. Returns one line for each thing that could not be kept. Raises SettingsError for an unknown suffix,
    OutputError where `path` exists and `overwrite` is not set, is the source, or cannot be written.
    """
    format = still_format(path)
    if path.exists():
        if path.samefile(still.path):
            raise OutputError(f"cannot write {path}: it is the source; name another output")
        if not overwrite:
            raise OutputError(f"cannot write {path}: it exists; choose another name or allow overwriting")
    tags, notes = _tags_for(still, format, statement)
    with publish(path) as target:
        if format == "jpeg":
            notes += write_jpeg(target, still, chroma, tags=tags, path=path)
        else:
            write = write_png if format == "png" else write_tiff
            write(target, still, chroma, tags=tags, path=path)
    return tuple(notes)


def _is_resolution(block: bytes) -> bool:
    """Whether a native block is the one that `dots_per_metre` was read from."""
    return block[4:8] in {b"JFIF", b"pHYs"}


def _tags_for(still: Still, format: StillFormat, statement: str) -> tuple[StillTags, list[str]]:
    """The tags of the coloured still, and a line for each thing in the source's that could not be kept."""
    tags, notes = still.tags, list(still.notes)
    if tags.icc is not None and (space := profile_space(tags.icc)) != "RGB":
        profile = rgb_from_grey(tags.icc) if space == "GRAY" else None
        if profile is None:
            notes.append(
                f"its {space or 'unreadable'} colour profile has no tone curve for RGB and is left out"
            )
        tags = replace(tags, icc=profile)
    if format != still.format:
        lost = [block for block in tags.native if not _is_resolution(block)]
        if lost:
            notes.append(
                f"{len(lost)} blocks of metadata that only a {still.format.upper()} can hold are left out"
            )
        tags = replace(tags, native=())
    labelled = label_xmp(tags.xmp, statement)
    if labelled is None or (format == "jpeg" and len(labelled) > MOST_JPEG_XMP_BYTES):
        notes.append(
            "its XMP has no room for the label that the colours are predicted, and is kept without it"
        )
    else:
        tags = replace(tags, xmp=labelled)
    return tags, notes
