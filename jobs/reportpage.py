"""The report of a film as one HTML page that needs nothing else: pictures inside, no script, no link.

It is made of the record and the strips alone, so that it can be made again from a kept work folder.
"""

from base64 import b64encode
from collections.abc import Sequence
from fractions import Fraction
from importlib.resources import files

from jobs.htmltext import Html, facts, join, table, tag
from jobs.premis import luma_line
from jobs.record import FilmRecord, ShotRecord
from jobs.recordpaths import GENERATOR
from jobs.reportdamage import damage_section
from jobs.reportprovenance import provenance_section, segments_section
from jobs.reporttreatment import treatment_line
from jobs.shotfigures import worst_first
from jobs.strips import Strip
from jobs.timecode import clock_time

_MOST_PICTURED = 500
"""Shots with pictures; the rest of a longer film, the least conspicuous, is a table."""
_KINDS = {"tinted": " · the source has a tint", "colour": " · the source is in colour"}
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_FIGURES = (
    (
        "Attention",
        "flicker / 0.5 + CDC above grey / 0.002 + gamut edge / 25 %: each term is 1 where it begins to show",
    ),
    (
        "Flicker",
        "mean absolute change of Cb and Cr from one frame to the next, in steps of 8 bits, where luma changes by "
        "less than 4 steps: where the picture stands still, its colour should",
    ),
    (
        "CDC × 1000",
        "colour distribution consistency (Liu et al. 2021) over 1, 2 and 4 frames; lower is steadier. That of the "
        "grey picture is the floor which the film's own light and motion set",
    ),
    (
        "Colourfulness",
        "Hasler & Süsstrunk (2003), mean of the frames: 0 grey, 15 slightly, 45 quite, 80 highly",
    ),
    (
        "Gamut edge",
        "share of pixels with colour that lie at the edge of R'G'B' or beyond: there chroma was lowered",
    ),
)


def report_page(record: FilmRecord, strips: Sequence[Strip]) -> str:
    """The page. `strips` are those of every shot, in order."""
    title = f"{record.output.name}: report"
    css = (files("jobs") / "report.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=GENERATOR),
        tag("meta", name="color-scheme", content="light dark"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        tag("title", title),
        tag("style", Html(css)),
    )
    body = tag(
        "main",
        _header(record),
        _messages(record),
        damage_section(record),
        _shots(record, strips),
        segments_section(record),
        provenance_section(record),
    )
    return f'<!doctype html>\n<html lang="en">\n{head}\n<body>\n{body}\n</body>\n</html>\n'


def _header(record: FilmRecord) -> Html:
    picture, seconds = record.picture, max(record.seconds, 1e-9)
    length = clock_time(_length(record))
    form = f"{picture.width}×{picture.height} {picture.codec} {picture.pixel_format}"
    verdict = {True: "good", False: "plain", None: "plain"}[record.luma.equal]
    return tag(
        "header",
        tag("p", "Kinochrome report", class_="kicker"),
        tag("h1", record.output.name),
        tag("p", record.notice, class_="notice"),
        tag("p", luma_line(record.luma), class_=f"verdict {verdict}"),
        facts(
            (
                ("Length", f"{length}, {record.frames:,} frames"),
                ("Picture", form),
                ("Size", _bytes(record.output.content.size_bytes)),
                ("Shots", f"{len(record.shots):,} in {len(record.segments):,} segments"),
                ("Preset", record.settings.get("preset", "")),
                ("Finished", record.ended.replace("T", " ").replace("Z", " UTC")),
                ("Run", f"{seconds:,.1f} s, {record.frames / seconds:.1f} frames/s, {record.machine.device}"),
            ),
            class_="tiles",
        ),
    )


def _messages(record: FilmRecord) -> Html:
    groups = (
        ("Left out", record.lost, "warning"),
        ("Warnings", record.warnings, "warning"),
        ("Changed", record.converted, "note"),
        ("Came along unchanged", record.kept, "note"),
        ("Notes", record.notes, "note"),
    )
    return join(
        tag("section", tag("h2", title), tag("ul", *(tag("li", line) for line in found)), class_=kind)
        for title, found, kind in groups
        if found
    )


def _shots(record: FilmRecord, strips: Sequence[Strip]) -> Html:
    order = [record.shots[index] for index in worst_first([shot.figures for shot in record.shots])]
    order.sort(key=_is_own)  # nothing can be done about colours that are the source's own
    pictured, rest = order[:_MOST_PICTURED], order[_MOST_PICTURED:]
    parts = [
        tag("h2", "Shots, worst first"),
        tag(
            "p",
            "Each with its first, middle and last frame, as the film has it and in colour. Below: what figures mean.",
        ),
        *(_shot(record, shot, strips[shot.index]) for shot in pictured),
    ]
    if rest:
        head = ("shot", "begins", "frames", *(name for name, _ in _figures(rest[0])), "treatment")
        rows = [
            (
                shot.index,
                shot.start_timecode,
                shot.end - shot.start,
                *(value for _, value in _figures(shot)),
                treatment_line(shot.treatment),
            )
            for shot in rest
        ]
        parts += [tag("h2", "The other shots"), table(head, rows)]
    parts += [tag("h2", "What the figures mean"), facts(_FIGURES)]
    return tag("section", *parts, class_="shots")


def _shot(record: FilmRecord, shot: ShotRecord, strip: Strip) -> Html:
    count = shot.end - shot.start
    numbers = ", ".join(f"{number:,}" for number in strip.frames)
    images = [
        tag(
            "img",
            alt=f"Shot {shot.index} {what}: frames {numbers}",
            width=strip.width,
            height=strip.height,
            src=f"data:image/jpeg;base64,{b64encode(data).decode()}",
        )
        for what, data in (("in grey", strip.grey), ("in colour", strip.color))
    ]
    told = f"{shot.start_timecode} · frame{'s' if count > 1 else ''} {shot.start:,}"
    told += f" to {shot.end - 1:,} ({count:,})" if count > 1 else ""
    told += _KINDS.get(shot.kind or "", "")
    title = tag("h3", f"Shot {shot.index}", tag("span", told))
    own = treatment_line(shot.treatment)
    shown = tag("div", tag("div", *images, class_="strips"), facts(_figures(shot)), class_="shot")
    return tag("article", title, tag("p", own, class_="own") if own else "", shown, id=f"shot-{shot.index}")


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
