"""Says for the report page how a shot's colour was treated, and which colours were given."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from jobs.records.film_record import GuidanceRecord, PictureFileRecord, TreatmentRecord

_MOST_MARKS = 20
"""Of a shot, told one by one; all are in the record."""
_MOST_BYTES = 64_000_000
"""Of a picture that gets a small copy."""
_THUMBNAIL_LINES = 72
_SOURCES = {
    "grey": "stays black-and-white",
    "original": "keeps the source's own colour",
    "recoloured": "the source's own colour, changed by a look",
}


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


def guidance_lines(guidance: GuidanceRecord) -> Iterator[str]:
    """What was given for a shot, a line for each."""
    yield from guidance.marks[:_MOST_MARKS]
    if len(guidance.marks) > _MOST_MARKS:
        yield f"and {len(guidance.marks) - _MOST_MARKS} more marks"
    yield from (f"painted over frame {part.frame}: {part.file}" for part in guidance.overlays)
    for part in guidance.references:
        place = "" if part.frame is None else f" of frame {part.frame}"
        yield f"reference still{place}: {part.file}"
    if guidance.fit is not None:
        poor = "; this shot needs another reference" if guidance.needs_reference else ""
        yield f"its frames were found in the stills with a sureness of {guidance.fit:.2f} (0 to 1){poor}"
    for what, given in (("", guidance.words), ("region ", guidance.regions)):
        yield from (f"{what}{name}: a {a:.0f}, b {b:.0f}" for name, (a, b) in given.items())
    if guidance.take:
        yield f"take {guidance.take}, seed {guidance.seed}"
    if guidance.look is not None:
        yield f"look {guidance.look}, strength {guidance.look_strength:g}"


def guidance_pictures(guidance: GuidanceRecord) -> Iterator[tuple[str, bytes]]:
    """The name and a small JPEG of each picture that guided, as far as its file is still what it was."""
    for part in (*guidance.overlays, *guidance.references):
        small = _thumbnail(part)
        if small is not None:
            yield Path(part.file).name, small


def _thumbnail(part: PictureFileRecord) -> bytes | None:
    path = Path(part.file)
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    if sha256(data).hexdigest() != part.sha256:
        return None
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    width = max(1, round(picture.shape[1] * _THUMBNAIL_LINES / picture.shape[0]))
    small = cv2.resize(picture, (width, _THUMBNAIL_LINES), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small)[1].tobytes()
