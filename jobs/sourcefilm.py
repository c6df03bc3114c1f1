"""The film that a job is about, as the job's settings have it read: the one way in which jobs open their input."""

from jobs.settings.job import Job
from pipeline.fields import take_fields
from pipeline.media import FilmInfo
from pipeline.source.open_film import probe_film_or_stills
from pipeline.still_pattern import parse_rate


def probe_source(job: Job) -> FilmInfo:
    """The job's film. Raises SourceError for what is no film, or one that the settings refuse."""
    rate = None if job.rate is None else parse_rate(job.rate)
    film = probe_film_or_stills(job.input, rate=rate, sound=job.sound, limits=job.limits)
    return take_fields(film, job.interlaced)
