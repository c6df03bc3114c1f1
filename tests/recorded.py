"""Small films that are coloured and on record, for tests of what looks at the record."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from jobs.cli.main import main
from jobs.records.film_record import FilmRecord, read_record
from jobs.settings.output_paths import record_path
from tests.media import make_film
from tests.pictures import picture

SMALL = ("color.short_side=128", "segment_frames=16", "overlap_frames=8", "operator=A. Archivist")
HOSTILE = "<script>alert(1)<\"'&> % \N{RIGHT-TO-LEFT OVERRIDE}.mkv"
"""A file name that would be markup, an attribute's end, a turn of the text, an escape in a manifest."""


def color_film(folder: Path, *arguments: str, name: str = "out.mkv", **film: Any) -> Path:
    """A film of two shots and 40 frames, with a tone, coloured by the command line; the output's path."""
    source = folder / "film.mkv"
    if not source.exists():
        planes = [picture(number) for number in range(40)]
        planes[24:] = [251 - plane for plane in planes[24:]]  # a cut: dark becomes light
        make_film(source, frames=planes, rate=Fraction(24), audio=1, **film)
    output = folder / name
    if "--work" in arguments:
        (folder / "work").mkdir(exist_ok=True)
    code = main(
        ["colorize", str(source), "-o", str(output), "-q", *arguments]
        + ([] if "--preset" in arguments else ["--preset", "archival"])
        + [part for text in SMALL for part in ("--set", text)]
    )
    assert code == 0
    return output


def record_of(output: Path) -> FilmRecord:
    """The record beside a film."""
    return read_record(record_path(output))
