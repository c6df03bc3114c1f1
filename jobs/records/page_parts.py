"""Says in one line for the report page how a shot's colour was treated."""

from jobs.records.film_record import TreatmentRecord

_SOURCES = {"grey": "stays black-and-white", "original": "keeps the source's own colour"}


def treatment_line(treatment: TreatmentRecord | None) -> str:
    """`saturation 0.5, … (by shots.3-7.saturation)`; empty for a shot that was coloured like the film."""
    if treatment is None:
        return ""
    parts = []
    if treatment.source != "predicted":
        parts.append(_SOURCES[treatment.source])
    elif treatment.keys:
        parts.append(f"saturation {treatment.saturation:g}")
        if treatment.hue_degrees:
            parts.append(f"hue turned by {treatment.hue_degrees:+g}°")
        if treatment.weights is not None:
            parts.append(f"weights {treatment.weights.name}, {treatment.weights.licence}")
    if not parts:
        return ""
    line = ", ".join(parts)
    return f"{line} (by {', '.join(treatment.keys)})" if treatment.keys else line
