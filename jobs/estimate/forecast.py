"""Estimates a long run at its beginning, and compares the estimate with the real time at its end."""

import logging
import time
from collections.abc import Sequence

from jobs.estimate.measure import estimate_film, sample_frames
from jobs.estimate.price import duration, size
from jobs.progress.reporters import Progress
from jobs.segments.task import close_tools
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.status import survey
from jobs.workers.devices import Seat
from models.errors import ModelError
from pipeline.atomic_files import free_bytes
from pipeline.errors import KinochromeError

_log = logging.getLogger(__name__)
_LEAST_RATIO = 60
"""A run is priced where it does so many times the frames of the sample, so that measuring takes little of its time."""


def expect(
    spec: FilmSpec,
    *,
    seats: Sequence[Seat],
    started: float,
    progress: Progress,
    least_ratio: float = _LEAST_RATIO,
) -> float | None:
    """Seconds that a run will take from `started` on, by the monotonic clock; None where it is too short to be priced.

    Warns where the disk is too small. Returns None, with a debug log line, if the sample cannot be measured.
    """
    film = spec.film
    left = [found.segment for found in survey(spec, hashed=False) if not found.is_done]
    frames = sum(segment.end - segment.start for segment in left)
    if not seats or frames < least_ratio * sample_frames(film.info):
        return None
    progress.stage("measure", 0, 1)
    try:
        estimate = estimate_film(spec.job, film.info, plan=film.plan, segments=left, workers=len(seats))
    except (KinochromeError, ModelError) as error:
        _log.debug("not priced: %s", error)
        return None
    finally:
        close_tools()
        progress.stage("measure", 1, 1)
    assert estimate.seconds is not None
    assert estimate.scratch_bytes is not None
    assert estimate.output_bytes is not None
    progress.note(f"estimate: {duration(estimate.seconds)} for {frames:,} frames from here")
    for place, needed in (
        (film.work.path, estimate.scratch_bytes),
        (spec.job.output, estimate.output_bytes),
    ):
        free = free_bytes(place)
        if free < needed:
            message = f"{place.parent} has {size(free)} left, this film needs about {size(needed)} there"
            progress.note(f"{message}; what is finished before the disk is full is kept", warning=True)
    return time.monotonic() - started + estimate.seconds


def error_line(expected_seconds: float, seconds: float) -> str:
    """How near an estimate came, in one line."""
    error = 100 * (expected_seconds / seconds - 1) if seconds > 0 else 0.0
    return f"estimated {duration(expected_seconds)}, took {duration(seconds)}: {error:+.0f} %"
