"""jobs.records.page_parts.

What became of a shot's colour, in a line for the report page.
"""

from jobs.records.film_record import TreatmentRecord

_SOURCES = {"grey": "stays black-and-white", "original": "keeps the source's own colour"}


def treatment_line(treatment: TreatmentRecord | None) -> str:
    """`By shots.3-7.saturation: saturation 0.5, …`; empty for a shot that was coloured like the film."""
    if treatment is None:
        return ""
    told = []
    if treatment.source != "predicted":
        told.append(_SOURCES[treatment.source])
    elif treatment.keys:
        told.append(f"saturation {treatment.saturation:g}")
        if treatment.hue_degrees:
            told.append(f"hue turned by {treatment.hue_degrees:+g}°")
        if treatment.weights is not None:
            told.append(f"weights {treatment.weights.name}, {treatment.weights.licence}")
    if not told:
        return ""
    line = ", ".join(told)
    return f"{line} (by {', '.join(treatment.keys)})" if treatment.keys else line
