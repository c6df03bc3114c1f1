"""The report of a film as one HTML page that needs nothing else: pictures inside, no script, no link.

It is made of the record and the strips alone, so that it can be made again from a kept work folder; pictures that
guided colours are shown as long as their files are there.
"""

from base64 import b64encode
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from importlib.resources import files

import yaml
from jinja2 import Environment, StrictUndefined, Template, pass_context
from jinja2.runtime import Context

from jobs.records.film_record import FilmRecord, ShotRecord
from jobs.records.html import lines, text
from jobs.records.page_parts import guidance_lines, guidance_pictures, treatment_line
from jobs.records.premis import luma_line
from jobs.review.shot_figures import worst_first
from jobs.review.shot_strips import Strip
from jobs.settings.output_paths import GENERATOR
from pipeline.timecode import clock_time

_MOST_PICTURED = 500
"""Shots with pictures; the rest of a longer film, the least conspicuous, is a table."""
_MOST_DAMAGE = 1000
"""Damaged places in the table; all are in the record."""


def report_page(record: FilmRecord, strips: Sequence[Strip]) -> str:
    """The page. `strips` are those of every shot, in order."""
    seconds = max(record.seconds, 1e-9)
    order = [record.shots[index] for index in worst_first([shot.figures for shot in record.shots])]
    order.sort(key=_is_own)  # nothing can be done about colours that are the source's own
    return _template().render(
        record=record,
        generator=GENERATOR,
        css=report_css(),
        luma_line=luma_line(record.luma),
        length=clock_time(_length(record)),
        size=_bytes(record.output.content.size_bytes),
        run=f"{seconds:,.1f} s, {record.frames / seconds:.1f} frames/s, {record.machine.device}",
        most_damage=_MOST_DAMAGE,
        pictured=[(shot, strips[shot.index]) for shot in order[:_MOST_PICTURED]],
        rest=order[_MOST_PICTURED:],
        settings=yaml.safe_dump(record.settings, sort_keys=True, allow_unicode=True),
    )


@cache
def _template() -> Template:
    page = Environment(
        autoescape=True, finalize=text, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page.filters |= {
        "base64": lambda data: b64encode(data).decode(),
        "clock": _clock,
        "figures": _figures,
        "guidance": guidance_lines,
        "guidance_pictures": guidance_pictures,
        "lines": lines,
        "thousands": "{:,}".format,
        "treatment": treatment_line,
    }
    return page.from_string(_file("report.html"))


@pass_context
def _clock(context: Context, pts: int | None) -> str:
    return "" if pts is None else clock_time(pts * Fraction(context["record"].time_base))


def report_css() -> str:
    """The style of all pages."""
    return _file("report.css")


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _is_own(shot: ShotRecord) -> bool:
    return shot.treatment is not None and shot.treatment.source == "original"


def _figures(shot: ShotRecord) -> list[tuple[str, str]]:
    figures = shot.figures
    return [
        ("Attention", f"{figures.attention:.2f}"),
        ("Flicker", f"{figures.flicker:.2f}"),
        ("CDC × 1000", f"{figures.cdc * 1000:.2f} (grey {figures.cdc_grey * 1000:.2f})"),
        ("Colourfulness", f"{figures.colorfulness:.1f}"),
        ("Gamut edge", f"{figures.gamut_share * 100:.1f} %"),
    ]


def _length(record: FilmRecord) -> Fraction:
    """From the first frame to the end of the last, which lasts as long as the one before it."""
    runs = [tuple(map(int, run.split(":"))) for run in record.pts_runs.split()]
    (begin, _, _), (first, step, count) = runs[0], runs[-1]
    last = first + step * (count - 1)
    return (last + step - begin) * Fraction(record.time_base)


def _bytes(count: int) -> str:
    size, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.4g} {unit}"
