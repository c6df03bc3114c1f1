"""What a film's pictures carry or say that the finished film does not: lines for the record and the user."""

from dataclasses import dataclass, replace

import av

from jobs.settings.job import Job
from pipeline.fields import CODES_EACH_FRAME, FieldCount, order_of
from pipeline.media import FilmInfo
from pipeline.output.mux import MuxReport
from pipeline.plan.plan import Plan


@dataclass(frozen=True, kw_only=True)
class SourceNotes:
    """One line each."""

    converted: tuple[str, ...]
    """What is said otherwise, or is part of the samples now."""
    lost: tuple[str, ...]
    """What pictures that are coded anew do not carry."""

    def added_to(self, report: MuxReport) -> MuxReport:
        """The report with these lines at the end."""
        return replace(report, converted=report.converted + self.converted, lost=report.lost + self.lost)


def source_notes(job: Job, film: FilmInfo, plan: Plan) -> SourceNotes:
    """What becomes of the pictures of a planned film beside their samples; `film` has the fields that were counted."""
    converted, lost = list[str](), list[str]()
    if film.has_film_grain:
        converted.append(
            f"film grain, a recipe in the {film.video.codec} stream, becomes part of the pictures"
        )
    if any(part.is_alpha for part in av.VideoFormat(film.pixel_format.name).components):
        lost.append("the transparency of the picture")
    if plan.tags is not None:
        converted += plan.tags.lines(plan.time_base)
        lost += [f"the {what}" for what in plan.tags.left_out]
    if plan.fields is not None and job.encode.codec not in CODES_EACH_FRAME:
        converted += _one_order(film, plan.fields, job.encode.codec)
    return SourceNotes(converted=tuple(converted), lost=tuple(lost))


def _one_order(film: FilmInfo, count: FieldCount, codec: str) -> list[str]:
    """A line where frames differ in their fields, which the codec says once of all of them."""
    kinds = {
        "progressive": count.progressive,
        "top field first": count.top,
        "bottom field first": count.bottom,
    }
    there = [f"{frames} {kind}" for kind, frames in kinds.items() if frames]
    order = {"progressive": "progressive", "top": "top field first", "bottom": "bottom field first"}
    if len(there) < 2:
        return []
    return [
        f"the fields of its frames differ ({', '.join(there)}): {codec} codes all as {order[order_of(film)]}"
    ]
