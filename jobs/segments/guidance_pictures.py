"""Looks at the pictures that a job's guidance names before its film or still is read, not when they are needed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.settings.guidance_file import guidance_sections
from jobs.settings.layers import Fault, Loc, refuse
from pipeline.errors import KinochromeError
from pipeline.guidance.hints.overlay import read_overlay
from pipeline.guidance.hints.references import check_shape
from pipeline.guidance.reference_file import read_colors
from pipeline.guidance.settings import Overlay, Reference
from pipeline.media import FilmInfo

if TYPE_CHECKING:
    from jobs.settings.job import Job

_GRID = 64, 64
"""Rows and columns on which the paint of an overlay is looked for here."""


def check_guidance_pictures(job: "Job", film: FilmInfo | None) -> None:
    """Reads every picture that guidance names. Without a film, for stills of any shape, these are the references.

    Raises SettingsError with a line for each that cannot be read, for stills without colour, and for stills of a given
    frame and overlays that have not the shape of the film's frames.
    """
    looks: list[tuple[Loc, Callable[[], object]]] = []
    for loc, guidance, _ in guidance_sections(job, 1):
        for index, reference in enumerate(guidance.references):
            looks.append(((*loc, "references", index, "file"), partial(_look_at_reference, reference, film)))
        if film is None:
            continue
        for index, overlay in enumerate(guidance.overlays):
            looks.append(((*loc, "overlays", index, "file"), partial(_look_at_overlay, overlay, film)))
    faults: list[Fault] = []
    for loc, look in looks:
        try:
            look()
        except KinochromeError as error:
            faults.append(Fault(job.origin(loc), ".".join(map(str, loc)), str(error)))
    refuse(faults)


def _look_at_reference(reference: Reference, film: FilmInfo | None) -> None:
    path = Path(reference.file)
    still = read_colors(path)
    if film is not None and reference.frame is not None:
        aspect = float(film.sample_aspect)
        check_shape(still, (film.width, film.height), sample_aspect=aspect, name=str(path))


def _look_at_overlay(overlay: Overlay, film: FilmInfo) -> None:
    read_overlay(Path(overlay.file), frame_size=(film.width, film.height), shape=_GRID)
