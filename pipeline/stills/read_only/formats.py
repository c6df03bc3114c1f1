"""Reads a still of any format, recognised by the content of the file."""

from pathlib import Path

from pipeline.errors import OutputError, SourceError
from pipeline.read_monitor import reading
from pipeline.regular_file import refuse_special_file
from pipeline.stills.files import read_still
from pipeline.stills.read_only.bitmap import read_bitmap
from pipeline.stills.read_only.film_scan import read_film_scan
from pipeline.stills.read_only.jpeg2000 import BOX_MAGIC, CODESTREAM_MAGIC, read_jpeg2000
from pipeline.stills.read_only.web_formats import read_web_format
from pipeline.stills.still import Still

_HEAD_BYTES = 16
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def read_any_still(path: Path) -> Still:
    """Reads a still of any format, those that can be written (`read_still`) included.

    Raises SourceError, one line, where the file is missing, empty, of no known format, damaged, larger than 400
    megapixels, of several pictures, or neither grey nor RGB of at most 16 bits.
    """
    refuse_special_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        with reading(path):
            still = _read_only(path, head)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        missing = isinstance(error, FileNotFoundError)
        reason = "no such file" if missing else error.strerror or error
        raise SourceError(f"cannot read {path}: {reason}") from error
    return read_still(path) if still is None else still


def _read_only(path: Path, head: bytes) -> Still | None:
    """The still in a file that begins with `head`; None where it is in no format that is only read."""
    if head.startswith((BOX_MAGIC, CODESTREAM_MAGIC)):
        return read_jpeg2000(path)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return read_web_format(path, format="webp")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return read_web_format(path, format="gif")
    if head[4:8] == b"ftyp" and head[8:12] in _AVIF_BRANDS | _HEIC_BRANDS:
        return read_web_format(path, format="avif" if head[8:12] in _AVIF_BRANDS else "heic")
    if head.startswith(b"BM"):
        return read_bitmap(path)
    if head[:4] in (b"SDPX", b"XPDS"):
        return read_film_scan(path, format="dpx")
    if head.startswith(b"\x76\x2f\x31\x01"):
        return read_film_scan(path, format="exr")
    return None
