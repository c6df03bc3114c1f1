"""What a film's pictures carry or say that the finished film does not: lines for the record and the user."""

from dataclasses import dataclass, replace

import av

from jobs.settings.job import Job
from pipeline.fields import CODES_EACH_FRAME, FieldCount, order_of
from pipeline.media import FilmInfo
from pipeline.output.mux import MuxReport
from pipeline.plan.plan import Plan
from pipeline.render.encoder import coded_size
from pipeline.render.output_picture import OutputPicture


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


def source_notes(job: Job, film: FilmInfo, plan: Plan, picture: OutputPicture) -> SourceNotes:
    """What becomes of the pictures of a planned film that are rendered as `picture`, and of what they say.

    `film` has the fields that were counted.
    """
    converted, lost = _coded_otherwise(job, film, picture), list[str]()
    if film.has_film_grain:
        converted.append(
            f"film grain, a recipe in the {film.video.codec} stream, becomes part of the pictures"
        )
    if film.has_odd_edits:
        converted.append(
            "its edit list has a pause or another speed, which is not applied: QuickTime shows it otherwise"
        )
    if _is_transparent(film):
        lost.append("the transparency of the picture")
    if film.video.codec == "dvvideo":
        lost.append("what DV notes in every frame: when it was recorded, and how the camera was set")
    if plan.tags is not None:
        converted += plan.tags.lines(plan.time_base)
        lost += [f"the {what}" for what in plan.tags.left_out]
    converted += _believed_fields(film, plan)
    if plan.fields is not None and job.encode.codec not in CODES_EACH_FRAME:
        converted += _one_order(film, plan.fields, job.encode.codec)
    return SourceNotes(converted=tuple(converted), lost=tuple(lost))


def _is_transparent(film: FilmInfo) -> bool:
    """VP8 and VP9 have it beside their pictures, of which FFmpeg's own decoders know nothing."""
    parts = av.VideoFormat(film.pixel_format.name).components
    return film.video.tag("alpha_mode") == "1" or any(part.is_alpha for part in parts)


def _coded_otherwise(job: Job, film: FilmInfo, picture: OutputPicture) -> list[str]:
    """Lines where the finished film has pictures of another size, depth or range."""
    found = []
    coded = (picture.width, picture.height)
    if not job.target.is_numbered:
        coded = coded_size(film, job.encode, width=picture.width, height=picture.height)
    if coded != (picture.width, picture.height):
        sizes = f"{picture.width}x{picture.height} pictures become {coded[0]}x{coded[1]}"
        found.append(
            f"its {sizes}: {job.encode.codec} codes whole pairs, the last column or line is repeated"
        )
    depths = film.pixel_format.depth, picture.pixel_format.depth
    if depths[1] < depths[0]:
        found.append(
            f"its samples of {depths[0]} bits become samples of {depths[1]}, each to the nearest step"
        )
    if (film.color.range, picture.color.range) == ("full", "limited"):
        found.append("its full range becomes limited range, each sample to the nearest step")
    return found


def _believed_fields(film: FilmInfo, plan: Plan) -> list[str]:
    """A line where the header calls all pictures interlaced that call themselves progressive."""
    header_order = order_of(replace(film, field_order=film.field_order_from_header))
    if (
        plan.fields is None
        or film.is_deinterlaced
        or header_order == "progressive"
        or order_of(film) != "progressive"
    ):
        return []
    return [
        f"its header says interlaced, {header_order} field first; its pictures say progressive, and are believed"
    ]


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
