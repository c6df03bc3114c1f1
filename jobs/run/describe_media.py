"""What films and stills are by their headers, and small pictures of stills. It needs no network, and loads none."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from pipeline.errors import SourceError
from pipeline.fields import order_of
from pipeline.media import FilmInfo
from pipeline.source.open_film import probe_film_or_stills
from pipeline.stills.files import read_still
from pipeline.stills.metadata import orientation, turn_upright


def answer(question: str, arguments: Mapping[str, Any]) -> Any:
    """The answer to `describe` or `thumbnail`, as the functions give it. Raises SourceError as they do."""
    questions: dict[str, Callable[..., Any]] = {"describe": describe, "thumbnail": thumbnail}
    return questions[question](**arguments)


def describe(path: str, kind: str, *, most_pixels: int) -> dict[str, Any]:
    """What the headers of a film or still say, as the page shows it.

    Raises SourceError where it is none, or a still of more than `most_pixels`.
    """
    return _describe_still(Path(path), most_pixels) if kind == "still" else _describe_film(Path(path))


def _describe_still(path: Path, most_pixels: int) -> dict[str, Any]:
    with contextlib.suppress(pyvips.Error):  # what vips cannot open is told by whoever reads it
        header = pyvips.Image.new_from_file(str(path))
        if header.width * header.height > most_pixels:
            raise SourceError(
                f"{path.name} has {header.width * header.height:,} pixels, and the page opens {most_pixels:,} at most; "
                "`kinochrome colorize` takes larger ones"
            )
    still = read_still(path)
    height, width = still.luma.shape
    shown = turn_upright(np.empty((height, width), np.bool_), orientation(still.tags)).shape
    return {
        "width": shown[1],
        "height": shown[0],
        "display_width": shown[1],
        "display_height": shown[0],
        "rotation_degrees": 0,
        "mirrored": False,
        "sample_aspect": "1/1",
        "rate": None,
        "rate_text": None,
        "time_base": None,
        "sound": False,
        "interlaced": False,
    }


def _describe_film(path: Path) -> dict[str, Any]:
    film = probe_film_or_stills(path)
    rate = film.rate_from_header
    width, height = display_size(film)
    return {
        "width": film.width,
        "height": film.height,
        "display_width": width,
        "display_height": height,
        "rotation_degrees": 90 * film.orientation.quarter_turns % 360,
        "mirrored": film.orientation.is_mirrored,
        "sample_aspect": f"{film.sample_aspect.numerator}/{film.sample_aspect.denominator}",
        "rate": None if rate is None else round(float(rate), 3),
        "rate_text": None if rate is None else f"{rate.numerator}/{rate.denominator}",
        "time_base": f"{film.time_base.numerator}/{film.time_base.denominator}",
        "sound": any(stream.kind == "audio" for stream in film.streams),
        "interlaced": order_of(film) != "progressive",
    }


def thumbnail(path: str, *, lines: int) -> bytes:
    """A small JPEG of a still in its own colours. Raises SourceError where it cannot be read."""
    try:
        small = pyvips.Image.thumbnail(path, 4 * lines, height=lines)
        return bytes(small.jpegsave_buffer(Q=85, keep="none"))
    except pyvips.Error as error:
        raise SourceError(f"{Path(path).name} cannot be read as a picture") from error


def display_size(film: FilmInfo) -> tuple[int, int]:
    """(width, height) of a frame as it is shown: upright, with square pixels."""
    width, height = round(film.width * float(film.sample_aspect)), film.height
    if film.orientation.quarter_turns % 2 == 0:
        return min(width, 4 * height), height
    lines = film.width
    return min(max(1, round(lines * film.height / width)), 4 * lines), lines
