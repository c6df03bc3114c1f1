"""The figures of a film as CSV and JSON inside the page, to be saved by a click."""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from jobs.records.film_record import FilmRecord
from jobs.records.shot_words import concerns_of
from jobs.review.concerns import attention
from jobs.review.course import FrameFigures

Shown = npt.NDArray[np.float32]
Columns = Mapping[str, Sequence[object]]


def shot_columns(record: FilmRecord) -> Columns:
    """The figures of the shots, column by column, in the order of the film."""
    shots = record.shots
    found = [concerns_of(shot) for shot in shots]
    names = ("cdc", "cdc_grey", "flicker", "colorfulness", "gamut_share", "unevenness", "drift")
    return {
        "shot": [shot.index for shot in shots],
        "start": [shot.start for shot in shots],
        "end": [shot.end for shot in shots],
        "start_seconds": [shot.start_seconds for shot in shots],
        "timecode": [shot.start_timecode for shot in shots],
        "attention": [round(attention(one), 3) for one in found],
        **{name: [getattr(shot.figures, name) for shot in shots] for name in names},
        "concern": [one[0].text if one else "" for one in found],
    }


def as_csv(columns: Columns) -> str:
    """Columns as CSV with a head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def as_json(record: FilmRecord, course: Shown, *, seconds: Sequence[float]) -> str:
    """Columns of the shots, and of the course of the film."""
    parts = {
        name: [round(float(row[at]), 4) for row in course] for at, name in enumerate(FrameFigures._fields)
    }
    return json.dumps(
        {
            "film": record.output.name,
            "shots": shot_columns(record),
            "course": {"seconds": [round(second, 3) for second in seconds], **parts},
        },
        separators=(",", ":"),
    )


def data_link(kind: str, text: str) -> str:
    """A link that holds a text."""
    return f"data:{kind};base64,{b64encode(text.encode()).decode()}"
