"""The shots of a project's film: where they are, what was said of them, and how much they want to be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jobs.projects.project import Project
from jobs.projects.renderings import ready_plan
from jobs.projects.review import OPINIONS, Review
from jobs.records.film_record import FilmRecord, read_record
from jobs.review.shot_figures import ShotFigures
from jobs.settings.output_paths import record_path
from pipeline.errors import KinochromeError
from pipeline.media import Shot


@dataclass(frozen=True, kw_only=True)
class ShotRow:
    """One shot."""

    shot: Shot
    start_seconds: float
    """From the first frame of the film."""
    seconds: float
    timecode: str
    treatment: str
    """predicted, grey or original."""
    figures: ShotFigures | None
    """Of the moving preview; None before there is one."""
    approved: bool
    redo: bool
    comment: str
    marks: int
    is_guided: bool
    is_stale: bool
    """Whether its colours have changed since the preview."""


def shot_rows(
    project: Project, review: Review, *, colored: dict[int | None, int], preview_revision: int | None
) -> list[ShotRow]:
    """The shots in the order of the film; `colored` has the revision of each shot's last change of colour.

    Raises NotReadyError before the film is planned.
    """
    plan = ready_plan(project)
    record = preview_record(project)
    figures = [shot.figures for shot in record.shots] if record else []
    sources = (
        [shot.treatment.source if shot.treatment else "predicted" for shot in record.shots] if record else []
    )
    if len(figures) != len(plan.shots):  # of an older plan
        figures, sources = [], []
    pts, base = plan.timeline.pts, plan.time_base
    first, count = int(pts[0]), len(pts)
    end = int(pts[-1]) + (int(pts[-1]) - first) // max(count - 1, 1)
    rows = []
    for shot in plan.shots:
        given = review.shots.get(shot.index, {})
        begin, stop = int(pts[shot.start]), int(pts[shot.end]) if shot.end < count else end
        start_seconds = float((begin - first) * base)
        changed = max(colored.get(shot.index, 0), colored.get(None, 0))
        rows.append(
            ShotRow(
                shot=shot,
                start_seconds=round(start_seconds, 4),
                seconds=round(float((stop - begin) * base), 4),
                timecode=_clock(start_seconds),
                treatment=_treatment(shot, given, sources),
                figures=figures[shot.index] if figures else None,
                approved=bool(given.get("approved")),
                redo=bool(given.get("redo")),
                comment=given.get("comment", ""),
                marks=len(given.get("marks", {})),
                is_guided=bool(given.keys() - OPINIONS),
                is_stale=preview_revision is not None and changed > preview_revision,
            )
        )
    return rows


def preview_record(project: Project) -> FilmRecord | None:
    """What is on record of the moving preview; None before there is one."""
    path = record_path(project.preview)
    try:
        stat = path.stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, KinochromeError):
        return None


@lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int, size: int) -> FilmRecord:
    return read_record(path)


def _treatment(shot: Shot, given: dict[str, object], sources: Sequence[str]) -> str:
    if given.get("skip"):
        return "grey"
    if given.get("keep_original"):
        return "original"
    if sources:
        return sources[shot.index]
    return {"colour": "original", "card": "grey", "tinted card": "grey"}.get(shot.kind, "predicted")


def _clock(seconds: float) -> str:
    """HH:MM:SS.mmm, for people."""
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
