"""The damage of a film's source on its report page."""

from fractions import Fraction

from jobs.htmltext import Html, table, tag
from jobs.record import FilmRecord
from jobs.timecode import clock_time

_MOST_SHOWN = 1000


def damage_section(record: FilmRecord) -> Html:
    """Every damaged place with its time; empty for a film without damage."""
    if not record.damage:
        return Html("")
    base = Fraction(record.time_base)
    rows = [
        (
            "" if damage.pts is None else damage.pts,
            "" if damage.pts is None else clock_time(damage.pts * base),
            damage.fault,
            damage.told,
        )
        for damage in record.damage[:_MOST_SHOWN]
    ]
    more = len(record.damage) - len(rows)
    return tag(
        "section",
        tag("h2", f"Damage of the source: {len(record.damage):,}"),
        table(("pts", "time", "fault", "what was found"), rows),
        tag("p", f"{more:,} more are in the report beside this page.") if more > 0 else "",
        class_="warning",
    )
