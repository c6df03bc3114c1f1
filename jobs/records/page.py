"""The report of a film as an HTML page that needs nothing else: pictures, styles and a short script are inside.

It is made of the record, the stills and the course alone, so that it can be made again from a kept work folder;
pictures that guided colours are shown as long as their files are there. A page stays small: of a film of many shots it
shows those that look worst, and a second page shows the others and the figures of all.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from urllib.parse import quote

import yaml
from jinja2 import Environment, FunctionLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from jobs.records.downloads import as_csv, as_json, data_link, shot_columns
from jobs.records.film_record import FilmRecord
from jobs.records.html import lines, report_script, script_source, text
from jobs.records.page_parts import guidance_lines, guidance_pictures, treatment_line
from jobs.records.plots import HEIGHT, MOST_POINTS, WIDTH, cuts_path, plots_of, seconds_of, time_ticks
from jobs.records.premis import luma_line
from jobs.records.shot_words import concern_lines, figures_of, worst_first
from jobs.records.summary import missing_parts, picture_length, summary_sentence
from jobs.review.course import Course
from jobs.review.shot_stills import ShotStills
from jobs.settings.output_paths import GENERATOR
from pipeline.timecode import clock_time

_MOST_ARTICLE_BYTES = 1_500_000
"""Of the shots on the first page, pictures included; with all else on it, it stays below 2 MB."""
_MOST_DAMAGE = 1000
"""Damaged places in the table; all are in the record."""
_MOST_SEGMENTS = 200
"""Segments in the table, which is left out where there are more; all are in the record."""


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """The page, and the page of further shots."""

    text: str
    shots: str | None
    """None where the page has pictures of all shots."""


def report_page(
    record: FilmRecord, stills: Sequence[ShotStills], *, course: Course, name: str = "report.html"
) -> ReportPage:
    """The pages. `stills` are those of every shot, in order; `name` is the file name of the page."""
    environment = _environment()
    order = worst_first(record.shots)
    article = vars(environment.get_template("report_parts.html").module)["shot_article"]
    articles = [article(shot, stills[shot.index]) for shot in order]
    count = _fitting(articles)
    length = picture_length(record)
    values = course.shown(most=MOST_POINTS)
    seconds = seconds_of(course, length=float(length))
    shots = shot_columns(record)
    stem, _, suffix = name.rpartition(".")
    common = {
        "record": record,
        "generator": GENERATOR,
        "css": report_css(),
        "script": report_script(),
        "script_source": script_source(),
        "first_shot": order[0],
        "csv_link": data_link("text/csv", as_csv(shots)),
        "json_link": data_link("application/json", as_json(record, values, seconds=seconds)),
    }
    main = environment.get_template("report.html").render(
        **common,
        summary=summary_sentence(record),
        is_whole=not missing_parts(record),
        luma_line=luma_line(record.luma),
        length=clock_time(length),
        size=_bytes(record.output.content.size_bytes),
        run=_run(record),
        most_damage=_MOST_DAMAGE,
        most_segments=_MOST_SEGMENTS,
        plots=plots_of(values),
        cuts=cuts_path(record),
        box=(WIDTH, HEIGHT),
        ticks=time_ticks(float(length)),
        articles=articles[:count],
        others=len(articles) - count,
        shots_link=quote(f"{stem}.shots.{suffix}"),
        settings=yaml.safe_dump(record.settings, sort_keys=True, allow_unicode=True),
    )
    if count == len(order):
        return ReportPage(text=main, shots=None)
    others = environment.get_template("report_shots.html").render(
        **common,
        articles=articles[count:],
        shots=order,
        page_link=quote(name),
    )
    return ReportPage(text=main, shots=others)


@cache
def _environment() -> Environment:
    made = Environment(
        autoescape=True,
        finalize=text,
        loader=FunctionLoader(_file),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "base64": lambda data: b64encode(data).decode(),
        "clock": _clock,
        "concerns": concern_lines,
        "figures": figures_of,
        "guidance": guidance_lines,
        "guidance_pictures": guidance_pictures,
        "lines": lines,
        "thousands": "{:,}".format,
        "treatment": treatment_line,
    }
    return made


def _fitting(articles: Iterable[str]) -> int:
    """How many of the shots, in this order, are shown on the first page: one at least."""
    room, count = _MOST_ARTICLE_BYTES, 0
    for article in articles:
        room -= len(article.encode())
        if room < 0 and count:
            break
        count += 1
    return count


@pass_context
def _clock(context: Context, pts: int | None) -> str:
    return "" if pts is None else clock_time(pts * Fraction(context["record"].time_base))


def report_css() -> str:
    """The style of all pages."""
    return _file("report.css")


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _run(record: FilmRecord) -> str:
    seconds = max(record.seconds, 1e-9)
    return f"{seconds:,.1f} s, {record.frames / seconds:.1f} frames/s, {record.machine.device}"


def _bytes(count: int) -> str:
    size, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.4g} {unit}"
